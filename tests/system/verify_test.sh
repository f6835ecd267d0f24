# SPDX-License-Identifier: Apache-2.0
# Signatures as `openssl cms` makes them, in every form, judged by mitome verify.
source "$(dirname "$0")/sandbox.sh"
eval "$(mitome sandbox env)"
printf 'I ask for a copy of my residence record.\n' >letter.txt
printf 'I ask for two copies of my residence record.\n' >changed.txt
mkdir one two
expect "a card with its keys in files" 0 mitome card new --resident 1 --keys one
expect "another one" 0 mitome card new --resident 12 --keys two
sleep 2  # a certificate is valid from the second it was issued in, and below we look one second back

signed() { # NAME option…: a signature of the first card's holder
    local name=$1
    shift
    openssl cms -sign -binary -in letter.txt -signer one/sign.pem -inkey one/sign.key -out "$name" "$@" || fail "openssl made no $name"
}
judged() { # NAME STATUS REASON FILE SIGNATURE option…
    local name=$1 status=$2 reason=$3
    shift 3
    expect "$name" "$status" mitome verify "$@" --json
    same "$name: reason" "$(field .reason <out.txt)" "$reason"
}

signed cades.p7s -cades -outform DER
judged "DER" 0 signature_valid letter.txt cades.p7s
same "one signer" "$(field '.signers | length' <out.txt)" 1
signed cades.pem -cades -outform PEM
judged "PEM" 0 signature_valid letter.txt cades.pem
sed 's/CMS-----/PKCS7-----/' cades.pem >pkcs7.pem
judged "PEM of PKCS#7" 0 signature_valid letter.txt pkcs7.pem
signed inside.p7s -cades -nodetach -outform DER
judged "content inside" 0 signature_valid letter.txt inside.p7s
judged "content inside is not the file" 1 digest_differs changed.txt inside.p7s
signed streamed.p7s -cades -nodetach -stream -outform DER
judged "content inside in BER" 0 signature_valid letter.txt streamed.p7s
signed pss.p7s -cades -keyopt rsa_padding_mode:pss -outform DER
judged "RSASSA-PSS" 0 signature_valid letter.txt pss.p7s

signed plain.p7s -outform DER
judged "no signing-certificate attribute" 2 signer_unbound letter.txt plain.p7s
same "in the words of the standard" "$(field .etsi <out.txt)" SIG_CONSTRAINTS_FAILURE
judged "nor its content changed" 1 digest_differs changed.txt plain.p7s
signed bare.p7s -noattr -outform DER
judged "no signed attributes" 2 signer_unbound letter.txt bare.p7s
judged "nor its content changed" 1 signature_bad changed.txt bare.p7s
signed smime.eml
judged "S/MIME" 2 signature_unsupported letter.txt smime.eml
openssl crl2pkcs7 -nocrl -certfile one/sign.pem -out bag.p7b
judged "certificates alone" 1 signature_absent letter.txt bag.p7b
judged "no CMS" 1 signature_malformed letter.txt letter.txt

signed both.p7s -cades -outform DER -signer two/sign.pem -inkey two/sign.key
judged "two signers" 0 signature_valid letter.txt both.p7s
same "both are named" "$(field '[.signers[].serial] | unique | length' <out.txt)" 2
expect "revoke the second" 0 mitome authority revoke --certificate two/sign.pem --reason keyCompromise
judged "one of two is revoked" 2 revoked_no_timestamp letter.txt both.p7s
same "it speaks for the whole" "$(field '.serial == (.signers[] | select(.verdict == "indeterminate") | .serial)' <out.txt)" true
same "the other passes" "$(field '[.signers[].verdict] | sort | join(",")' <out.txt)" indeterminate,passed
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout own.key -out own.pem -subj /CN=stranger 2>/dev/null
signed stranger.p7s -cades -outform DER -signer own.pem -inkey own.key
judged "one of two is unknown" 1 signer_untrusted letter.txt stranger.p7s
judged "both are bad, one worse" 1 digest_differs changed.txt both.p7s

signed_at=$(mitome verify letter.txt cades.p7s --json | field .claimed_signing_time)
judged "as of its own time" 0 signature_valid letter.txt cades.p7s --at "$signed_at"
same "nothing to warn of" "$(field '.warnings | length' <out.txt)" 0
judged "as of the second before" 0 signature_valid letter.txt cades.p7s --at "$(date -u -d "$signed_at - 1 second" +%FT%TZ)"
same "it is said in JSON" "$(field '.warnings[].code' <out.txt)" signed_later
holds "and on standard error" "$err" "signed later"

# Whoever signs with a certificate that will not do hears of it, and has a signature all the same.
signs() { # NAME CARD WARNING
    expect "insert the card: $1" 0 mitome card insert "$2"
    expect "$1" 0 with card.signature ABC123 -- mitome card sign letter.txt --out own.p7s --json
    same "$1: warning" "$(field '[.warnings[].code] | join(",")' <out.txt)" "$3"
}
card_of() { mitome resident list --json | field ".[] | select(.case == \"$1\") | .cards[0]"; }
signs "a good certificate" 1 ""
signs "a revoked one" "$(card_of revoked)" signed_revoked
holds "on standard error too" "$err" "warning: Signed, but the certificate is revoked"
signs "an expired one" "$(card_of expired)" signed_expired
expect "a card to be held" 0 mitome card new --resident 12 --keys held --json
held=$(field .card <out.txt)
expect "hold" 0 mitome authority revoke --certificate held/sign.pem --reason certificateHold
signs "one on hold" "$held" signed_on_hold
expect "the first card again" 0 mitome card insert 1
end
