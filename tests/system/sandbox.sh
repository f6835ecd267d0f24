# SPDX-License-Identifier: Apache-2.0
# Sourced by every system test: where things are, and how to say what is expected.
#   PROGRAMS_FOLDER SHARED_HOME SCRATCH
set -uo pipefail
PATH=$1:$PATH
export MITOME_HOME=$2 MITOME_LANG=en
scratch=${3:-}
[[ -z $scratch ]] || { rm -rf "$scratch"; mkdir -p "$scratch"; cd "$scratch" || exit 1; }
failures=0
checks=0

fail() {
    failures=$((failures + 1))
    printf 'FAILED: %s\n' "$*"
}

# expect NAME STATUS command…: the exit status; output is kept in $out and $err
expect() {
    local name=$1 wanted=$2 status=0
    shift 2
    checks=$((checks + 1))
    "$@" >out.txt 2>err.txt || status=$?
    out=$(tr -d '\0' <out.txt) err=$(tr -d '\0' <err.txt)
    if ((status != wanted)); then
        fail "$name: exit $status, wanted $wanted"
        printf '  command: %s\n' "$*"
        head -c 1500 out.txt | sed 's/^/  out: /'
        head -c 1500 err.txt | sed 's/^/  err: /'
        return 1
    fi
}

# holds NAME TEXT PATTERN: the text matches an extended regular expression
holds() {
    checks=$((checks + 1))
    [[ $2 =~ $3 ]] || { fail "$1: no match of '$3'"; printf '%s\n' "$2" | head -n 12 | sed 's/^/  /'; return 1; }
}

# lacks NAME TEXT PATTERN
lacks() {
    checks=$((checks + 1))
    [[ ! $2 =~ $3 ]] || { fail "$1: there is a match of '$3'"; return 1; }
}

# same NAME GOT WANTED
same() {
    checks=$((checks + 1))
    [[ $2 == "$3" ]] || { fail "$1: '$2', wanted '$3'"; return 1; }
}

# secret NAME VALUE command…: runs the command with the secret on a descriptor of its own
with() {
    local options=() descriptors=() number=20
    while [[ $1 != -- ]]; do
        local file="secret.$number"
        (umask 077; printf '%s\n' "$2" >"$file")
        eval "exec $number<\"$file\""
        rm -f "$file"
        options+=(--secret "$1=fd:$number")
        descriptors+=("$number")
        number=$((number + 1))
        shift 2
    done
    shift
    local status=0
    "$@" "${options[@]}" || status=$?
    for number in "${descriptors[@]}"; do eval "exec $number<&-"; done
    return $status
}

field() { # JSON on standard input, a jq path
    jq -r "$1"
}

end() {
    printf '%d passed, %d failed\n' $((checks - failures)) "$failures"
    exit $((failures > 0))
}
