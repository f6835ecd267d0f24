#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Checks the rules about the tree that a compiler does not: which room may include which header,
# how files are called, what stands at the root. Prints every breach; exit 1 when there is one.
# Usage: fences.sh REPOSITORY
set -euo pipefail
cd "${1:?usage: fences.sh REPOSITORY}"
export LC_ALL=C

breaches=0
breach() {
    printf '%s\n' "$*"
    breaches=$((breaches + 1))
}

mapfile -t files < <(find . \( -path ./build -o -path ./.git -o -path ./.cache \
    -o -name node_modules \) -prune -o -type f ! -name '*.log' -print | sed 's|^\./||' | sort)
mapfile -t sources < <(printf '%s\n' "${files[@]}" | grep -E '\.(cpp|hpp|h)$' || true)

# grep with file name and line, over the sources; silent when there are none
search() {
    ((${#sources[@]})) || return 0
    grep -HnE "$1" "${sources[@]}" || true
}

# fence NAME INCLUDED ROOMS: only files whose path matches ROOMS include what matches INCLUDED
fence() {
    local hit
    while IFS= read -r hit; do
        [[ ${hit%%:*} =~ ^($3) ]] || breach "$hit: $1 stays in $3"
    done < <(search "^[[:space:]]*#[[:space:]]*include[[:space:]]*[<\"]($2)")
}

fence OpenSSL    'openssl/|boost/(asio|beast)/ssl'           'libs/crypto/|libs/pki/|libs/http/src/tls|bench/'
fence PC/SC      '(PCSC/)?(winscard|pcsclite|reader)\.h[>"]'    'libs/reader/'
fence SQL        'sqlite3\.h|libpq|postgresql/|pqxx/'        'libs/store/|bench/'
fence Qt         'Qt|Q[A-Z]'                                 'apps/phone/'
fence 'PKCS #11' '(p11-kit/)?(pkcs11|p11-kit|uri)\.h[>"]'       'libs/crypto/|apps/pkcs11/|bench/'
fence TPM        'tss2/'                                     'libs/crypto/'

# An include of another room needs the arrow too, even where a third room would make it compile.
# Tests may look further: they bring both ends of a wire together.
declare -A arrows=()
while IFS=: read -r room targets; do
    arrows[$room]=",$targets,"
done < <(sed -nE '/^set\(MITOME_LAYERS/,/\)/s/^ *"([a-z0-9_]+:[a-z0-9_,]*)".*/\1/p' cmake/layers.cmake)
((${#arrows[@]})) || breach "cmake/layers.cmake: no row could be read"

while IFS=: read -r file line text; do
    case $file in
        *_test.cpp | */test_*.hpp | tests/* | bench/*) continue ;;
        apps/element/*) room=element_process ;;
        catalogue/*) room=catalogue ;;
        libs/*/* | services/*/* | apps/*/*) room=${file#*/} room=${room%%/*} ;;
        *) continue ;;
    esac
    included=${text#*mitome/}
    included=${included%%/*}
    [[ $included == "$room" || ${arrows[$room]:-} == *",$included,"* ]] ||
        breach "$file:$line: cmake/layers.cmake has no arrow from $room to $included"
done < <(search '^[[:space:]]*#[[:space:]]*include[[:space:]]*[<"]mitome/')

while IFS= read -r file; do
    [[ -n $file ]] && breach "$file: the first line is not // SPDX-License-Identifier: Apache-2.0"
done < <(((${#sources[@]})) && awk 'FNR == 1 { seen[FILENAME]
    if ($0 != "// SPDX-License-Identifier: Apache-2.0") print FILENAME }
    END { for (i = 1; i < ARGC; ++i) if (!(ARGV[i] in seen)) print ARGV[i] }' "${sources[@]}")

# Names. Vectors and corpora keep the names that their makers gave them.
forbidden='(^|[/_.-])(manager|helper|util|utils|utility|common|misc|handler|processor)s?([/_.-]|$)'
for file in "${files[@]}"; do
    case $file in
        tests/vectors/* | tests/corpus/*) continue ;;
    esac
    [[ ! $file =~ $forbidden ]] || breach "$file: the name says nothing (${BASH_REMATCH[2]})"
    case $file in
        *.cpp | *.hpp)
            [[ ${file##*/} =~ ^[a-z][a-z0-9_]*\.[ch]pp$ ]] || breach "$file: not snake_case"
            ;;
    esac
done

# The root.
shopt -s nullglob
for entry in *; do
    case $entry in
        README.md | README.*.md | CONTRIBUTING.md | CHANGELOG.md | SECURITY.md | LICENSE) ;;
        run | test | CMakeLists.txt | CMakePresets.json) ;;
        apps | services | libs | modules | tests | catalogue | bench | docs | cmake | tools | packaging) ;;
        build | compile_commands.json | CMakeUserPresets.json | *.log) ;;  # never committed
        *) breach "$entry: does not belong at the root" ;;
    esac
done

((breaches == 0)) || {
    printf '%d breaches\n' "$breaches"
    exit 1
}
