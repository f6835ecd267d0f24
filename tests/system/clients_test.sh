# SPDX-License-Identifier: Apache-2.0
# ssh and curl authenticate with the card, through OpenSC.
source "$(dirname "$0")/sandbox.sh"
eval "$(mitome sandbox env)"
[[ -n ${PCSCLITE_CSOCK_NAME:-} ]] || { fail "no PC/SC here"; end; }
export PCSCLITE_CSOCK_NAME
module=$(ls /usr/lib/*/opensc-pkcs11.so | head -n 1)
export OPENSC_CONF=$PWD/opensc.conf
# The card alone: a phone in the second reader has a token of the same name.
printf 'app default { ignored_readers = "%s"; }\napp opensc-pkcs11 { pkcs11 { create_slots_for_pins = "user"; } }\n' \
    "$MITOME_PHONE_READER" >opensc.conf
expect "insert" 0 mitome card insert 1
free_port() { # one that no outgoing connection takes
    local low port
    read -r low _ </proc/sys/net/ipv4/ip_local_port_range
    while port=$((10000 + RANDOM % (low > 11000 ? low - 10000 : 20000))); do
        (exec 3<>/dev/tcp/127.0.0.1/"$port") 2>/dev/null || break
    done
    echo "$port"
}
pids=()
stop_servers() { for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null; wait "$pid" 2>/dev/null; done; pids=(); }
trap stop_servers EXIT

# ssh
expect "ssh-keygen lists the card's key" 0 ssh-keygen -D "$module"
grep -m1 '^ssh-rsa' out.txt >authorized_keys
ssh-keygen -q -t ed25519 -N '' -f host_key
port=$(free_port)
chmod 600 authorized_keys
mkdir -p /run/sshd 2>/dev/null
cat >sshd_config <<CONF
Port $port
ListenAddress 127.0.0.1
HostKey $PWD/host_key
AuthorizedKeysFile $PWD/authorized_keys
PidFile $PWD/sshd.pid
StrictModes no
UsePAM no
PasswordAuthentication no
CONF
/usr/sbin/sshd -D -e -f "$PWD/sshd_config" >sshd.log 2>&1 &
pids+=($!)
printf '#!/bin/sh\necho 1234\n' >askpass && chmod +x askpass
for _ in $(seq 100); do (exec 3<>/dev/tcp/127.0.0.1/"$port") 2>/dev/null && break; sleep 0.05; done
expect "ssh logs in with the card" 0 env SSH_ASKPASS="$PWD/askpass" SSH_ASKPASS_REQUIRE=force ssh -F none -p "$port" \
    -o PKCS11Provider="$module" -o IdentityAgent=none -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
    -o PreferredAuthentications=publickey "$(id -un)@127.0.0.1" echo reached
holds "a shell behind it" "$out" reached
stop_servers

# curl over TLS 1.2, the client certificate on the card
port=$(free_port)
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout server.key -out server.pem -subj /CN=localhost \
    -addext subjectAltName=DNS:localhost -days 2 2>/dev/null
openssl s_server -accept 127.0.0.1:"$port" -cert server.pem -key server.key -CAfile "$MITOME_CA_CARD_AUTH" -Verify 1 -verify_return_error \
    -tls1_2 -client_sigalgs RSA+SHA256 -www >server.log 2>&1 </dev/null &
pids+=($!)
for _ in $(seq 100); do (exec 3<>/dev/tcp/127.0.0.1/"$port") 2>/dev/null && break; sleep 0.05; done
token='pkcs11:token=JPKI%20%28User%20Authentication%20PIN%29'
PKCS11_MODULE_PATH=$module
export PKCS11_MODULE_PATH
token=pkcs11:$(pkcs11-tool --module "$module" -L 2>/dev/null | awk -F': *' '/token label/ { print "token=" $2; exit }' | sed 's/ *$//; s/ /%20/g; s/(/%28/g; s/)/%29/g')
expect "curl shows the card's certificate" 0 curl -sS --cacert server.pem --tls-max 1.2 --engine pkcs11 \
    --cert-type ENG --cert "$token;id=%01;type=cert" --key-type ENG --key "$token;id=%01;type=private;pin-value=1234" "https://localhost:$port/"
holds "the server verified it" "$out" "Verify return code: 0|Verification: OK|Client certificate"
end
