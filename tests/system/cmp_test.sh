# SPDX-License-Identifier: Apache-2.0
# `openssl cmp` enrols with the keys of a card in files, and is refused where it must be.
source "$(dirname "$0")/sandbox.sh"
eval "$(mitome sandbox env)"
expect "a card in files" 0 mitome card new --resident 1 --keys keys
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out new.key 2>/dev/null
openssl genpkey -algorithm EC -pkeyopt group:P-256 -out ec.key 2>/dev/null
cmp() { # credentials folder, then further options
    local from=$1
    shift
    openssl cmp -config '' -server "${url#http://}" -path "$path" -cert "$from/sign.pem" -key "$from/sign.key" \
        -trusted "$MITOME_CA_BUNDLE" -subject "/C=JP/CN=anyone" -no_proxy 127.0.0.1 "$@"
}
at() { url=http://$(cut -d/ -f3 <<<"$1") path=/$(cut -d/ -f4- <<<"$1"); }

at "$MITOME_CMP_FILE_URL"
for command in ir cr; do
    expect "$command with certConf" 0 cmp keys -cmd $command -newkey new.key -certout $command.pem
    expect "$command: the certificate verifies" 0 openssl verify -CAfile "$MITOME_CA_BUNDLE" $command.pem
    same "$command: it is our key's" "$(openssl x509 -in $command.pem -noout -pubkey)" "$(openssl pkey -in new.key -pubout)"
done
expect "trusting the services' CA alone" 0 openssl cmp -config '' -server "${url#http://}" -path "$path" -cmd ir -cert keys/sign.pem -key keys/sign.key \
    -trusted "$MITOME_TLS_CA" -subject /CN=x -newkey new.key -certout tls.pem -no_proxy 127.0.0.1
expect "its status is good" 0 openssl ocsp -issuer "$MITOME_CA_PHONE_SIGN" -cert ir.pem -url "$MITOME_OCSP_URL" -CAfile "$MITOME_CA_PHONE_SIGN"
holds "good" "$out" "ir.pem: good"
expect "it is no phone" 0 mitome phone show --json

# Nobody gets a certificate without confirming it, whatever the request says of implicit confirmation.
known() { # serial of phone-sign: its state in the ledger
    curl -fsS --cacert "$MITOME_TLS_CA" --cert "$MITOME_HOME/tls/operator.pem" --key "$MITOME_HOME/tls/operator.key" \
        "https://127.0.0.1:$(jq .ports.authority "$MITOME_HOME/sandbox.json")/certificates?ca=phone-sign&serial=$1"
}
serial_in() { openssl x509 -in "$1" -noout -serial | cut -d= -f2; }
expect "implicit confirmation is asked for" 0 cmp keys -cmd ir -newkey new.key -certout implicit.pem -implicit_confirm \
    -reqout ir.req,certconf.req -rspout ir.rsp,pkiconf.rsp
implicit='implicitConfirm|1\.3\.6\.1\.5\.5\.7\.4\.13'
holds "the request asks for it" "$(openssl asn1parse -inform DER -in ir.req)" "$implicit"
answer=$(openssl asn1parse -inform DER -in ir.rsp)
holds "the answer is one" "$answer" "SEQUENCE"
lacks "the answer grants it" "$answer" "$implicit"
[[ -s certconf.req && -s pkiconf.rsp ]] || fail "certConf was not exchanged"
same "it is active once confirmed" "$(known "$(serial_in implicit.pem)" | field .state)" issued

# A client that goes away before certConf: registration with a short patience gives the certificate up.
usual=$(mitome sandbox status --json | jq -r '.processes[] | select(.name == "registration") | .pid')
kill "$usual"
timeout 60 tail --pid="$usual" -f /dev/null
sed 's/^confirm_wait_seconds = .*/confirm_wait_seconds = 2/' "$MITOME_HOME/config/registration.toml" >hasty.toml
SOFTHSM2_CONF=$MITOME_HOME/hsm/softhsm2.conf "$1/mitome-registration" --config "$PWD/hasty.toml" 2>hasty.log &
hasty=$!
for _ in $(seq 600); do grep -q 'peers answered' hasty.log && break; sleep 0.1; done
holds "it runs" "$(cat hasty.log)" 'peers answered'
for extra in "" -implicit_confirm; do
    # shellcheck disable=SC2086
    expect "no certConf $extra" 0 cmp keys -cmd ir -newkey new.key -certout left.pem -disable_confirm $extra
    serial=$(serial_in left.pem)
    for _ in $(seq 100); do [[ $(known "$serial" | field .state) == revoked ]] && break; sleep 0.2; done
    expect "its state $extra" 0 known "$serial"
    same "nobody has it $extra" "$(field '.state + " " + .reason' <out.txt)" "revoked cessationOfOperation"
    expect "asked by OCSP $extra" 0 openssl ocsp -issuer "$MITOME_CA_PHONE_SIGN" -cert left.pem -url "$MITOME_OCSP_URL" -CAfile "$MITOME_CA_PHONE_SIGN"
    holds "revoked $extra" "$out" "left.pem: revoked"
done
expect "the confirmed one stays" 0 known "$(serial_in implicit.pem)"
same "active" "$(field .state <out.txt)" issued
kill "$hasty"
wait "$hasty" 2>/dev/null
expect "registration as before" 0 mitome sandbox up --json

refused() { # name, failInfo pattern, cmp arguments
    local name=$1 why=$2
    shift 2
    expect "$name is refused" 1 cmp "$@"
    holds "$name: $why" "$out$err" "$why"
}
openssl req -x509 -newkey rsa:2048 -nodes -keyout foreign.key -out foreign.pem -subj /CN=foreign -days 2 2>/dev/null
mkdir -p foreign expired revoked
cp foreign.pem foreign/sign.pem && cp foreign.key foreign/sign.key
refused "a foreign certificate" signerNotTrusted foreign -cmd ir -newkey new.key -certout x.pem
expect "another card" 0 mitome card new --resident 1 --keys revoked
expect "is revoked" 0 mitome authority revoke --certificate revoked/sign.pem --reason keyCompromise
refused "a revoked one" certRevoked revoked -cmd ir -newkey new.key -certout x.pem
refused "no proof of possession" "badPOP" keys -cmd ir -newkey new.key -certout x.pem -popo -1
at "$MITOME_CMP_URL"
refused "a request without attestation" badCertTemplate keys -cmd ir -newkey new.key -certout x.pem
end
