#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes the files of this folder anew with the OpenSSL command line alone (3.0.22 made those kept
# here). PKCS#8 and SubjectPublicKeyInfo in DER; signatures are over the file `message`.
set -euo pipefail
cd "$(dirname "$0")"

printf 'mitome: a message to sign\n' >message
key() {  # NAME genpkey-options…
    local name=$1
    shift
    openssl genpkey "$@" | openssl pkcs8 -topk8 -nocrypt -outform DER -out "$name.p8"
    openssl pkey -in "$name.p8" -inform DER -pubout -outform DER -out "$name.spki"
}
key rsa2048 -algorithm RSA -pkeyopt rsa_keygen_bits:2048
key rsa3072 -algorithm RSA -pkeyopt rsa_keygen_bits:3072
key rsa4096 -algorithm RSA -pkeyopt rsa_keygen_bits:4096
key p256 -algorithm EC -pkeyopt ec_paramgen_curve:P-256
key p384 -algorithm EC -pkeyopt ec_paramgen_curve:P-384

sign() {  # KEY HASH SIGNATURE options…
    local key=$1 hash=$2 out=$3
    shift 3
    openssl dgst "-$hash" -sign "$key.p8" -keyform DER "$@" -out "$out" message
}
sign rsa2048 sha256 rsa2048-sha256.sig
sign rsa3072 sha384 rsa3072-sha384.sig
sign rsa4096 sha512 rsa4096-sha512.sig
sign p256 sha256 p256-sha256.sig
sign p384 sha384 p384-sha384.sig
sign rsa2048 sha256 rsa2048-pss-sha256.sig -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest
# Type 1 padding over octets that are no DigestInfo.
openssl pkeyutl -sign -inkey rsa2048.p8 -keyform DER -in message -out rsa2048-raw.sig

# Keys that must be refused, each for one reason.
key refused-rsa1024 -algorithm RSA -pkeyopt rsa_keygen_bits:1024
key refused-p521 -algorithm EC -pkeyopt ec_paramgen_curve:P-521
key refused-p256-explicit -algorithm EC -pkeyopt ec_paramgen_curve:P-256 \
    -pkeyopt ec_param_enc:explicit
key refused-ed25519 -algorithm ED25519
openssl ec -in p256.p8 -inform DER -pubout -conv_form compressed -outform DER \
    -out refused-p256-compressed.spki 2>/dev/null
