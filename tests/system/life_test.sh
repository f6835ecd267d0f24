# SPDX-License-Identifier: Apache-2.0
# A phone's certificates through their life: issue, PINs, hold, release, renewal, revocation and the
# erasure whose receipt openssl judges.
home=$3/home
source "$(dirname "$0")/sandbox.sh"
export MITOME_HOME=$home
trap 'mitome sandbox down >/dev/null 2>&1' EXIT
expect "up" 0 mitome sandbox up
eval "$(mitome sandbox env)"

issue() { # PIN PASSWORD
    with new.phone.authentication "$1" new.phone.signature "$2" card.signature ABC123 -- mitome phone issue --json
}
state() { mitome phone show --json | jq -r ".certificates[] | select(.kind == \"$1\") | .state"; }
serial() { mitome phone show --json | jq -r ".certificates[] | select(.kind == \"$1\") | .serial"; }
ocsp() { # certificate.pem its-issuer.pem: the word that openssl finds
    openssl ocsp -issuer "$2" -cert "$1" -url "$MITOME_OCSP_URL" -CAfile "$2" -no_nonce 2>/dev/null |
        sed -n "s|^$1: ||p"
}
certs() { # FOLDER PIN PASSWORD
    with phone.authentication "$2" phone.signature "$3" -- mitome phone certs --out "$1"
}
letter() { # PASSWORD
    with phone.signature "$1" -- mitome phone sign letter.txt --out letter.p7s --json
}
echo "a letter" >letter.txt

expect "issue" 0 issue 7294 K7QX2M
same "sign lives" "$(state sign)" active
expect "certificates" 0 certs first 7294 K7QX2M
same "openssl finds it good" "$(ocsp first/auth.pem "$MITOME_CA_PHONE_AUTH")" good
expect "a signature" 0 letter K7QX2M
expect "openssl verifies it" 0 openssl cms -verify -inform DER -in letter.p7s -content letter.txt -binary -CAfile "$MITOME_CA_PHONE_SIGN" -purpose any -out /dev/null

# PINs
expect "tries" 0 mitome phone pin status --json
same "both are whole" "$(field '[.pins[].tries_left] | join(",")' <out.txt)" 3,5
expect "a PIN of letters" 3 with phone.authentication 7294 new.phone.authentication 12A4 -- mitome phone pin change authentication --json
expect "a wrong present one" 3 with phone.authentication 1111 new.phone.authentication 3071 -- mitome phone pin change authentication --json
same "two tries are left" "$(field .error.tries_left <out.txt)" 2
expect "a guessable PIN passes" 0 with phone.authentication 7294 new.phone.authentication 1234 -- mitome phone pin change authentication --json
same "with a warning" "$(field '.warnings[0].code' <out.txt)" pin_guessable
expect "a good one" 0 with phone.authentication 1234 new.phone.authentication 3071 -- mitome phone pin change authentication --json
same "without a warning" "$(field '.warnings | length' <out.txt)" 0
expect "the signing password" 0 with phone.signature K7QX2M new.phone.signature T5OCHA9 -- mitome phone pin change signature --json
expect "it signs" 0 letter T5OCHA9

# One contact
expect "sync" 0 mitome phone sync --json
same "nothing is erased" "$(field .erased <out.txt)" false
same "the witness agrees" "$(field .witness <out.txt)" ok
holds "a lease" "$(field .lease_until <out.txt)" '^20'
expect "no former phone" 0 mitome phone former --json
same "none" "$(field length <out.txt)" 0

# Renewal: other keys, the same PINs
before=$(serial sign)
expect "renew" 0 with card.signature ABC123 -- mitome phone renew --json
same "both are new" "$(field '.certificates | length' <out.txt)" 2
[[ $(serial sign) != "$before" ]] || fail "the certificate is the old one"
same "the old one is superseded" "$(ocsp first/auth.pem "$MITOME_CA_PHONE_AUTH")" revoked
expect "the PIN is kept" 0 certs second 3071 T5OCHA9
same "the new one is good" "$(ocsp second/auth.pem "$MITOME_CA_PHONE_AUTH")" good
expect "it signs" 0 letter T5OCHA9

# PINs with the card
for _ in 1 2 3; do with phone.authentication 0001 new.phone.authentication 0002 -- mitome phone pin change authentication >/dev/null 2>&1; done
expect "locked" 3 with phone.authentication 3071 new.phone.authentication 0002 -- mitome phone pin change authentication
expect "reset with a wrong card password" 3 with new.phone.authentication 5830 card.signature ABC999 -- mitome phone pin reset --kind auth --json
expect "reset" 0 with new.phone.authentication 5830 card.signature ABC123 -- mitome phone pin reset --kind auth --json
expect "the new one opens" 0 certs third 5830 T5OCHA9
expect "reset of the password" 0 with new.phone.signature M4GNOLIA card.signature ABC123 -- mitome phone pin reset --kind sign --json
expect "it signs" 0 letter M4GNOLIA

