# SPDX-License-Identifier: Apache-2.0
# The sandbox comes up, comes up again, heals what was killed, goes down, and finds its state.
home=$3/home
source "$(dirname "$0")/sandbox.sh"
export MITOME_HOME=$home
trap 'mitome sandbox down >/dev/null 2>&1; MITOME_HOME=$home-b mitome sandbox down >/dev/null 2>&1' EXIT
expect "down before up" 0 mitome sandbox down
expect "env before up" 7 mitome sandbox env
expect "up" 0 mitome sandbox up
eval "$(mitome sandbox env)"
same "the sockets' folder is its owner's" "$(stat -c %a "$MITOME_HOME/run")" 700
ports=$(jq -c .ports "$MITOME_HOME/sandbox.json")
read -r low high </proc/sys/net/ipv4/ip_local_port_range
for port in $(jq -r '.[]' <<<"$ports"); do
    ((10000 <= port && (port < low || high < port))) || fail "an outgoing connection may take port $port"
done
for name in $(mitome sandbox status --json | jq -r '.processes[].name'); do
    pid=$(mitome sandbox status --json | jq -r ".processes[] | select(.name == \"$name\") | .pid")
    kill -9 "$pid"
    for _ in $(seq 100); do kill -0 "$pid" 2>/dev/null || break; sleep 0.02; done
    expect "$name was killed: up" 0 mitome sandbox up --json
    same "$name was killed: all run" "$(field '[.processes[].state] | unique | join(",")' <out.txt)" running
done
expect "the card is still in the reader" 0 mitome card show --json
same "it is card 1's" "$(field '.certificates | length' <out.txt)" 2
expect "a revocation" 0 mitome authority revoke --ca card-auth --serial "$(field '.certificates[] | select(.kind == "auth") | .serial' <out.txt)" --reason superseded
expect "a second home beside it" 0 env MITOME_HOME="$home-b" mitome sandbox up
ss -Hltn 2>/dev/null | awk '{ print $4 }' | grep -E '^(0\.0\.0\.0|\*|\[::\]):' >open.txt
for port in $(jq -r '.[]' <<<"$ports"); do
    ! grep -q ":$port\$" open.txt || fail "port $port listens to the world"
done
expect "second home down" 0 env MITOME_HOME="$home-b" mitome sandbox down
expect "the first one did not notice" 0 mitome sandbox env
expect "down" 0 mitome sandbox down
expect "status after down" 0 mitome sandbox status --json
same "nothing runs" "$(field '[.processes[] | select(.state == "running")] | length' <out.txt)" 0
pgrep -f "$home/" >left.txt && fail "processes are left: $(cat left.txt)"
taken=$(jq .registration_public <<<"$ports")
python3 -c 'import socket, sys, time
door = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print("taken", flush=True)
time.sleep(300)' "$taken" >taken.txt &
other=$!
for _ in $(seq 200); do [[ -s taken.txt ]] && break; sleep 0.02; done
expect "another program has a port of ours" 7 mitome sandbox up --json
same "its code" "$(field .error.code <out.txt)" port_in_use
holds "the port is named" "$(field .error.message <out.txt)" "$taken"
holds "the process is named" "$(field .error.message <out.txt)" registration
same "the ports are kept" "$(jq -c .ports "$MITOME_HOME/sandbox.json")" "$ports"
kill "$other"
wait "$other" 2>/dev/null
expect "up again" 0 mitome sandbox up
same "the ports are the same" "$(jq -c .ports "$MITOME_HOME/sandbox.json")" "$ports"
expect "the revocation is remembered" 0 mitome card show --json
same "revoked" "$(field '.certificates[] | select(.kind == "auth") | .state' <out.txt)" revoked
expect "down" 0 mitome sandbox down
long=$PWD/$(printf 'x%.0s' {1..100})
expect "a path too long for a socket" 64 env MITOME_HOME="$long" mitome sandbox up --json
same "its code" "$(field .error.code <out.txt)" socket_path_too_long
expect "help" 0 mitome --help
# No output, and no harm, when standard output is full.
if [[ -e /dev/full ]]; then
    status=0
    mitome sandbox status --json >/dev/full 2>/dev/null || status=$?
    same "full standard output is no success" "$status" 7
fi
end
