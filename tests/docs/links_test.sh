#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The documents hold together: every relative link leads to a file (and to a heading, where it
# names one), no page speaks of somebody's machine, and a Japanese page stands beside its English one.
# Usage: links_test.sh ROOT
set -euo pipefail
cd "$1"

failed=0
complain() {
    printf 'docs: %s\n' "$*" >&2
    failed=1
}

# The names by which a heading is linked: small letters, no marks, hyphens for blanks.
anchors() {
    sed -n '/^```/,/^```/d; s/^##* *//p' "$1" |
        sed 's/`//g; s/.*/\L&/; s/[][(){}.,:;!?"“”’、。（）…\/|*+<>=&@#$%^~–—]//g; s/'"'"'//g; s/ /-/g'
}

pages=()
while IFS= read -r page; do pages+=("$page"); done < <(
    find . -name '*.md' -not -path './build/*' -not -path './.git/*' -not -path './tests/corpus/*' |
        sort
)
((${#pages[@]} > 20)) || complain "only ${#pages[@]} pages were found; is this the root?"

links=0
for page in "${pages[@]}"; do
    while IFS= read -r link; do
        [[ $link != *://* && $link != mailto:* ]] || continue
        links=$((links + 1))
        file=${link%%#*}
        target=$page
        [[ -z $file ]] || target=$(dirname "$page")/$file
        if [[ ! -e $target ]]; then
            complain "$page: nothing at $link"
        elif [[ $link == *'#'* ]] && ! anchors "$target" | grep -qxF -- "${link#*#}"; then
            complain "$page: no heading for $link"
        fi
    done < <(grep -v '^    ' "$page" | grep -oP '\]\(\K[^)\s]+' || true)

    if grep -nE '(/home/|/root/|/work/|/Users/|/tmp/[a-z])' "$page" >&2; then
        complain "$page: names a place of one machine"
    fi
done
((links > 20)) || complain "only $links links were found; does the search still work?"

for page in README docs/holder docs/failures; do
    [[ -e $page.md && -e $page.ja.md ]] || complain "$page: one of its two languages is missing"
done

# What the decisions' index lists, and what is there, are the same.
for page in docs/decisions/[0-9]*.md; do
    grep -qF "($(basename "$page"))" docs/decisions/README.md || complain "$page: not in the index"
done

exit $failed
