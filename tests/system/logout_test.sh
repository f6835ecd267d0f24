# SPDX-License-Identifier: Apache-2.0
# After one of our commands the card has forgotten the PIN: a second program cannot sign.
source "$(dirname "$0")/sandbox.sh"
eval "$(mitome sandbox env)"
[[ -n ${PCSCLITE_CSOCK_NAME:-} ]] || { fail "no PC/SC here"; end; }
export PCSCLITE_CSOCK_NAME
echo text >file
expect "insert" 0 mitome card insert 1
digest=3031300D060960864801650304020105000420$(sha256sum file | cut -c1-64)
try_to_sign() { # key EF, twice: with and without selecting the application again
    opensc-tool --reader "$MITOME_CARD_READER" -s 00A4040C0AD392F000260100000001 -s "00A4020C02$1" -s "802A008033${digest^^}00" 2>&1
}
signed_after() { # name, command…
    local name=$1
    shift
    expect "$name" "$wanted" "$@"
    for key in 0017 001A; do
        answer=$(try_to_sign $key | grep -o 'SW1=0x.., SW2=0x..' | tail -n 1)
        same "$name: key $key is closed to others" "$answer" "SW1=0x69, SW2=0x82"
    done
}
wanted=0 signed_after "after a signature" with card.signature ABC123 -- mitome card sign file --out file.p7s
wanted=0 signed_after "after an authentication" with card.authentication 1234 -- mitome card auth --challenge file --out file.sig
wanted=0 signed_after "after reading the certificate" with card.signature ABC123 -- mitome card certs --out certs
wanted=4 signed_after "after an error" with card.signature ABC123 -- mitome card sign file --out /proc/none/file.p7s
wanted=3 signed_after "after a wrong password" with card.signature WRONG0 -- mitome card sign file --out file.p7s
expect "put the count back" 0 with card.signature ABC123 -- mitome card sign file --out file.p7s
end
