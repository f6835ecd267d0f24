// SPDX-License-Identifier: Apache-2.0

// OCSP answers in one process, without HTTP: what mitome-status does for a request, what OpenSSL's
// library does for it, and one bare signature. P-256.
#include "ocsp_world.hpp"
#include "publication.hpp"

#include <mitome/crypto/openssl.hpp>

#include <openssl/ocsp.h>
#include <openssl/x509.h>

#include <cstring>

namespace mitome::bench {
namespace {

using crypto::Releases;
using OsslRequest = std::unique_ptr<OCSP_REQUEST, Releases<OCSP_REQUEST_free>>;
using OsslResponse = std::unique_ptr<OCSP_RESPONSE, Releases<OCSP_RESPONSE_free>>;
using OsslBasic = std::unique_ptr<OCSP_BASICRESP, Releases<OCSP_BASICRESP_free>>;
using OsslTime = std::unique_ptr<ASN1_TIME, Releases<ASN1_TIME_free>>;
using OsslCertificate = std::unique_ptr<X509, Releases<X509_free>>;
using OsslDigest = std::unique_ptr<EVP_MD_CTX, Releases<EVP_MD_CTX_free>>;

OsslCertificate openssl_certificate(const pki::Certificate& of) {
    const std::uint8_t* from = of.der().data();
    return OsslCertificate{d2i_X509(nullptr, &from, static_cast<long>(of.der().size()))};
}

int openssl_answer(BytesView der, X509* certificate, EVP_PKEY* key) {
    const std::uint8_t* from = der.data();
    const OsslRequest request{d2i_OCSP_REQUEST(nullptr, &from, static_cast<long>(der.size()))};
    must_hold(request != nullptr, "OpenSSL reads our request");
    OCSP_CERTID* id = OCSP_onereq_get0_id(OCSP_request_onereq_get0(request.get(), 0));
    const OsslBasic basic{OCSP_BASICRESP_new()};
    const OsslTime this_update{X509_gmtime_adj(nullptr, 0)};
    const OsslTime next_update{X509_gmtime_adj(nullptr, 600)};
    OCSP_basic_add1_status(basic.get(), id, V_OCSP_CERTSTATUS_GOOD, 0, nullptr, this_update.get(),
                           next_update.get());
    OCSP_copy_nonce(basic.get(), request.get());
    must_hold(
        OCSP_basic_sign(basic.get(), certificate, key, EVP_sha256(), nullptr, OCSP_RESPID_KEY) == 1,
        "OpenSSL signs");
    const OsslResponse response{OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic.get())};
    std::uint8_t* encoded = nullptr;
    const int size = i2d_OCSP_RESPONSE(response.get(), &encoded);
    OPENSSL_free(encoded);
    return size;
}

int run(double span) {
    const SystemClock clock;
    status::Publication publication{clock};
    const std::vector<Authority> authorities = four_authorities();
    for (const Authority& by : authorities) {
        const pki::Ca ca = by.profile.ca();
        must(publication.set_ca(by.certificate, ca));
        std::shared_ptr<crypto::Signer> key = new_key();  // the publication owns it too
        auto certificate = responder_certificate(by, key->spki());
        must(publication.set_responder(ca, std::move(key), std::move(certificate)));
        must(publication.set_crl(ca, empty_crl(by)));
    }
    const Authority& first = authorities.front();
    for (std::size_t n = 0; n < issued; ++n) {
        must(publication.put(first.profile.ca(), serial(n), {}));
    }
    publication.heard();

    const Bytes nonce = crypto::SystemRandom{}.octets(pki::usual_ocsp_nonce);
    const Bytes asking = ocsp_request(first, 7, nonce);
    const Bytes asking_kept = ocsp_request(first, 7, {});
    const Key own_key = new_key();
    const crypto::PKey key = crypto::key_of(*own_key);
    const auto openssl_own = openssl_certificate(responder_certificate(first, own_key->spki()));

    const OsslDigest kept{EVP_MD_CTX_new()}, context{EVP_MD_CTX_new()};
    EVP_DigestSignInit(kept.get(), nullptr, EVP_sha256(), nullptr, key.get());
    Bytes response_data(280, 0x30), signature(80);  // as many octets as ours signs
    std::uint64_t answers = 0;

    const auto ours = [&](const Bytes& request) {
        const auto answer = publication.answer(request);
        must_hold(answer.index() == 0 && std::get<0>(answer)->der.size() > 300, "an answer");
    };
    race({{.name = "ocsp.process.ours", .once = [&] { ours(asking); }},
          {.name = "ocsp.process.floor",
           .once =
               [&] {
                   std::memcpy(&response_data[60], &++answers, sizeof answers);
                   EVP_MD_CTX_copy_ex(context.get(), kept.get());
                   std::size_t size = signature.size();
                   EVP_DigestSign(context.get(), signature.data(), &size, response_data.data(),
                                  response_data.size());
               }},
          {.name = "ocsp.process.openssl",
           .once =
               [&] {
                   must_hold(openssl_answer(asking, openssl_own.get(), key.get()) > 300,
                             "an answer");
               }},
          {.name = "ocsp.process.kept", .once = [&] { ours(asking_kept); }}},
         span, Shown::per_second);
    return 0;
}

}  // namespace
}  // namespace mitome::bench

int main(int count, char** words) {
    return mitome::bench::run(count > 1 ? std::strtod(words[1], nullptr) : 0.5);
}
