# SPDX-License-Identifier: Apache-2.0
# OpenSC on the card and on the phone, through pcscd and vpcd.
source "$(dirname "$0")/sandbox.sh"
eval "$(mitome sandbox env)"
if [[ -z ${PCSCLITE_CSOCK_NAME:-} ]]; then
    fail "this machine refuses namespaces: PC/SC cannot be tested here"
    end
fi
export PCSCLITE_CSOCK_NAME
module=$(ls /usr/lib/*/opensc-pkcs11.so | head -n 1)
p11() { pkcs11-tool --module "$module" "$@"; }
slot_of() { # reader, words of the PIN: the slot's number
    p11 -L 2>/dev/null | awk -v reader="$1" -v pin="$2" '
        /^Slot/ { match($0, /0x[0-9a-f]+/); id = substr($0, RSTART, RLENGTH); here = index($0, reader) > 0 }
        /token label/ && here && index($0, pin) { print id; exit }'
}
printf 'message' >message

expect "insert card 1" 0 mitome card insert 1
expect "recognised" 0 opensc-tool --reader "$MITOME_CARD_READER" -n
holds "as JPKI" "$out" "JPKI|jpki"
expect "objects" 0 pkcs15-tool --reader "$MITOME_CARD_READER" -D
same "two PINs" "$(grep -c '^PIN \[' <<<"$out")" 2
same "two keys" "$(grep -c '^Private RSA Key' <<<"$out")" 2
same "four certificates" "$(grep -c '^X.509 Certificate' <<<"$out")" 4

expect "certificates" 0 with card.signature ABC123 -- mitome card certs --out card
openssl x509 -in card/auth.pem -noout -pubkey >card-auth.pub
openssl x509 -in card/sign.pem -noout -pubkey >card-sign.pub
auth_slot=$(slot_of "$MITOME_CARD_READER" "User Authentication")
sign_slot=$(slot_of "$MITOME_CARD_READER" "Digital Signature")
expect "login" 0 p11 --slot "$((auth_slot))" --login --pin 1234 -O
expect "authentication key signs" 0 p11 --slot "$((auth_slot))" --login --pin 1234 --id 01 --sign -m SHA256-RSA-PKCS -i message -o auth.sig
expect "openssl verifies" 0 openssl dgst -sha256 -verify card-auth.pub -signature auth.sig message
expect "signature key signs" 0 p11 --slot "$((sign_slot))" --login --pin ABC123 --id 02 --sign -m SHA256-RSA-PKCS -i message -o sign.sig
expect "openssl verifies" 0 openssl dgst -sha256 -verify card-sign.pub -signature sign.sig message
expect "its own test" 0 p11 --slot "$((auth_slot))" --login --pin 1234 --test
holds "without an error" "$out$err" "No errors"
p11 --slot "$((auth_slot))" --login --pin 9999 -O >wrong.txt 2>&1 && fail "a wrong PIN was taken"
expect "one try is gone" 0 mitome card pin status --json
same "two left" "$(field '.pins[0].tries_left' <out.txt)" 2
expect "and back" 0 with card.authentication 1234 -- mitome card auth --challenge message --out a.sig

expect "a new phone" 0 mitome phone init --reset
pin=1357 password=OPEN5C
expect "issue" 0 with new.phone.authentication $pin new.phone.signature $password card.signature ABC123 -- mitome phone issue
expect "phone's certificates" 0 with phone.authentication $pin phone.signature $password -- mitome phone certs --out phone
openssl x509 -in phone/auth.pem -noout -pubkey >phone-auth.pub
openssl x509 -in phone/sign.pem -noout -pubkey >phone-sign.pub
expect "phone recognised" 0 opensc-tool --reader "$MITOME_PHONE_READER" -n
holds "as JPKI" "$out" "JPKI|jpki"
auth_slot=$(slot_of "$MITOME_PHONE_READER" "User Authentication")
sign_slot=$(slot_of "$MITOME_PHONE_READER" "Digital Signature")
expect "phone login" 0 p11 --slot "$((auth_slot))" --login --pin $pin -O
expect "phone authentication key signs" 0 p11 --slot "$((auth_slot))" --login --pin $pin --id 01 --sign -m SHA256-RSA-PKCS -i message -o auth.sig
expect "openssl verifies" 0 openssl dgst -sha256 -verify phone-auth.pub -signature auth.sig message
expect "phone signature key signs" 0 p11 --slot "$((sign_slot))" --login --pin $password --id 02 --sign -m SHA256-RSA-PKCS -i message -o sign.sig
expect "openssl verifies" 0 openssl dgst -sha256 -verify phone-sign.pub -signature sign.sig message
end
