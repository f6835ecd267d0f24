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
