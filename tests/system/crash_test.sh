# SPDX-License-Identifier: Apache-2.0
# kill -9 of each process between each pair of issuance steps: the next run ends with two
# certificates, and nothing is left that the ledger does not explain.
#   MITOME_CRASH_VICTIMS="cli authority …"  MITOME_CRASH_STATES="ordering …"  choose a part.
home=$3/home
source "$(dirname "$0")/sandbox.sh"
export MITOME_HOME=$home
states=${MITOME_CRASH_STATES:-recovering ordering making_keys setting_pins proving waiting_for_card unlocking requesting storing confirming done}
victims=${MITOME_CRASH_VICTIMS:-cli authority registration status maker phone card}
trap 'mitome sandbox down >/dev/null 2>&1' EXIT
expect "a sandbox of its own" 0 mitome sandbox up || end
eval "$(mitome sandbox env)"

pid_of() { mitome sandbox status --json | jq -r ".processes[] | select(.name == \"$1\") | .pid // empty"; }
stopped() { [[ $(awk '/^State/ { print $2 }' "/proc/$1/status" 2>/dev/null) == T ]]; }

issue_until() { # state: starts the command and returns when it stands still there, or has ended
    printf 'CRASH1\n' >password && printf '1357\n' >pin && printf 'ABC123\n' >card-password
    MITOME_STOP_AT=$1 setsid mitome phone issue --json --secret new.phone.authentication=fd:3 \
        --secret new.phone.signature=fd:4 --secret card.signature=fd:5 3<pin 4<password 5<card-password >issue.out 2>issue.err &
    job=$!
    for _ in $(seq 600); do
        stopped "$job" && return 0
        kill -0 "$job" 2>/dev/null || return 1
        sleep 0.02
    done
    return 1
}

number=0
for state in $states; do
    for victim in $victims; do
        number=$((number + 1))
        name="$victim killed before $state"
        expect "$name: a new phone" 0 mitome phone init --reset || continue
        issue_until "$state" || fail "$name: never got there: $(head -c 300 issue.err issue.out)"
        case $victim in
            cli) kill -9 "$job" ;;
            phone) kill -9 "$(pid_of phone-phone)" ;;
            *) kill -9 "$(pid_of "$victim")" ;;
        esac
        if [[ $victim != cli ]]; then
            expect "$name: up again" 0 mitome sandbox up
            kill -CONT "$job"
        fi
        timeout 60 tail --pid="$job" -f /dev/null || { fail "$name: the command hangs"; kill -9 "$job"; }
        wait "$job" 2>/dev/null
        [[ $victim != cli ]] || expect "$name: up" 0 mitome sandbox up
        status=0
        with new.phone.authentication 1357 new.phone.signature CRASH1 card.signature ABC123 -- \
            mitome phone issue --json >next.out 2>next.err || status=$?
        case $status in
            0) ;;
            5) same "$name: the next run says" "$(jq -r .error.code next.out)" already_issued ;;
            *) fail "$name: the next run ends with $status: $(head -c 400 next.out next.err)" ;;
        esac
        expect "$name: show" 0 mitome phone show --json
        same "$name: two certificates, active" "$(jq -r '[.certificates[].state] | join(",")' out.txt)" active,active
        expect "$name: the phone signs" 0 with phone.signature CRASH1 -- mitome phone sign pin --out pin.p7s
        expect "$name: openssl accepts" 0 openssl cms -verify -binary -inform DER -in pin.p7s -content pin -CAfile "$MITOME_CA_BUNDLE" -purpose any -out /dev/null
    done
done
# Every phone certificate of the ledger that is still good belongs to the one phone that is live.
expect "the ledger" 0 curl -fsS --cacert "$MITOME_TLS_CA" --cert "$MITOME_HOME/tls/operator.pem" --key "$MITOME_HOME/tls/operator.key" \
    "https://127.0.0.1:$(jq -r .ports.authority "$MITOME_HOME/sandbox.json")/ledger"
cp out.txt ledger.json
printf '%d crashes\n' "$number"
end
