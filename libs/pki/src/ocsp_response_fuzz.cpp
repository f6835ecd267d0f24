// SPDX-License-Identifier: Apache-2.0
#include <mitome/pki/ocsp.hpp>

#include <cstdlib>

namespace {

using namespace mitome;
using namespace mitome::pki;

constexpr std::size_t max_size = 1 << 13;

/// An issuer and subject whose keys nobody has: no answer can ever be believed.
constexpr std::string_view certificate_pem = R"(-----BEGIN CERTIFICATE-----
MIIBeTCCAR+gAwIBAgIULeUmIuUmzcemTfMJhzNd3QFVHDUwCgYIKoZIzj0EAwIw
ETEPMA0GA1UEAwwGTm9ib2R5MCAXDTI2MTEyNDE1NTcxMFoYDzIxMjYxMDMxMTU1
NzEwWjARMQ8wDQYDVQQDDAZOb2JvZHkwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
AATaoHQ3snxpWJXA4Yl1urxCiNqO9hrCKRTIKWnHNCpdsxtMeGDZv90l8gBBEr1L
6zf3YdNIwoXkBcZ1D6172Vcgo1MwUTAdBgNVHQ4EFgQUT1FgN6J7yLbmnLgJfg06
EySflWAwHwYDVR0jBBgwFoAUT1FgN6J7yLbmnLgJfg06EySflWAwDwYDVR0TAQH/
BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiA9yfRSUfg9cIS6BOiN+XaUHCQVUjQw
YpemeSUUJAWgxgIhAKALtRahmfo8pF1I2I/Ncg3fK7b9paeZ7JRsxRfLBakW
-----END CERTIFICATE-----
)";

const Certificate& certificate() {
    static const Certificate read = Certificate::from_pem(certificate_pem).value();
    return read;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
    if (size > max_size) return 0;
    OcspExpectation expected;
    expected.subject = &certificate();
    expected.issuer = &certificate();
    expected.now = Time{std::chrono::seconds{1764547200}};
    if (check_ocsp_response(BytesView{octets, size}, expected)) std::abort();
    return 0;
}
