# SPDX-License-Identifier: Apache-2.0
# docs/contract.md, as a script meets it.
source "$(dirname "$0")/sandbox.sh"
eval "$(mitome sandbox env)"
same "the bundle holds four certificates" "$(grep -c BEGIN "$MITOME_CA_BUNDLE")" 4
for name in MITOME_TLS_CA MITOME_CA_CARD_SIGN MITOME_CA_CARD_AUTH MITOME_CA_PHONE_SIGN MITOME_CA_PHONE_AUTH; do
    expect "$name is a certificate" 0 openssl x509 -in "${!name}" -noout
done
expect "status" 0 mitome sandbox status --json
same "all run" "$(field '[.processes[].state] | unique | join(",")' <out.txt)" running
expect "up again changes nothing" 0 mitome sandbox up --json
expect "env has no test keys" 0 mitome sandbox env
lacks "no test keys" "$out" MITOME_SCP
expect "env with test keys" 0 mitome sandbox env --test-keys
holds "keys of 16 octets" "$out" "MITOME_SCP_ENC='[0-9A-F]{32}'"

expect "residents" 0 mitome resident list --json
((12 <= $(field length <out.txt))) || fail "a dozen residents"
same "the first one" "$(field '.[0].id' <out.txt)" 1
same "fields" "$(field '.[0] | has("id") and has("name") and has("birth_date") and has("state") and has("cards")' <out.txt)" true
expect "one of them" 0 mitome resident show 1 --json
expect "nobody" 4 mitome resident show 999 --json
same "code" "$(field .error.code <out.txt)" resident_absent
expect "a new one" 0 mitome resident new --json
fresh=$(field .id <out.txt)
expect "a card with its keys in files" 0 mitome card new --resident "$fresh" --keys keys --json
number=$(field .card <out.txt)
for name in sign auth; do
    same "$name.pem is $name.key's" "$(openssl x509 -in keys/$name.pem -noout -pubkey)" "$(openssl pkey -in keys/$name.key -pubout)"
    same "$name.key is its owner's alone" "$(stat -c %a keys/$name.key)" 600
done
expect "cards" 0 mitome card list --json
same "it is listed" "$(field "[.[].card] | index($number) != null" <out.txt)" true
expect "no such card" 4 mitome card insert 99999
expect "insert it" 0 mitome card insert "$number"

expect "show needs no secret" 0 mitome card show --json
same "kinds" "$(field '[.certificates[].kind] | sort | join(",")' <out.txt)" auth,sign
same "serial as openssl reads it" "$(field '.certificates[] | select(.kind=="auth") | .serial' <out.txt)" \
    "$(openssl x509 -in keys/auth.pem -noout -serial | cut -d= -f2)"
same "tries" "$(field '[.certificates[] | .tries_left] | sort | join(",")' <out.txt)" 3,5
expect "pin status" 0 mitome card pin status --json
same "three PINs" "$(field '[.pins[].tries_left] | join(",")' <out.txt)" 3,5,3

echo hello >file.txt
expect "no terminal, no secret" 64 setsid mitome card sign file.txt --out x.p7s --json
same "code" "$(field .error.code <out.txt)" secret_missing
expect "wrong password" 3 with card.signature WRONG0 -- mitome card sign file.txt --out x.p7s --json
same "tries left" "$(field .error.tries_left <out.txt)" 4
same "code" "$(field .error.code <out.txt)" pin_wrong
[[ ! -e x.p7s ]] || fail "a file was written"
expect "small letters" 0 with card.signature abc123 -- mitome card sign file.txt --out x.p7s
holds "it is said" "$err" capitals
expect "success restores the tries" 0 mitome card pin status --json
same "five" "$(field '.pins[1].tries_left' <out.txt)" 5
expect "wrong PIN" 3 with card.authentication 0000 -- mitome card auth --challenge file.txt --out a.sig
holds "words" "$err" "2 more"
expect "not a PIN at all costs nothing" 3 with card.authentication 12a4 -- mitome card auth --challenge file.txt --out a.sig
expect "right PIN" 0 with card.authentication 1234 -- mitome card auth --challenge file.txt --out a.sig
openssl x509 -in keys/auth.pem -noout -pubkey >auth.pub
expect "openssl checks it" 0 openssl dgst -sha256 -verify auth.pub -signature a.sig file.txt
for left in 2 1; do
    expect "wrong" 3 with card.authentication 0000 -- mitome card auth --challenge file.txt --out a.sig --json
    same "left" "$(field .error.tries_left <out.txt)" $left
done
expect "the last wrong one" 3 with card.authentication 0000 -- mitome card auth --challenge file.txt --out a.sig --json
same "blocked" "$(field .error.code <out.txt)" pin_blocked
expect "blocked for the right one too" 3 with card.authentication 1234 -- mitome card auth --challenge file.txt --out a.sig --json

