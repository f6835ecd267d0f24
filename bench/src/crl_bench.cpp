// SPDX-License-Identifier: Apache-2.0

// A CRL of N entries: made, read and looked up, by us, by OpenSSL, and by a floor that does no
// more than the octets ask for. Usage: crl_bench N
#include "world.hpp"

#include <mitome/crypto/openssl.hpp>
#include <mitome/pki/crl.hpp>

#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <sys/mman.h>

#include <cstring>

namespace mitome::bench {
namespace {

using crypto::Releases;
using OsslCrl = std::unique_ptr<X509_CRL, Releases<X509_CRL_free>>;
using OsslTime = std::unique_ptr<ASN1_TIME, Releases<ASN1_TIME_free>>;
using OsslInteger = std::unique_ptr<ASN1_INTEGER, Releases<ASN1_INTEGER_free>>;
using OsslDigest = std::unique_ptr<EVP_MD_CTX, Releases<EVP_MD_CTX_free>>;

// SEQUENCE { INTEGER (16 octets), UTCTime, SEQUENCE { reasonCode keyCompromise } }
constexpr auto entry_form =
    "302F02100000000000000000000000000000000017"
    "0D3236313132343135323030305A300C300A0603551D1504030A0101"_hex;
constexpr std::size_t serial_at = 4;

Bytes floor_sign(EVP_PKEY* key, BytesView content) {
    const OsslDigest context{EVP_MD_CTX_new()};
    Bytes signature(128);
    std::size_t size = signature.size();
    must_hold(EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key) == 1 &&
                  EVP_DigestSign(context.get(), signature.data(), &size, content.data(),
                                 content.size()) == 1,
              "a signature");
    signature.resize(size);
    return signature;
}

using Octets = std::unique_ptr<std::uint8_t, Releases<std::free>>;

/// Fresh memory in large pages, where the system has them: small ones cost as much as the digest.
Octets new_octets(std::size_t size) {
    constexpr std::size_t page = std::size_t{2} << 20;
    const std::size_t whole = (size + page - 1) / page * page;
    Octets octets{static_cast<std::uint8_t*>(std::aligned_alloc(page, whole))};
    must_hold(octets != nullptr, "memory");
    static_cast<void>(::madvise(octets.get(), whole, MADV_HUGEPAGE));
    return octets;
}

/// Entries in place, one digest, one signature.
Octets floor_build(const std::vector<Serial>& serials, EVP_PKEY* key) {
    const std::size_t size = serials.size() * entry_form.size();
    Octets octets = new_octets(size);
    std::uint8_t* to = octets.get();
    for (const Serial& one : serials) {
        std::memcpy(to, entry_form.data(), entry_form.size());
        std::memcpy(to + serial_at, one.data(), one.size());
        to += entry_form.size();
    }
    must_hold(!floor_sign(key, {octets.get(), size}).empty(), "a signature");
    return octets;
}

__extension__ typedef unsigned __int128 Number;  // ISO C++ has no type of that width

Number to_number(const std::uint8_t* octets) {
    std::uint64_t halves[2];
    std::memcpy(halves, octets, sizeof halves);
    return Number{__builtin_bswap64(halves[0])} << 64 | __builtin_bswap64(halves[1]);
}

/// One pass over entries of the usual form.
std::vector<Number> floor_scan(BytesView entries) {
    std::vector<Number> found;
    found.reserve(entries.size() / entry_form.size());
    for (std::size_t at = 0; at + 2 <= entries.size(); at += 2U + entries[at + 1]) {
        must_hold(entries[at] == 0x30 && entries[at + 3] == 16, "an entry of the usual form");
        const Number number = to_number(&entries[at + serial_at]);
        must_hold(found.empty() || found.back() < number, "ascending entries");
        found.push_back(number);
    }
    return found;
}

OsslCrl openssl_build(const std::vector<Serial>& serials, EVP_PKEY* key, BytesView issuer,
                      Bytes& der) {
    OsslCrl crl{X509_CRL_new()};
    X509_CRL_set_version(crl.get(), 1);
    const std::uint8_t* from = issuer.data();
    X509_NAME* name = d2i_X509_NAME(nullptr, &from, static_cast<long>(issuer.size()));
    X509_CRL_set_issuer_name(crl.get(), name);
    X509_NAME_free(name);
    const OsslTime time{ASN1_TIME_set(nullptr, now().time_since_epoch().count())};
    X509_CRL_set1_lastUpdate(crl.get(), time.get());
    X509_CRL_set1_nextUpdate(crl.get(), time.get());
    ASN1_ENUMERATED* reason = ASN1_ENUMERATED_new();
    ASN1_ENUMERATED_set(reason, 1);
    const OsslInteger number{ASN1_INTEGER_new()};
    for (const Serial& one : serials) {
        X509_REVOKED* entry = X509_REVOKED_new();
        ASN1_STRING_set(number.get(), one.data(), static_cast<int>(one.size()));
        X509_REVOKED_set_serialNumber(entry, number.get());
        X509_REVOKED_set_revocationDate(entry, time.get());
        X509_REVOKED_add1_ext_i2d(entry, NID_crl_reason, reason, 0, 0);
        X509_CRL_add0_revoked(crl.get(), entry);
    }
    ASN1_ENUMERATED_free(reason);
    X509_CRL_sort(crl.get());
    must_hold(X509_CRL_sign(crl.get(), key, EVP_sha256()) > 0, "OpenSSL signs");
    std::uint8_t* encoded = nullptr;
    const int size = i2d_X509_CRL(crl.get(), &encoded);
    must_hold(size > 0, "OpenSSL encodes");
    der.assign(encoded, encoded + size);
    OPENSSL_free(encoded);
    return crl;
}

OsslCrl openssl_read(BytesView der, EVP_PKEY* key) {
    const std::uint8_t* from = der.data();
    OsslCrl crl{d2i_X509_CRL(nullptr, &from, static_cast<long>(der.size()))};
    must_hold(crl && X509_CRL_verify(crl.get(), key) == 1, "OpenSSL believes our CRL");
    return crl;
}

bool openssl_find(X509_CRL* crl, ASN1_INTEGER* number, const Serial& serial) {
    ASN1_STRING_set(number, serial.data(), static_cast<int>(serial.size()));
    X509_REVOKED* found = nullptr;
    return X509_CRL_get0_by_serial(crl, &found, number) == 1;
}

int run(std::size_t count) {
    const Authority by = new_authority(pki::Ca::card_sign);
    const crypto::PKey key = crypto::key_of(*by.key);
    const crypto::PublicKey public_key = must(crypto::PublicKey::from_spki(by.key->spki()));
    const std::vector<Serial> serials = sorted_serials(count);
    const std::string suffix = "." + std::to_string(count);
    const double span = 0.3;
    const Time today = now();

    Bytes der;
    const auto build = [&] {
        pki::CrlWriter writer{{by.issuer, today, today + std::chrono::hours{24}, 1}, count};
        for (const Serial& one : serials) {
            writer.add({.serial = one,
                        .at = today,
                        .reason = pki::Reason::key_compromise,
                        .invalidity = {}});
        }
        der = must(std::move(writer).sign(*by.key));
    };
    Bytes other;
    Octets in_order;
    OsslCrl kept;
    race({{.name = "crl.build.ours" + suffix, .once = build, .between = [&] { der = {}; }},
          {.name = "crl.build.floor" + suffix,
           .once = [&] { in_order = floor_build(serials, key.get()); },
           .between = [&] { in_order = {}; }},
          {.name = "crl.build.openssl" + suffix,
           .once = [&] { kept = openssl_build(serials, key.get(), by.issuer.name, other); },
           .between = [&] { kept = {}; }}},
         span, Shown::milliseconds);
    kept = {};
    in_order = {};

    std::optional<pki::Crl> crl;
    const std::size_t entries_size = must(pki::Crl::from_der(der)).entries().size();
    const auto front =
        static_cast<std::size_t>(std::ranges::search(der, BytesView{serials.front()}).begin() -
                                 der.begin()) -
        serial_at;
    const BytesView in_place = BytesView{der}.subspan(front, entries_size);
    std::vector<Number> scanned;
    Bytes fresh;
    const OsslInteger number{ASN1_INTEGER_new()};
    race({{.name = "crl.load.ours" + suffix,
           .once =
               [&] {
                   crl = must(pki::Crl::from_der(std::move(fresh)));
                   must(crl->verify_signature(public_key));
               },
           .between =
               [&] {
                   crl.reset();
                   fresh = der;
               }},
          {.name = "crl.load.floor" + suffix,
           .once =
               [&] {
                   scanned = floor_scan(in_place);
                   must(public_key.verify(crypto::Hash::sha256, crl->tbs(), crl->signature()));
               },
           .between = [&] { scanned = {}; }},
          {.name = "crl.load.openssl" + suffix,
           .once =
               [&] {
                   kept = openssl_read(der, key.get());
                   must_hold(openssl_find(kept.get(), number.get(), serials.front()), "a hit");
               },
           .between = [&] { kept = {}; }}},
         span, Shown::milliseconds);
    must_hold(crl->size() == count && scanned.size() == count, "every entry was read");

    constexpr unsigned times = 1000;
    std::uint64_t draw = 0;
    std::size_t hits = 0, asked = 0;
    const auto each = [&](auto find) {
        for (unsigned i = 0; i < times; ++i) {
            hits += find(serials[mix(++draw) % count]) ? 1U : 0U;
        }
        asked += times;
    };
    race({{.name = "crl.find.ours" + suffix,
           .once = [&] { each([&](const Serial& s) { return crl->find(s).has_value(); }); },
           .times = times},
          {.name = "crl.find.floor" + suffix,
           .once =
               [&] {
                   each([&](const Serial& s) {
                       return std::ranges::binary_search(scanned, to_number(s.data()));
                   });
               },
           .times = times},
          {.name = "crl.find.openssl" + suffix,
           .once =
               [&] {
                   each([&](const Serial& s) { return openssl_find(kept.get(), number.get(), s); });
               },
           .times = times,
           .between = {}}},
         span, Shown::per_second);
    must_hold(hits == asked, "every look-up is a hit");
    return 0;
}

}  // namespace
}  // namespace mitome::bench

int main(int count, char** words) {
    if (count != 2) return 64;
    return mitome::bench::run(std::strtoul(words[1], nullptr, 10));
}
