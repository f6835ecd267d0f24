# SPDX-License-Identifier: Apache-2.0
# A full disk and a read-only one: a clear error, nothing lost, and it goes on when there is room.
home=$3/home
source "$(dirname "$0")/sandbox.sh"
export MITOME_HOME=$home
if [[ $(id -u) != 0 ]] || ! mkdir -p "$home" || ! mount -t tmpfs -o size=96m,mode=0700 mitome-test "$home" 2>/dev/null; then
    # Without the right to mount, the limit of a file's size stands in for the disk's.
    mounted=0
else
    mounted=1
fi
trap 'mitome sandbox down >/dev/null 2>&1; ((mounted == 0)) || umount -l "$home"' EXIT
expect "up" 0 mitome sandbox up || end
eval "$(mitome sandbox env)"
echo text >file
expect "a phone with certificates" 0 with new.phone.authentication 1357 new.phone.signature DISK12 card.signature ABC123 -- mitome phone issue
tries=$(mitome card pin status --json)

if ((mounted == 1)); then
    dd if=/dev/zero of="$home/filler" bs=1M 2>/dev/null
    dd if=/dev/zero of="$home/filler2" bs=1k 2>/dev/null
    # No key is used for what the holder's history cannot tell; the card's use needs no such room.
    expect "a signature of the phone with a full disk" 7 with phone.signature DISK12 -- mitome phone sign file --out file.p7s --json
    same "its code" "$(field .error.code <out.txt)" disk_full
    [[ ! -e file.p7s ]] || fail "a signature that the history does not tell"
    expect "a signature of the card with a full disk" 0 with card.signature ABC123 -- mitome card sign file --out card.p7s
    expect "a new card with a full disk" 7 mitome card new --resident 1 --json
    holds "its code is one of the catalogue" "$(field .error.code <out.txt)" "disk_full|process_failed|home_unusable|service_unavailable"
    expect "output to a full disk" 7 with card.signature ABC123 -- mitome card sign file --out "$home/file.p7s" --json
    same "its code" "$(field .error.code <out.txt)" disk_full
    [[ ! -e $home/file.p7s ]] || fail "half a file was left"
    rm -f "$home/filler" "$home/filler2"
fi
expect "output to a folder that is read-only" 6 with card.signature ABC123 -- mitome card sign file --out /sys/file.p7s --json
same "its code" "$(field .error.code <out.txt)" file_unwritable
same "no try was lost" "$(mitome card pin status --json)" "$tries"
expect "up after it" 0 mitome sandbox up
expect "a new card" 0 mitome card new --resident 1 --json
expect "the phone still signs" 0 with phone.signature DISK12 -- mitome phone sign file --out file.p7s
expect "openssl accepts" 0 openssl cms -verify -binary -inform DER -in file.p7s -content file -CAfile "$MITOME_CA_BUNDLE" -purpose any -out /dev/null
end
