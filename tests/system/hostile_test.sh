# SPDX-License-Identifier: Apache-2.0
# Bad input to every open door: nothing crashes, nothing moves, and the next honest request is served.
source "$(dirname "$0")/sandbox.sh"
eval "$(mitome sandbox env)"
pids_before=$(mitome sandbox status --json | jq -r '[.processes[] | "\(.name) \(.pid)"] | join(",")')
tries_before=$(mitome card pin status --json)
random() { head -c "$1" /dev/urandom; }
urls=("$MITOME_CMP_URL" "$MITOME_CMP_FILE_URL" "$MITOME_OCSP_URL" "$MITOME_CRL_URL/card-sign.crl")
types=(application/pkixcmp application/pkixcmp application/ocsp-request text/plain)
for i in 0 1 2 3; do
    for size in 0 1 7 100 5000 70000 400000; do
        code=$(random $size | curl -s -m 20 -o /dev/null -w '%{http_code}' --data-binary @- -H "Content-Type: ${types[i]}" "${urls[i]}")
        holds "${urls[i]##*/} with $size random octets answers" "$code" "^[2345][0-9][0-9]$"
    done
    for method in PUT DELETE PATCH OPTIONS; do
        code=$(curl -s -m 20 -o /dev/null -w '%{http_code}' -X $method "${urls[i]}")
        holds "$method is refused" "$code" "^4[0-9][0-9]$"
    done
    code=$(curl -s -m 20 -o /dev/null -w '%{http_code}' --path-as-is "${urls[i]%/*}/../../../etc/passwd")
    holds "no way out of the tree" "$code" "^4[0-9][0-9]$"
done
for url in "$MITOME_CMP_URL" "$MITOME_OCSP_URL"; do
    port=$(sed 's|.*:\([0-9]*\)/.*|\1|' <<<"$url")
    random 3000 | timeout 5 openssl s_client -connect "127.0.0.1:$port" >/dev/null 2>&1
    random 3000 >/dev/tcp/127.0.0.1/"$port" 2>/dev/null
    printf 'GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n' >/dev/tcp/127.0.0.1/"$port" 2>/dev/null
    printf 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFF\r\n' >/dev/tcp/127.0.0.1/"$port" 2>/dev/null
done
# The doors behind mutual TLS: nobody without a certificate of ours comes in.
for name in authority status maker registration; do
    port=$(jq -r ".ports.$name" "$MITOME_HOME/sandbox.json")
    code=$(curl -sk -m 10 -o /dev/null -w '%{http_code}' "https://127.0.0.1:$port/ready")
    same "$name refuses a nameless peer" "$code" 000
    random 4000 >/dev/tcp/127.0.0.1/"$port" 2>/dev/null
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout other.key -out other.pem -subj /CN=registration -days 2 2>/dev/null
    code=$(curl -sk -m 10 -o /dev/null -w '%{http_code}' --cert other.pem --key other.key "https://127.0.0.1:$port/ready")
    same "$name refuses a stranger's certificate" "$code" 000
done
as() { local role=$1; shift; curl -s -m 10 --cacert "$MITOME_TLS_CA" --cert "$MITOME_HOME/tls/$role.pem" --key "$MITOME_HOME/tls/$role.key" -o /dev/null -w '%{http_code}' "$@"; }
authority=https://127.0.0.1:$(jq -r .ports.authority "$MITOME_HOME/sandbox.json")
registration=https://127.0.0.1:$(jq -r .ports.registration "$MITOME_HOME/sandbox.json")
same "the desk may not issue" "$(as desk -X POST --data '{}' -H 'Content-Type: application/json' "$authority/issue")" 403
same "the operator may not issue" "$(as operator -X POST --data '{}' -H 'Content-Type: application/json' "$authority/issue")" 403
same "the desk may not revoke" "$(as desk -X POST --data '{}' -H 'Content-Type: application/json' "$authority/revoke")" 403
same "the operator may not order" "$(as operator -X POST --data '{}' -H 'Content-Type: application/json' "$registration/orders")" 403
for body in '' '{' '[]' '{"ca":1}' '{"ca":"card-sign","serial":"zz"}' "{\"ca\":\"$(random 3000 | base64 -w0)\"}"; do
    holds "bad JSON is the caller's fault" "$(as operator -X POST --data "$body" -H 'Content-Type: application/json' "$authority/revoke")" "^4"
done
# Through the reader: malformed commands.
if [[ -n ${PCSCLITE_CSOCK_NAME:-} ]]; then
    export PCSCLITE_CSOCK_NAME
    for apdu in 00 00A4 00A40400 0020008000 00200098FF 80E2000001 8050000008 FFFFFFFF 00B08A0000FFFF 84E2000008AAAAAAAAAAAAAAAA; do
        timeout 10 opensc-tool --reader "$MITOME_CARD_READER" -s $apdu >/dev/null 2>&1
    done
fi
same "no try was lost" "$(mitome card pin status --json)" "$tries_before"
same "every process is the same one" "$(mitome sandbox status --json | jq -r '[.processes[] | "\(.name) \(.pid)"] | join(",")')" "$pids_before"
expect "an honest request is served" 0 curl -fsS "$MITOME_CRL_URL/card-sign.crl" -o crl
! grep -rqE 'ABC123|"my_number"|1234567890' "$MITOME_HOME/log" || fail "a log holds a secret"
end
