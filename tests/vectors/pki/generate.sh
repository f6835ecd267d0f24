#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes the certificates, CRLs and OCSP answers of this folder with the openssl command alone, from
# keys that it throws away. Each `.expect` holds the lints that must fail, one a line; nothing in
# it: none. Usage: generate.sh (writes beside itself; made with OpenSSL 3.0.19)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export LC_ALL=C.UTF-8

base=http://127.0.0.1:8080
mkdir -p "$here/certificates" "$here/crl" "$here/ocsp"
rm -f "$here"/certificates/* "$here"/crl/* "$here"/ocsp/*

key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1.key"; }
key ca; key stranger; key person; key responder

# conf KIND(sign|auth): the profile of jpki-facts.md §5 and §10 in OpenSSL's words
conf() {
    local unit oid_policy japanese usage san= subject_places=
    if [ "$1" = sign ]; then
        unit='JPKI for digital signature' oid_policy=1.2.392.200149.8.5.1.0.20
        japanese='公的個人認証サービス署名用' usage='digitalSignature,nonRepudiation'
        san='subjectAltName = @san'
    else
        unit='JPKI for user authentication' oid_policy=1.2.392.200149.8.5.1.2.30
        japanese='公的個人認証サービス利用者証明用' usage=digitalSignature
    fi
    cat <<EOF
[req]
distinguished_name = none
string_mask = utf8only
utf8 = yes
prompt = no
[none]
[ca]
default_ca = one
[one]
database = index.txt
new_certs_dir = .
serial = serial
crlnumber = crlnumber
default_md = sha256
policy = any
preserve = yes
unique_subject = no
string_mask = utf8only
crl_extensions = of_crl
[any]
countryName = optional
localityName = optional
organizationName = optional
organizationalUnitName = optional
commonName = optional
[of_ca]
keyUsage = critical,keyCertSign,cRLSign
subjectAltName = ASN1:SEQUENCE:alternative
basicConstraints = critical,CA:TRUE
crlDistributionPoints = of_ca_point
subjectKeyIdentifier = hash
[of_ca_point]
fullname = dirName:ca_name
[ca_name]
0.C = JP
1.O = JPKI-TEST
2.OU = $unit
3.OU = Mitome Sandbox
[alternative]
name = EXPLICIT:4,SEQUENCE:alternative_name
[alternative_name]
0.rdn = SET:alternative_0
1.rdn = SET:alternative_1
2.rdn = SET:alternative_2
3.rdn = SET:alternative_3
[alternative_0]
one = SEQUENCE:alternative_c
[alternative_c]
type = OID:C
value = PRINTABLESTRING:JP
[alternative_1]
one = SEQUENCE:alternative_o
[alternative_o]
type = OID:O
value = FORMAT:UTF8,UTF8String:公的個人認証サービス
[alternative_2]
one = SEQUENCE:alternative_ou
[alternative_ou]
type = OID:OU
value = FORMAT:UTF8,UTF8String:$japanese
[alternative_3]
one = SEQUENCE:alternative_agency
[alternative_agency]
type = OID:OU
value = UTF8String:Mitome Sandbox
[person]
keyUsage = critical,$usage
$san
certificatePolicies = critical,@policy
issuerAltName = ASN1:SEQUENCE:alternative
crlDistributionPoints = point
authorityInfoAccess = OCSP;URI:$base/ocsp,caIssuers;URI:$base/ca/card-$1.cer
authorityKeyIdentifier = keyid
subjectKeyIdentifier = hash
[policy]
policyIdentifier = $oid_policy
CPS.1 = http://www.jpki.go.jp/cps.html
[point]
fullname = @point_names
[point_names]
dirName.1 = point_name
URI.2 = $base/crl/card-$1.crl
[point_name]
0.C = JP
1.O = JPKI-TEST
2.OU = $unit
3.OU = CRL Distribution Points
4.OU = Tokyo-to
5.CN = Kiyose-shi
[san]
otherName.1 = 1.2.392.200149.8.5.5.1;FORMAT:UTF8,UTF8:吉田　太郎
otherName.2 = 1.2.392.200149.8.5.5.4;FORMAT:UTF8,UTF8:319800217
otherName.3 = 1.2.392.200149.8.5.5.3;FORMAT:UTF8,UTF8:1
otherName.4 = 1.2.392.200149.8.5.5.5;FORMAT:UTF8,UTF8:東京都清瀬市中里五丁目八百四十二番地　架空荘二〇三号室
otherName.5 = 1.2.392.200149.8.5.5.2;FORMAT:UTF8,UTF8:10000
otherName.6 = 1.2.392.200149.8.5.5.6;FORMAT:UTF8,UTF8:000000000000000000000000000
[of_crl]
authorityKeyIdentifier = keyid
[responder]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = OCSPSigning
authorityKeyIdentifier = keyid
subjectKeyIdentifier = hash
noCheck = ignored
EOF
}

fresh() { : > index.txt; echo 5A172B3044556677889900AABBCCDD01 > serial; echo 01 > crlnumber; }

# authority KIND KEY NAME: a self-signed CA certificate
authority() {
    local unit='JPKI for digital signature'
    [ "$1" = sign ] || unit='JPKI for user authentication'
    openssl req -new -config "$1.conf" -key "$2.key" -utf8 -out ca.csr \
        -subj "/C=JP/O=JPKI-TEST/OU=$unit/OU=Mitome Sandbox"
    fresh
    openssl ca -batch -notext -utf8 -config "$1.conf" -selfsign -keyfile "$2.key" -in ca.csr \
        -extensions of_ca -startdate 20250716010000Z -enddate 20350715145959Z -out "$3" 2>> log
}

sign_subject=/C=JP/L=Tokyo-to/L=Kiyose-shi/CN=2025102714304513221001S
auth_subject=/C=JP/CN=0123456789ABCD13221001A

# person NAME KIND [EXPECTED LINT …]; reads: conf (changed), subject, end, key, more
person() {
    local name=$1 kind=$2
    shift 2
    local subject_var=${kind}_subject
    openssl req -new -config changed.conf -key person.key -utf8 -out person.csr \
        -subj "${subject:-${!subject_var}}"
    fresh
    # shellcheck disable=SC2086
    openssl ca -batch -notext -utf8 -config changed.conf -cert "ca-$kind.pem" \
        -keyfile "${by:-ca}.key" -in person.csr -extensions person \
        -startdate "${begin:-20251027053045Z}" -enddate "${end:-20300217145959Z}" \
        ${more:-} -out person.pem 2>> log
    openssl x509 -in person.pem -outform DER -out "$here/certificates/$name.der"
    echo "$kind" > "$here/certificates/$name.expect"
    for lint in "$@"; do echo "$lint" >> "$here/certificates/$name.expect"; done
}

# change KIND SED: changed.conf
change() { sed -E "$2" "$1.conf" > changed.conf; }

for kind in sign auth; do
    conf "$kind" > "$kind.conf"
    authority "$kind" ca "ca-$kind.pem"
    openssl x509 -in "ca-$kind.pem" -outform DER -out "$here/ca-$kind.der"
done

change sign ''; person good-sign sign
change auth ''; person good-auth auth

change sign 's/^keyUsage = critical,digitalSignature,nonR/keyUsage = digitalSignature,nonR/'
person key-usage-not-critical sign rfc5280_key_usage_sound
change auth 's/^(keyUsage = critical,digitalSignature)$/\1,keyAgreement/'
person key-usage-agreement auth jpki_key_usage_exact
change auth '/^\[person\]/a basicConstraints = CA:FALSE'
person basic-constraints auth jpki_no_basic_constraints jpki_extension_order
change auth '/^\[person\]/a extendedKeyUsage = clientAuth'
person extended-key-usage auth jpki_no_extended_key_usage jpki_extension_order
change auth 's/^certificatePolicies = critical,/certificatePolicies = /'
person policy-not-critical auth jpki_policies_critical
change auth 's/^policyIdentifier.*/policyIdentifier = 1.2.392.200149.8.5.1.3.30/'
person policy-of-production auth jpki_policy_exact
change auth '/^CPS.1/d'
person policy-without-cps auth jpki_policy_exact
change auth '/^issuerAltName/d'
person no-issuer-alt-name auth jpki_issuer_alt_name_exact jpki_extension_order
change auth 's/^authorityKeyIdentifier = keyid/authorityKeyIdentifier = none/'
person no-authority-key-identifier auth rfc5280_authority_key_identifier \
    jpki_authority_key_identifier_exact jpki_extension_order