expect "change the password" 0 with card.signature ABC123 new.card.signature NEW456 -- mitome card pin change signature
expect "the old one is wrong" 3 with card.signature ABC123 -- mitome card sign file.txt --out x.p7s
expect "the new one is right" 0 with card.signature NEW456 -- mitome card sign file.txt --out x.p7s
expect "a bad new one" 3 with card.signature NEW456 new.card.signature ABCDEFG -- mitome card pin change signature --json
same "which rule" "$(field .error.code <out.txt)" password_lacks_digit

expect "certificates as far as they are open" 0 mitome card certs --out c
[[ -e c/auth.pem && ! -e c/sign.pem ]] || fail "auth.pem alone"
holds "the rest is named" "$err" "signing certificate"
expect "no card" 0 mitome card remove
expect "card show without one" 4 mitome card show --json
same "code" "$(field .error.code <out.txt)" card_absent
expect "insert" 0 mitome card insert 1

expect "absent file" 4 with card.signature ABC123 -- mitome card sign none.txt --out y.p7s
expect "usage" 64 mitome nonsense
expect "usage in JSON" 64 mitome card --json
same "an error object" "$(field '.error | has("code") and has("message") and has("hint")' <out.txt)" true
expect "unknown secret name" 64 mitome card show --secret nobody=fd:3
expect "unknown reason" 64 mitome authority revoke --ca card-sign --serial 01 --reason because
expect "unknown serial" 4 mitome authority revoke --ca card-sign --serial 0123456789 --reason keyCompromise
expect "phone init on one that exists" 0 mitome phone init
expect "an unknown phone" 4 mitome phone show --phone nobody --json
same "code" "$(field .error.code <out.txt)" phone_absent
holds "its name is said" "$(field .error.message <out.txt)" "nobody"
for name in '' a_b -x 12345678901234567; do
    for verb in show init issue; do
        expect "phone $verb --phone '$name'" 64 mitome phone $verb "--phone=$name" --json
        same "code" "$(field .error.code <out.txt)" usage
    done
done
expect "an empty name as a word of its own" 64 mitome phone show --phone '' --json
expect "cert show" 0 mitome cert show keys/sign.pem --json
same "name" "$(field '.name | length > 0' <out.txt)" true
same "key usage" "$(field '.key_usage | join(",")' <out.txt)" digitalSignature,nonRepudiation
expect "not a certificate" 64 mitome cert show file.txt
expect "not a signature" 1 mitome verify file.txt file.txt --json

expect "version in JSON" 0 mitome --version --json
holds "a number" "$(field .version <out.txt)" '^[0-9]+\.[0-9]+\.[0-9]+$'
expect "help in JSON" 0 mitome --help --json
same "every verb" "$(field '.verbs | index("sandbox up") != null and index("card pin change") != null and index("verify") != null' <out.txt)" true
expect "help of a room in JSON" 0 mitome phone --help --json
same "its verbs" "$(field '.verbs | index("issue") != null and index("sandbox up") == null' <out.txt)" true
expect "help of a verb in JSON" 0 mitome card sign --help --json
same "how to write it" "$(field .usage <out.txt)" "mitome card sign [OPTIONS] FILE"
same "its options" "$(field '.options | index("--out") != null and index("--secret") != null' <out.txt)" true
LANG=C MITOME_LANG=ja mitome card sign --help --json >ja.txt
same "the same in every language" "$(cat ja.txt)" "$(cat out.txt)"

# A home without readers of its own has the machine's, not those of a home beside it.
if [[ -n ${PCSCLITE_CSOCK_NAME:-} ]]; then
    serial=$(mitome card show --json | field '.certificates[] | select(.kind == "auth") | .serial')
    mitome --home "$PWD/bare" card show --json >bare.txt
    lacks "a home beside it" "$(cat bare.txt)" "$serial"
    export PCSCLITE_CSOCK_NAME
    mitome --home "$PWD/bare" card show --json >bare.txt
    lacks "with its socket in the environment" "$(cat bare.txt)" "$serial|card_ambiguous"
    ln -s "$PCSCLITE_CSOCK_NAME" another.comm
    PCSCLITE_CSOCK_NAME=$PWD/another.comm mitome --home "$PWD/bare" card show --json >bare.txt
    same "a socket that is no home's is honoured" "$(field .error.code <bare.txt)" card_ambiguous
    PCSCLITE_CSOCK_NAME=/nowhere/run/pcscd.comm mitome card show --json >own.txt
    holds "a sandbox has its own whatever the environment says" "$(cat own.txt)" "$serial"
fi

for language in ja ja-easy en; do
    expect "words in $language" 4 mitome --lang $language resident show 999
done
out=$(LC_ALL=C MITOME_LANG='' mitome resident show 999 2>&1)
holds "C is Japanese" "$out" "失敗|住民"
out=$(LC_ALL=en_US.UTF-8 MITOME_LANG='' mitome resident show 999 2>&1)
holds "en_US is English" "$out" "error:"
end
