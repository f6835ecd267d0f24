#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs a test program in a mount and network namespace of its own, where it may start pcscd: vpcd
# listens on every address, and pcscd has one fixed socket. Usage: pcsc_test.sh PROGRAM ARGUMENT…
set -euo pipefail

[[ -x /usr/sbin/pcscd && -e /usr/lib/pcsc/drivers/serial/libifdvpcd.so ]] || {
    echo 'pcscd or vsmartcard-vpcd is not installed: packaging/install run' >&2
    exit 1
}
namespaces=(unshare -rnm)
((EUID)) || namespaces=(unshare -nm)
if ! "${namespaces[@]}" true 2>/dev/null; then  # as in many containers: nothing to install helps
    export MITOME_TEST_NO_PCSCD='namespaces are refused here'
    exec "$@"
fi

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${namespaces[@]}" bash -euc '
    folder=$1
    shift
    ip link set lo up
    mount -t tmpfs tmpfs /run
    mkdir -p /run/pcscd "$folder/run"
    # The socket is reached through the folder, as a sandbox does it.
    mount --bind "$folder/run" /run/pcscd
    export MITOME_TEST_PCSCD=$folder PCSCLITE_CSOCK_NAME=$folder/run/pcscd.comm
    exec "$@"
' bash "$folder" "$@"