change auth 's/^authorityKeyIdentifier = keyid/authorityKeyIdentifier = keyid,issuer:always/'
person authority-key-identifier-with-issuer auth jpki_authority_key_identifier_exact
change auth 's/^subjectKeyIdentifier = hash/subjectKeyIdentifier = 0102030405060708090A0B0C0D0E0F1011121314/'
person foreign-subject-key-identifier auth rfc5280_subject_key_identifier
change auth '/^authorityInfoAccess/s/OCSP;URI:[^,]*,(.*)/\1/'
person access-without-ocsp auth jpki_access_exact
change auth '/^URI.2/d'
person distribution-point-without-url auth jpki_distribution_point_exact
change sign 's/^5.CN = Kiyose-shi/5.CN = Komae-shi/'
person distribution-point-elsewhere sign jpki_distribution_point_of_place
change auth '/^subjectKeyIdentifier/d; /^keyUsage = critical,digitalSignature$/i subjectKeyIdentifier = hash'
person extensions-out-of-order auth jpki_extension_order
change sign 's/5\.5\.5;/5.5.x;/; s/5\.5\.6;/5.5.5;/; s/5\.5\.x;/5.5.6;/'
person other-names-swapped sign jpki_other_names
change sign '/^otherName.6/d'
person other-name-missing sign jpki_other_names
change sign 's/UTF8:10000$/UTF8:100000/'
person flags-too-long sign jpki_name_substitutes
change sign 's/UTF8:319800217/UTF8:419800217/'
person birth-date-of-another-era sign jpki_birth_date
change sign 's/(5\.5\.3;FORMAT:UTF8,UTF8:)1/\19/'
person sex-9 sign jpki_sex
change sign 's/string_mask = utf8only/string_mask = default/'
person printable-subject sign jpki_string_types
change sign ''
subject=/C=JP/L=Tokyo-to/CN=2025102714304513221001S \
    person subject-without-municipality sign jpki_subject_shape
