# SPDX-License-Identifier: Apache-2.0
# From the card to the phone, a signature that openssl accepts, a revocation that everybody sees.
source "$(dirname "$0")/sandbox.sh"
eval "$(mitome sandbox env)"
printf 'I ask for a copy of my residence record.\n' >letter.txt

expect "a phone of its own" 0 mitome phone init --phone main
expect "insert card 1" 0 mitome card insert 1
issue=(with new.phone.authentication 2468 new.phone.signature PHONE24 card.signature ABC123 --
    mitome phone issue --phone main)
expect "issue" 0 "${issue[@]}" --json
same "two certificates" "$(field '.certificates | length' <out.txt)" 2
expect "issue again is refused" 5 "${issue[@]}" --json
same "its code" "$(field .error.code <out.txt)" already_issued

expect "show" 0 mitome phone show --phone main --json
same "both are active" "$(field '[.certificates[].state] | unique | join(",")' <out.txt)" active
same "tries" "$(field '[.certificates[].tries_left] | sort | join(",")' <out.txt)" 3,5

expect "certificates to files" 0 with phone.signature PHONE24 phone.authentication 2468 -- \
    mitome phone certs --phone main --out certs
expect "sign certificate verifies" 0 openssl verify -x509_strict -CAfile "$MITOME_CA_PHONE_SIGN" certs/sign.pem
expect "auth certificate verifies" 0 openssl verify -x509_strict -CAfile "$MITOME_CA_PHONE_AUTH" certs/auth.pem
expect "sign certificate is not the auth CA's" 2 openssl verify -CAfile "$MITOME_CA_PHONE_AUTH" certs/sign.pem

expect "validity never past the card's" 0 with card.signature ABC123 -- mitome card certs --out card-certs
phone_end=$(date -d "$(openssl x509 -in certs/sign.pem -noout -enddate | cut -d= -f2)" +%s)
card_end=$(date -d "$(openssl x509 -in card-certs/sign.pem -noout -enddate | cut -d= -f2)" +%s)
((phone_end <= card_end)) || fail "phone certificate outlives the card's"

expect "phone signs" 0 with phone.signature PHONE24 -- mitome phone sign letter.txt --phone main --out phone.p7s
expect "card signs" 0 with card.signature ABC123 -- mitome card sign letter.txt --out card.p7s
for signer in phone card; do
    expect "openssl accepts the $signer's signature" 0 openssl cms -verify -binary -cades -inform DER \
        -in $signer.p7s -content letter.txt -CAfile "$MITOME_CA_BUNDLE" -purpose any -out /dev/null
    expect "mitome verify passes it" 0 mitome verify letter.txt $signer.p7s --json
    same "verdict" "$(field .verdict <out.txt)" passed
done
expect "phone authenticates" 0 with phone.authentication 2468 -- \
    mitome phone auth --phone main --challenge letter.txt --out phone.sig
openssl x509 -in certs/auth.pem -noout -pubkey >auth.pub
expect "openssl checks the authentication" 0 openssl dgst -sha256 -verify auth.pub -signature phone.sig letter.txt

printf 'I ask for two copies of my residence record.\n' >changed.txt
expect "changed content fails" 1 mitome verify changed.txt phone.p7s --json
same "because of the digest" "$(field .reason <out.txt)" digest_differs

ocsp() { openssl ocsp -issuer "$MITOME_CA_PHONE_SIGN" -cert certs/sign.pem -url "$MITOME_OCSP_URL" -CAfile "$MITOME_CA_PHONE_SIGN"; }
expect "ocsp" 0 ocsp
holds "good" "$out" "certs/sign.pem: good"
expect "revoke" 0 mitome authority revoke --certificate certs/sign.pem --reason keyCompromise --json
expect "ocsp after" 0 ocsp
holds "revoked" "$out" "certs/sign.pem: revoked"
holds "why" "$out" "keyCompromise"
expect "crl" 0 curl -fsS "$MITOME_CRL_URL/phone-sign.crl" -o phone-sign.crl
expect "crl verifies" 0 openssl crl -inform DER -in phone-sign.crl -CAfile "$MITOME_CA_PHONE_SIGN" -noout -text
serial=$(openssl x509 -in certs/sign.pem -noout -serial | cut -d= -f2)
holds "serial is on the list" "$out" "$serial"
expect "the old signature is indeterminate" 2 mitome verify letter.txt phone.p7s --json
same "verdict" "$(field .verdict <out.txt)" indeterminate
same "reason" "$(field .reason <out.txt)" revoked_no_timestamp
same "since and why" "$(field '.revoked_at != null and .revocation_reason == "keyCompromise"' <out.txt)" true
expect "revoke again" 5 mitome authority revoke --certificate certs/sign.pem --json
expect "a new pair after the revocation" 0 "${issue[@]}" --json
end
