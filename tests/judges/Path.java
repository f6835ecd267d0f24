// SPDX-License-Identifier: Apache-2.0
// The JDK's own PKIX: a path from an end entity to its CA, with revocation by CRL.
//   java Path.java CA.pem CRL.der EE.pem good|revoked
import java.io.FileInputStream;
import java.security.cert.*;
import java.util.*;

public class Path {
    public static void main(String[] args) throws Exception {
        CertificateFactory factory = CertificateFactory.getInstance("X.509");
        X509Certificate ca = (X509Certificate) factory.generateCertificate(new FileInputStream(args[0]));
        X509CRL crl = (X509CRL) factory.generateCRL(new FileInputStream(args[1]));
        X509Certificate ee = (X509Certificate) factory.generateCertificate(new FileInputStream(args[2]));
        PKIXParameters parameters = new PKIXParameters(Set.of(new TrustAnchor(ca, null)));
        parameters.setPolicyQualifiersRejected(false); // certificatePolicies is critical here and has a CPS
        parameters.addCertStore(CertStore.getInstance("Collection", new CollectionCertStoreParameters(List.of(crl))));
        String verdict;
        try {
            CertPathValidator.getInstance("PKIX").validate(factory.generateCertPath(List.of(ee)), parameters);
            verdict = "good";
        } catch (CertPathValidatorException refusal) {
            verdict = refusal.getReason() == CertPathValidatorException.BasicReason.REVOKED ? "revoked" : refusal.toString();
        }
        System.out.println(verdict);
        System.exit(verdict.equals(args[3]) ? 0 : 1);
    }
}
