#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Made the keys and certificates beside it, with OpenSSL 3.0. Their subjects are invented.
set -euo pipefail
cd "$(dirname "$0")"
make() {
    openssl genpkey 2>/dev/null "${@:3}" | openssl pkcs8 -topk8 -nocrypt -outform DER -out "$1.p8"
    openssl req -x509 -key "$1.p8" -keyform DER -outform DER -out "$1.der" -days 36500 \
        -subj "/C=JP/CN=$2" -addext 'keyUsage=critical,digitalSignature'
}
make rsa2048 TESTRSA2048 -algorithm RSA -pkeyopt rsa_keygen_bits:2048
make rsa3072 TESTRSA3072 -algorithm RSA -pkeyopt rsa_keygen_bits:3072
make p256 TESTP256 -algorithm EC -pkeyopt ec_paramgen_curve:P-256
