#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Made these files with the command line of OpenSSL 3.0. Two CAs that know nothing of each other;
# keys are P-256, valid to 2124, for tests alone.
set -euo pipefail
cd "$(dirname "$0")"
days=36500

# ca NAME
ca() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days $days \
        -subj "/O=Mitome test/CN=$1" -keyout "$1.key" -out "$1.pem" \
        -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign
}

# leaf NAME CA SUBJECT SAN
leaf() {
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "$3" \
        -keyout "$1.key" -out "$1.csr"
    openssl x509 -req -in "$1.csr" -CA "$2.pem" -CAkey "$2.key" -days $days -out "$1.pem" \
        -extfile <(printf '%s\n' 'basicConstraints=critical,CA:FALSE' \
            'keyUsage=critical,digitalSignature' 'extendedKeyUsage=serverAuth,clientAuth' \
            'subjectKeyIdentifier=hash' 'authorityKeyIdentifier=keyid' "subjectAltName=$4")
    rm "$1.csr"
}

ca ca
ca other_ca
leaf server ca '/O=Mitome test/CN=authority' IP:127.0.0.1
leaf elsewhere ca '/O=Mitome test/CN=authority' IP:127.0.0.2,DNS:elsewhere.test
leaf client ca '/O=Mitome test/CN=registration' IP:127.0.0.1
leaf other_client other_ca '/O=Mitome test/CN=registration' IP:127.0.0.1
rm other_ca.key ca.key