# Hold by the holder, and release
expect "hold with the card's login" 0 with card.authentication 1234 -- mitome phone hold --json
same "both" "$(field '.held | join(",")' <out.txt)" sign,auth
same "auth is on hold" "$(state auth)" on_hold
same "openssl sees it" "$(ocsp third/auth.pem "$MITOME_CA_PHONE_AUTH")" revoked
before=$(serial sign)
expect "release" 0 with card.signature ABC123 -- mitome phone release --json
same "auth lives" "$(state auth)" active
same "it is the same one" "$(ocsp third/auth.pem "$MITOME_CA_PHONE_AUTH")" good
same "sign lives" "$(state sign)" active
[[ $(serial sign) != "$before" ]] || fail "the signature certificate is the old one"
expect "nothing is left to release" 5 with card.signature ABC123 -- mitome phone release --json
same "its code" "$(field .error.code <out.txt)" release_refused
expect "it signs" 0 letter M4GNOLIA

# Hold by the call desk
expect "the desk holds" 0 mitome desk hold --resident 1 --whose phone --json
same "auth is on hold" "$(state auth)" on_hold
expect "release after that" 0 with card.signature ABC123 -- mitome phone release --json
same "auth lives again" "$(state auth)" active

# Hold by a stop code, from anywhere
expect "a stop code" 0 mitome phone stop-code --json
code=$(field .stop_code <out.txt)
element=$(field .phone <out.txt)
expect "a wrong one" 3 with phone.stop_code 0000000000 -- mitome phone hold --element "$element" --json
same "tries are told" "$(field .error.tries_left <out.txt)" 4
expect "the right one" 0 with phone.stop_code "$code" -- mitome phone hold --element "$element" --json
same "on hold" "$(state auth)" on_hold
expect "release again" 0 with card.signature ABC123 -- mitome phone release --json

# Revocation, erasure, receipt
expect "revoke with a wrong password" 3 with phone.signature WRONG999 -- mitome phone revoke --json
expect "revoke" 0 with phone.signature M4GNOLIA -- mitome phone revoke --json
same "erased" "$(field .erased <out.txt)" true
receipt=$(field '.receipts[0]' <out.txt)
expect "openssl judges the receipt" 0 openssl cms -verify -inform DER -in "$receipt" -CAfile "$MITOME_HOME/maker/root.pem" -purpose any -out receipt.der
same "both are gone" "$(mitome phone show --json | jq '.certificates | length')" 0
expect "nothing signs" 4 letter M4GNOLIA
expect "the history holds" 0 mitome phone history --verify --json
for deed in issued signed_document pin_changed renewed pin_reset held released revoked erased; do
    same "$deed is in it" "$(field "[.lines[] | select(.deed == \"$deed\")] | length > 0" <out.txt)" true
done
expect "notices" 0 mitome phone notices --json
holds "the revocation is told" "$(field 'map(.code) | join(" ")' <out.txt)" notice_

# Revoked at the desk: not to be renewed, but issued anew without any contact in between
expect "issue" 0 issue 7294 K7QX2M
expect "the desk revokes" 0 mitome desk revoke --resident 1 --whose phone --reason keyCompromise --json
expect "no renewal of what is dead" 4 with card.signature ABC123 -- mitome phone renew --json
expect "issue over the dead ones" 0 issue 7294 K7QX2M
expect "it signs" 0 letter K7QX2M
expect "revoke with the card" 0 with card.signature ABC123 -- mitome phone revoke --json
same "erased again" "$(field .erased <out.txt)" true

# The erased element takes new ones; another phone takes their place, and this one is erased
expect "issue again" 0 issue 7294 K7QX2M
move() { with new.phone.authentication 7294 new.phone.signature K7QX2M card.signature ABC123 -- mitome phone move --to second --json; }
expect "move" 0 move
same "the old one was at hand" "$(field .visited <out.txt)" true
expect "former phones of the new one" 0 mitome phone former --phone second --json
same "the old one is erased" "$(field 'last | .state' <out.txt)" erased
expect "openssl judges its receipt" 0 openssl cms -verify -inform DER -in "$(field 'last | .receipt' <out.txt)" -CAfile "$MITOME_HOME/maker/root.pem" -purpose any -out receipt.der
expect "move again" 0 move
same "the old one has none" "$(mitome phone show --json | jq '.certificates | length')" 0

# The holder erases without anybody
expect "erase without a yes" 64 mitome phone erase --phone second --json
expect "erase" 0 mitome phone erase --phone second --yes --json
same "handed over" "$(field .handed_over <out.txt)" true
expect "openssl judges this receipt, too" 0 openssl cms -verify -inform DER -in "$(field .receipt <out.txt)" -CAfile "$MITOME_HOME/maker/root.pem" -purpose any -out receipt.der
end
