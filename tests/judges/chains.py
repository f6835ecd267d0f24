# SPDX-License-Identifier: Apache-2.0
"""pyca/cryptography reads what we issue, and checks its signatures itself."""
import os
import sys
import urllib.request

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp

passed = failed = 0


def check(name, holds):
    global passed, failed
    if holds:
        passed += 1
    else:
        failed += 1
        print("FAILED:", name)


folder = sys.argv[1]
for kind in ("sign", "auth"):
    with open(f"{folder}/{kind}.pem", "rb") as file:
        certificate = x509.load_pem_x509_certificate(file.read())
    with open(os.environ[f"MITOME_CA_CARD_{kind.upper()}"], "rb") as file:
        issuer = x509.load_pem_x509_certificate(file.read())
    certificate.verify_directly_issued_by(issuer)
    check(f"{kind}: every extension is read", len(list(certificate.extensions)) >= 7)
    policies = certificate.extensions.get_extension_for_class(x509.CertificatePolicies)
    check(f"{kind}: policies are critical", policies.critical)
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    check(f"{kind}: key usage", usage.digital_signature and usage.content_commitment == (kind == "sign"))
    access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    responder = next(a.access_location.value for a in access
                     if a.access_method == x509.AuthorityInformationAccessOID.OCSP)
    request = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, hashes.SHA256()).add_extension(
        x509.OCSPNonce(os.urandom(32)), False).build()
    answer = urllib.request.urlopen(urllib.request.Request(
        responder, request.public_bytes(serialization.Encoding.DER), {"Content-Type": "application/ocsp-request"}),
        timeout=10).read()
    response = ocsp.load_der_ocsp_response(answer)
    check(f"{kind}: OCSP says good", response.certificate_status == ocsp.OCSPCertStatus.GOOD)
    responder_certificate = response.certificates[0]
    responder_certificate.verify_directly_issued_by(issuer)
    from cryptography.hazmat.primitives.asymmetric import ec
    responder_certificate.public_key().verify(
        response.signature, response.tbs_response_bytes, ec.ECDSA(response.signature_hash_algorithm))
    check(f"{kind}: OCSP is signed by its delegate", True)
    url = f"{os.environ['MITOME_CRL_URL']}/card-{kind}.crl"
    crl = x509.load_der_x509_crl(urllib.request.urlopen(url, timeout=10).read())
    check(f"{kind}: CRL is signed by the CA", crl.is_signature_valid(issuer.public_key()))
    check(f"{kind}: CRL does not name it",
          crl.get_revoked_certificate_by_serial_number(certificate.serial_number) is None)

print(f"{passed} passed, {failed} failed")
sys.exit(failed != 0)