subject=/C=JP/L=Tokyo-to/L=Kiyose-shi/CN=2025102714304513221001A \
    person common-name-of-the-other-kind sign jpki_common_name_shape
change auth ''
end=20300217145958Z person ends-within-a-day auth jpki_ends_with_a_day
end=20321027145959Z person seven-years auth jpki_at_most_six_years
begin=20250716005959Z person before-its-ca auth rfc5280_within_ca_validity
end=20250101145959Z person ends-before-it-begins auth rfc5280_validity_order
more='-md sha1' person sha1 auth rfc5280_signature_algorithm_known \
    jpki_signature_algorithm_of_issuer
more='-md sha384' person sha384 auth jpki_signature_algorithm_of_issuer

# A CRL with reasons, one without entries; an answer of `openssl ocsp` for the good certificate.
change auth ''
person good-auth auth
fresh
openssl ca -batch -config auth.conf -keyfile ca.key -cert ca-auth.pem -gencrl \
    -crl_lastupdate 20251201000000Z -crl_nextupdate 20251202000000Z -out crl.pem 2>> log
openssl crl -in crl.pem -outform DER -out "$here/crl/empty.der"
serial() { openssl x509 -in person.pem -noout -serial | sed 's/.*=//'; }
{
    printf 'R\t300217145959Z\t251127000000Z,keyCompromise\t05\tunknown\t/CN=x\n'
    printf 'R\t300217145959Z\t251127000000Z,superseded\t85\tunknown\t/CN=x\n'
    printf 'R\t300217145959Z\t251127010203Z\t0123456789\tunknown\t/CN=x\n'
    printf 'R\t300217145959Z\t251127000000Z,holdInstruction,holdInstructionReject\t%s\tunknown\t/CN=x\n' \
        40000000000000000000000000000001
    printf 'R\t300217145959Z\t251127000000Z,keyTime,20251120112233Z\t%s\tunknown\t/CN=x\n' \
        "$(serial)"
} > index.txt
openssl ca -batch -config auth.conf -keyfile ca.key -cert ca-auth.pem -gencrl \
    -crl_lastupdate 20251201000000Z -crl_nextupdate 20251202000000Z -out crl.pem 2>> log
openssl crl -in crl.pem -outform DER -out "$here/crl/reasons.der"

cp index.txt ocsp-index.txt
openssl req -new -config auth.conf -key responder.key -out responder.csr -subj /CN=Responder
fresh
openssl ca -batch -notext -config auth.conf -cert ca-auth.pem -keyfile ca.key -in responder.csr \
    -extensions responder -startdate 20251001000000Z -enddate 20491231235959Z \
    -out responder.pem 2>> log
openssl ocsp -issuer ca-auth.pem -cert person.pem -nonce -reqout "$here/ocsp/request.der"
openssl ocsp -sha256 -issuer ca-auth.pem -serial 0x05 -sha256 -issuer ca-auth.pem \
    -serial 0x1234567890 -no_nonce -reqout "$here/ocsp/request-of-two.der"
for request in request request-of-two; do
    openssl ocsp -index ocsp-index.txt -CA ca-auth.pem -rsigner responder.pem \
        -rkey responder.key -ndays 3650 -reqin "$here/ocsp/$request.der" \
        -respout "$here/ocsp/response${request#request}.der" >> log 2>&1
done
