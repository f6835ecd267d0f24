#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# fences.sh accepts a clean tree and names the breach in each tree that has one.
# Usage: fences_test.sh SCRATCH
set -euo pipefail
fences=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/fences.sh
layers=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../cmake" && pwd)/layers.cmake
scratch=${1:?usage: fences_test.sh SCRATCH}
license='// SPDX-License-Identifier: Apache-2.0'
failures=0

# tree FILE LINE…: a repository that holds one more file than a clean one
tree() {
    rm -rf "$scratch"
    mkdir -p "$scratch/cmake" "$scratch/libs/crypto/src"
    cp "$layers" "$scratch/cmake/"
    printf '%s\n' "$license" '#include <openssl/evp.h>' '#include <mitome/base/result.hpp>' \
        >"$scratch/libs/crypto/src/digest.cpp"
    mkdir -p "$scratch/$(dirname "$1")"
    printf '%s\n' "${@:2}" >"$scratch/$1"
}

accepts() {
    tree "$@"
    bash "$fences" "$scratch" || {
        printf 'FAILED: %s should be accepted\n' "$1"
        failures=$((failures + 1))
    }
}

refuses() {
    local said
    tree "${@:2}"
    if said=$(bash "$fences" "$scratch") || [[ $said != *"$2"*"$1"* ]]; then
        printf 'FAILED: %s should be refused, saying "%s"; said: %s\n' "$2" "$1" "$said"
        failures=$((failures + 1))
    fi
}

accepts libs/http/src/tls_client.cpp "$license" '#include <openssl/ssl.h>'
accepts libs/card/src/session_test.cpp "$license" '#include <mitome/element/element.hpp>'
accepts tests/vectors/common_name.pem 'from elsewhere'
accepts libs/card/src/session.cpp "$license" '#include "reader.hpp"'
accepts README.ja.md '# Mitome'

refuses 'OpenSSL stays in'  libs/http/src/server.cpp "$license" '#include <openssl/ssl.h>'
refuses 'PC/SC stays in'    libs/card/src/session.cpp "$license" '#include <winscard.h>'
refuses 'SQL stays in'      services/status/src/ledger.cpp "$license" '#include <sqlite3.h>'
refuses 'Qt stays in'       apps/cli/main.cpp "$license" '#include <QString>'
refuses 'from element to card' libs/element/src/pin.cpp "$license" '#include <mitome/card/pin.hpp>'
refuses 'from element_process to card' apps/element/main.cpp "$license" '#include <mitome/card/pin.hpp>'
refuses 'first line'        libs/base/src/bytes.cpp '#include <vector>'
refuses 'first line'        libs/base/src/empty.hpp
refuses 'says nothing'      libs/base/src/string_util.cpp "$license"
refuses 'says nothing'      docs/helpers/page.md ''
refuses 'not snake_case'    libs/base/src/Bytes.cpp "$license"
refuses 'at the root'       notes.txt ''

rm -rf "$scratch"
((failures == 0))
