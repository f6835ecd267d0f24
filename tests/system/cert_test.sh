# SPDX-License-Identifier: Apache-2.0
# mitome cert show names what openssl reads in a certificate.
here=$(cd "$(dirname "$0")" && pwd)
source "$here/sandbox.sh"
expect "a card with its keys in files" 0 mitome card new --resident 1 --keys keys

shown() { # LANGUAGE FILE
    expect "show $2 in $1" 0 mitome --lang "$1" cert show "$2"
    lacks "no empty row of $2 in $1" "$out" $': *(\n|$)'
}
shown en keys/sign.pem
for row in 'Name: 吉田　太郎' 'Address: 東京都' 'Date of birth: 17 February 1980 \(Showa 55\)' 'Sex: male' \
    'Key usage \(critical\): digital signature, non-repudiation' 'Practice statement \(CPS\) \(critical\): http' \
    'Certificate policy \(critical\): 1\.2\.392\.' 'Issuer, in Japanese: .*公的個人認証サービス署名用' \
    'CRL, by name: CN=Kiyose-shi,.*C=JP' 'CRL: http.*card-sign\.crl' 'Status \(OCSP\): http.*/ocsp' \
    'Issuer’s certificate: http.*card-sign\.cer' 'Subject key identifier: [0-9A-F]{40}' \
    'Authority key identifier: [0-9A-F]{40}' 'Substitute characters in the name: character 1 “吉”'; do
    holds "a row" "$out" "$row"
done
lacks "nothing is unknown" "$out" 'Other extension'
shown ja keys/sign.pem
holds "birth date in Japanese" "$out" '生年月日: 1980年2月17日（昭和55年）'
holds "sex in Japanese" "$out" '性別: 男'
shown ja-easy keys/sign.pem
holds "birth date in easy Japanese" "$out" '生まれた日: 1980年2月17日'
shown en keys/auth.pem
lacks "an authentication certificate names nobody" "$out" '(^|'$'\n'')(Name|Address|Sex):'

cat >all.cnf <<'CONF'
[all]
keyUsage = critical,digitalSignature,keyEncipherment,dataEncipherment,keyAgreement,encipherOnly
extendedKeyUsage = critical,serverAuth,clientAuth,OCSPSigning,cmcRA,1.2.3.4
basicConstraints = critical,CA:FALSE
subjectAltName = DNS:example.jp,IP:192.0.2.1,email:a@example.jp,URI:http://example.jp/,otherName:1.2.3.5;UTF8:x
issuerAltName = dirName:dir
authorityInfoAccess = OCSP;URI:http://o.example/,caIssuers;URI:http://i.example/,1.2.3.6;URI:http://x.example/
crlDistributionPoints = point
certificatePolicies = 1.2.3.7,@policy
nameConstraints = permitted;DNS:example.jp
policyConstraints = requireExplicitPolicy:0
inhibitAnyPolicy = 0
tlsfeature = status_request
noCheck = ignored
1.2.3.8 = critical,ASN1:UTF8String:abc
1.3.6.1.4.1.11129.2.1.17 = DER:3003020164
[dir]
C = JP
O = Issuing office
[point]
fullname = dirName:dir
CRLissuer = dirName:dir
[policy]
policyIdentifier = 1.2.3.9
CPS.1 = http://c.example/
userNotice.1 = @notice
[notice]
explicitText = UTF8:For tests only
CONF
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout all.key -out all.pem -utf8 -subj '/CN=all' \
    -config <(printf '[req]\ndistinguished_name=d\nutf8=yes\nstring_mask=utf8only\nx509_extensions=all\n[d]\n'; cat all.cnf) 2>openssl.txt || fail "openssl: $(cat openssl.txt)"
shown en all.pem
for row in 'Key usage \(critical\): digital signature, key encipherment, data encipherment, key agreement, encipher only' \
    'Extended key usage \(critical\): TLS server, TLS client, signing OCSP answers, registration authority \(CMC\), 1\.2\.3\.4' \
    'Is a CA certificate \(critical\): No' 'Subject, written otherwise: host: example\.jp' 'IP address: 192\.0\.2\.1' \
    'e-mail: a@example\.jp' 'written otherwise: http://example\.jp/' 'other name: 1\.2\.3\.5=x' 'Issuer, in Japanese: O=Issuing office,C=JP' \
    'Status \(OCSP\): http://o\.example/' 'Issuer’s certificate: http://i\.example/' 'Other access: 1\.2\.3\.6: http://x\.example/' \
    'CRL, by name: O=Issuing office,C=JP' 'CRL issuer: O=Issuing office,C=JP' 'Practice statement \(CPS\): http://c\.example/' \
    'Policy notice: For tests only' 'Name constraints: 2\.5\.29\.30, [0-9]+ octets' 'Policy constraints: ' 'Inhibit anyPolicy: ' \
    'TLS feature: ' 'No revocation check needed: Yes' 'Other extension \(critical\): 1\.2\.3\.8, 5 octets' \
    'Key attestation: 1\.3\.6\.1\.4\.1\.11129\.2\.1\.17, 5 octets'; do
    holds "a row" "$out" "$row"
done
shown ja all.pem
shown ja-easy all.pem
expect "JSON" 0 mitome cert show all.pem --json
same "purposes" "$(field '.extended_key_usage | join(",")' <out.txt)" serverAuth,clientAuth,OCSPSigning,cmcRA,1.2.3.4
same "every extension by its name" "$(field '[.extensions[] | select(.name == null) | .oid] | join(",")' <out.txt)" 1.2.3.8
same "as many as openssl finds" "$(field '.extensions | length' <out.txt)" "$(openssl asn1parse -in all.pem | grep -c 'OCTET STRING')"

attested=$(od -An -v -tx1 "$here/../corpus/attestation/key_description" | tr -d ' \n')
openssl req -x509 -key all.key -out attested.pem -subj /CN=attested -addext "1.3.6.1.4.1.11129.2.1.17=DER:$attested" 2>openssl.txt || fail "openssl: $(cat openssl.txt)"
shown en attested.pem
holds "where the key was made" "$out" 'Key attestation: (in|not)'

printf -v steering 'x\033[2J'
openssl req -x509 -key all.key -out steering.pem -subj "/CN=$steering" -addext "issuerAltName=URI:http://$steering" 2>openssl.txt || fail "openssl: $(cat openssl.txt)"
shown en steering.pem
lacks "a certificate does not steer the terminal" "$out" $'\033'
holds "it is shown" "$out" '1B\[2J'
end
