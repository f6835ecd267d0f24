#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# links_test.sh accepts this tree's documents, and names what is wrong with each spoilt copy.
# Usage: links_refuse_test.sh ROOT SCRATCH
set -euo pipefail
root=$1 scratch=$2
links=$root/tests/docs/links_test.sh
failures=0

rm -rf "$scratch"
mkdir -p "$scratch"
(cd "$root" && git ls-files -z | tar --null --ignore-failed-read -cf - -T - 2>/dev/null) |
    tar -xf - -C "$scratch"

refuses() { # what it must say | page | line to add
    local said page=$scratch/$2
    [[ ! -e $page ]] || cp "$page" "$scratch/kept"
    printf '\n%s\n' "$3" >>"$page"
    if said=$("$links" "$scratch" 2>&1) || [[ $said != *"$1"* ]]; then
        printf 'FAILED: "%s" in %s should be refused, saying "%s"; said: %s\n' "$3" "$2" "$1" "$said"
        failures=$((failures + 1))
    fi
    if [[ -e $scratch/kept ]]; then mv "$scratch/kept" "$page"; else rm "$page"; fi
}

refuses 'nothing at'       docs/holder.md    '[gone](gone.md)'
refuses 'no heading for'   docs/operations.md '[gone](#no-such-heading)'
refuses 'one machine'      README.md         "It is in /home""/someone."
refuses 'not in the index' docs/decisions/9999-forgotten.md '# 9999'

rm -rf "$scratch"
((failures == 0))
