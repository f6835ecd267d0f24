#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A receipt that openssl alone made: maker, element, content and signature.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
oid=1.3.6.1.4.1.59999.1.1

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$work/maker.key" \
  -out maker-root.pem -subj "/CN=Maker" -days 7300 -addext keyUsage=critical,keyCertSign
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$work/element.key" \
  -out "$work/element.csr" -subj "/O=Sample/CN=element 01020304050607080910"
printf 'basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign\n' > "$work/ext"
openssl x509 -req -in "$work/element.csr" -CA maker-root.pem -CAkey "$work/maker.key" \
  -set_serial 5 -days 7300 -extfile "$work/ext" -out "$work/element.pem"

cat > "$work/content.conf" <<'EOF'
asn1=SEQUENCE:receipt
[receipt]
version=INTEGER:1
element=FORMAT:HEX,OCTETSTRING:01020304050607080910
order=FORMAT:HEX,OCTETSTRING:A1000000000000000000000000000000
number=INTEGER:7
signed=FORMAT:HEX,OCTETSTRING:B100000000000000000000000000000000000000000000000000000000000000
challenge=FORMAT:HEX,OCTETSTRING:C1000000000000000000000000000000
keys=SEQUENCE:keys
record=INTEGER:300
result=INTEGER:0
[keys]
one=FORMAT:HEX,OCTETSTRING:D100000000000000000000000000000000000000000000000000000000000000
two=FORMAT:HEX,OCTETSTRING:D200000000000000000000000000000000000000000000000000000000000000
EOF
openssl asn1parse -genconf "$work/content.conf" -noout -out content.der
openssl cms -sign -binary -nodetach -econtent_type "$oid" -in content.der -md sha256 \
  -signer "$work/element.pem" -inkey "$work/element.key" -outform DER -out receipt.der
