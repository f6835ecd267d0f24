# SPDX-License-Identifier: Apache-2.0
# OCSP, CRLs and certificates, judged by OpenSSL and GnuTLS.
source "$(dirname "$0")/sandbox.sh"
eval "$(mitome sandbox env)"
expect "a card" 0 mitome card new --resident 2 --keys keys --json
ocsp() { openssl ocsp -issuer "$MITOME_CA_CARD_AUTH" -url "$MITOME_OCSP_URL" -CAfile "$MITOME_CA_CARD_AUTH" "$@"; }
expect "good" 0 ocsp -cert keys/auth.pem
holds "good" "$out" "auth.pem: good"
lacks "nonce is echoed" "$err" "no nonce"
expect "good without nonce" 0 ocsp -no_nonce -cert keys/auth.pem
expect "several in one message" 0 ocsp -cert keys/auth.pem -serial 0x0123456789ABCDEF
holds "never issued is unknown" "$out" "0123456789ABCDEF: unknown"
expect "SHA-256 names" 0 ocsp -sha256 -cert keys/auth.pem
holds "good" "$out" "auth.pem: good"
expect "GET" 0 openssl ocsp -issuer "$MITOME_CA_CARD_AUTH" -cert keys/auth.pem -no_nonce -reqout request.der -noverify
path=$(base64 -w0 request.der | jq -sRr @uri)
expect "GET answers" 0 curl -fsS -D headers.txt -o answer.der "$MITOME_OCSP_URL/$path"
holds "may be cached" "$(cat headers.txt)" "[Cc]ache-[Cc]ontrol: .*max-age"
expect "the answer verifies" 0 openssl ocsp -respin answer.der -issuer "$MITOME_CA_CARD_AUTH" -cert keys/auth.pem -no_nonce -CAfile "$MITOME_CA_CARD_AUTH"
expect "ocsptool" 0 ocsptool --ask="$MITOME_OCSP_URL" --load-cert keys/auth.pem --load-issuer "$MITOME_CA_CARD_AUTH" --load-trust "$MITOME_CA_CARD_AUTH"
holds "ocsptool says good" "$out" "Certificate Status: good"
expect "garbage is malformedRequest" 0 curl -sS --data-binary nonsense -H 'Content-Type: application/ocsp-request' -o refusal.der "$MITOME_OCSP_URL"
same "refusal" "$(od -An -tx1 refusal.der | tr -d " \n")" 30030a0101

for ca in card-sign card-auth phone-sign phone-auth; do
    variable=MITOME_CA_$(tr 'a-z-' 'A-Z_' <<<"$ca")
    expect "$ca crl" 0 curl -fsS "$MITOME_CRL_URL/$ca.crl" -o $ca.crl
    expect "$ca crl verifies" 0 openssl crl -inform DER -in $ca.crl -CAfile "${!variable}" -noout
    holds "verify OK" "$err" "verify OK"
    expect "$ca crl by certtool" 0 certtool --crl-info --inder --infile $ca.crl
    expect "$ca issuer certificate" 0 curl -fsS "${MITOME_CRL_URL%/crl}/ca/$ca.cer" -o $ca.cer
    same "$ca issuer certificate is the CA's" "$(openssl x509 -inform DER -in $ca.cer -noout -fingerprint)" "$(openssl x509 -in "${!variable}" -noout -fingerprint)"
done
for kind in sign auth; do
    expect "certtool reads $kind" 0 certtool --certificate-info --infile keys/$kind.pem
    cat keys/$kind.pem "$( [[ $kind == sign ]] && echo "$MITOME_CA_CARD_SIGN" || echo "$MITOME_CA_CARD_AUTH")" >chain.pem
    expect "certtool verifies $kind" 0 certtool --verify-chain --infile chain.pem
    expect "openssl verifies $kind by the AIA and CRL it names" 0 openssl verify -x509_strict -crl_check -crl_download -CAfile "$MITOME_CA_BUNDLE" keys/$kind.pem
done
expect "revoke" 0 mitome authority revoke --certificate keys/auth.pem --reason affiliationChanged
expect "revoked at once" 0 ocsp -cert keys/auth.pem
holds "revoked" "$out" "auth.pem: revoked"
holds "reason" "$out" affiliationChanged
expect "ocsptool sees it" 0 ocsptool --ask="$MITOME_OCSP_URL" --load-cert keys/auth.pem --load-issuer "$MITOME_CA_CARD_AUTH" --load-trust "$MITOME_CA_CARD_AUTH"
holds "revoked" "$out" "Certificate Status: revoked"
expect "openssl refuses it by CRL" 2 openssl verify -crl_check -crl_download -CAfile "$MITOME_CA_BUNDLE" keys/auth.pem
expect "openssl still takes the other" 0 openssl verify -crl_check -crl_download -CAfile "$MITOME_CA_BUNDLE" keys/sign.pem
end
