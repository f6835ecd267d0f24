// SPDX-License-Identifier: Apache-2.0

// Certificates from a request to the disk, many threads at once, beside one proof check and one
// signature, and beside what the disk and the token can do.
// Usage: issuance_bench FOLDER p256|rsa2048 software|token SECONDS
// With `token` the CA's key is in SoftHSM2 (SOFTHSM2_CONF says where).
#include "world.hpp"

#include <mitome/crypto/hsm.hpp>
#include <mitome/crypto/openssl.hpp>
#include <mitome/issuance/issuer.hpp>
#include <mitome/pki/crmf.hpp>

#include <dlfcn.h>
#include <p11-kit/pkcs11.h>
#include <sqlite3.h>

#include <filesystem>
#include <thread>

namespace mitome::bench {
namespace {

namespace fs = std::filesystem;

constexpr const char* module = "/usr/lib/softhsm/libsofthsm2.so";
constexpr unsigned threads = 128;  // a group waits for its intents, another for its certificates
constexpr std::size_t group = 64;  // rows of one commit of the floor

Secret<64> pin() {
    Secret<64> made;
    must_hold(made.assign(view("5678")), "a PIN");
    return made;
}

/// A CertReqMsg as registration gets it, for the key of one person.
Bytes request_of(crypto::Signer& key) {
    pki::crmf::Template wanted;
    wanted.subject = {0x30, 0x00};
    wanted.spki = key.spki();
    const Bytes request = pki::crmf::encode_cert_request(0, wanted);
    const auto hash = crypto::usual_hash(key.kind());
    return pki::crmf::encode_requests(
        {pki::crmf::encode_request(request, key.kind(), hash, must(key.sign(hash, request)))});
}

struct Pace {
    double count = 0, lasted = 0, processor = 0;
};

/// `once` in many threads for `span` seconds of the clock.
Pace pace(double span, const std::function<void(std::uint64_t)>& once) {
    std::vector<double> counts(threads);
    const double processor = processor_seconds(), start = seconds();
    {
        std::vector<std::jthread> all;
        for (unsigned thread = 0; thread < threads; ++thread) {
            all.emplace_back([&, thread] {
                for (std::uint64_t n = thread; seconds() - start < span; n += threads) {
                    once(n);
                    ++counts[thread];
                }
            });
        }
    }
    Pace made{.lasted = seconds() - start, .processor = processor_seconds() - processor};
    for (const double count : counts) made.count += count;
    return made;
}

/// Rows of a certificate's size in groups, each flushed: what the disk gives to a bare table.
double rows_per_second(const fs::path& file, double span) {
    sqlite3* database = nullptr;
    const auto perform = [&](const char* sql) {
        must_hold(sqlite3_exec(database, sql, nullptr, nullptr, nullptr) == SQLITE_OK, sql);
    };
    must_hold(sqlite3_open(file.c_str(), &database) == SQLITE_OK, "a database");
    perform(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
        "CREATE TABLE row(serial BLOB PRIMARY KEY, der BLOB) WITHOUT ROWID");
    sqlite3_stmt* insert = nullptr;
    sqlite3_prepare_v2(database, "INSERT INTO row VALUES(?, ?)", -1, &insert, nullptr);
    const Bytes der(1400, 0x5A);
    const double start = seconds();
    std::uint64_t rows = 0;
    while (seconds() - start < span) {
        perform("BEGIN IMMEDIATE");
        for (std::size_t i = 0; i < group; ++i) {
            const Serial one = serial(++rows);
            sqlite3_bind_blob(insert, 1, one.data(), static_cast<int>(one.size()), nullptr);
            sqlite3_bind_blob(insert, 2, der.data(), static_cast<int>(der.size()), nullptr);
            must_hold(sqlite3_step(insert) == SQLITE_DONE, "a row");
            sqlite3_reset(insert);
        }
        perform("COMMIT");
    }
    const double rate = static_cast<double>(rows) / (seconds() - start);
    sqlite3_finalize(insert);
    sqlite3_close(database);
    return rate;
}

/// C_SignInit and C_Sign alone, in one thread, on the token that is open already.
double token_signatures_per_second(KeyKind kind, double span) {
    void* const library = ::dlopen(module, RTLD_NOW | RTLD_NOLOAD);
    must_hold(library != nullptr, "the module is loaded");
    CK_FUNCTION_LIST* p11 = nullptr;
    reinterpret_cast<CK_C_GetFunctionList>(::dlsym(library, "C_GetFunctionList"))(&p11);
    std::array<CK_SLOT_ID, 8> slots{};  // the first is ours, behind it one for a new token
    CK_ULONG count = slots.size();
    p11->C_GetSlotList(CK_TRUE, slots.data(), &count);
    CK_SESSION_HANDLE session = 0;
    must_hold(p11->C_OpenSession(slots[0], CKF_SERIAL_SESSION | CKF_RW_SESSION, nullptr, nullptr,
                                 &session) == CKR_OK,
              "a session");
    CK_BBOOL yes = CK_TRUE;
    CK_ULONG bits = 2048;
    auto curve = "06082A8648CE3D030107"_hex;
    CK_ATTRIBUTE sign{CKA_SIGN, &yes, sizeof yes};
    CK_ATTRIBUTE size = is_rsa(kind) ? CK_ATTRIBUTE{CKA_MODULUS_BITS, &bits, sizeof bits}
                                     : CK_ATTRIBUTE{CKA_EC_PARAMS, curve.data(), curve.size()};
    CK_MECHANISM generate{is_rsa(kind) ? CKM_RSA_PKCS_KEY_PAIR_GEN : CKM_EC_KEY_PAIR_GEN, nullptr,
                          0};
    CK_OBJECT_HANDLE public_key = 0, key = 0;
    must_hold(
        p11->C_GenerateKeyPair(session, &generate, &size, 1, &sign, 1, &public_key, &key) == CKR_OK,
        "a key");
    Bytes content(32, 0x5A);
    if (is_rsa(kind)) content = crypto::digest_info(crypto::Hash::sha256, content);
    Bytes signature(512);
    CK_MECHANISM how{is_rsa(kind) ? CKM_RSA_PKCS : CKM_ECDSA, nullptr, 0};
    std::uint64_t made = 0;
    const double start = processor_seconds();
    while (processor_seconds() - start < span) {
        CK_ULONG length = signature.size();
        must_hold(p11->C_SignInit(session, &how, key) == CKR_OK &&
                      p11->C_Sign(session, content.data(), content.size(), signature.data(),
                                  &length) == CKR_OK,
                  "C_Sign");
        ++made;
    }
    const double rate = static_cast<double>(made) / (processor_seconds() - start);
    p11->C_CloseSession(session);
    ::dlclose(library);
    return rate;
}

int run(const fs::path& folder, KeyKind kind, bool token, double span) {
    const std::string name =
        std::string{"issuance."} + (is_rsa(kind) ? "rsa2048" : "p256") + (token ? ".token" : "");
    fs::remove_all(folder);
    fs::create_directories(folder);

    std::shared_ptr<crypto::Hsm> hsm;
    std::unique_ptr<crypto::Signer> signer = new_key(kind);
    if (token) {
        static_cast<void>(crypto::Hsm::create_token(module, "bench", pin(), pin()));
        hsm = must(crypto::Hsm::open(module, "bench", pin()));
        const std::string label = is_rsa(kind) ? "rsa" : "ec";
        auto found = hsm->find(label);
        signer = found ? *std::move(found) : must(hsm->generate(label, kind));
    }
    pki::Profile profile{pki::sandbox_settings(pki::Ca::card_sign, "http://127.0.0.1:8080")};
    const Bytes tbs = must(pki::ca_certificate_tbs(profile, {.serial = {0x06, 0x7C, 0x6A, 0x21},
                                                             .validity = pki::ca_validity(now()),
                                                             .spki = signer->spki(),
                                                             .key = kind}));
    pki::Certificate certificate = sign(tbs, *signer);

    auto database = must(store::Database::open(folder / "ledger.db", store::authority_schema()));
    store::Ledger ledger{*database};
    store::Audit audit{*database};
    const SystemClock clock;
    crypto::SystemRandom random;
    auto issuer = must(issuance::Issuer::create(
        {std::move(profile), std::move(certificate), std::move(signer)}, {.database = *database,
                                                                          .ledger = ledger,
                                                                          .audit = audit,
                                                                          .clock = clock,
                                                                          .random = random}));

    const Key person = new_key(kind);
    const Bytes request = request_of(*person);
    const Time not_after = years(4).not_after;
    const Pace ours = pace(span, [&](std::uint64_t n) {
        const auto asked = must(pki::crmf::parse_requests(request));
        must(pki::crmf::verify_possession(asked.front()));
        issuance::PersonOrder order;
        order.key.assign(16, 0);
        for (std::size_t i = 0; i < 8; ++i) order.key[i] = static_cast<std::uint8_t>(n >> 8 * i);
        order.role = "registration";
        order.spki = asked.front().request.wanted.spki;
        order.not_after = not_after;
        order.place = place();
        order.items = items();
        must(issuer->issue(must(issuer->prepare(order))));
    });
    figure(name + ".rate", ours.count / ours.lasted, "per_second");
    figure(name + ".ours", ours.count / ours.processor, "per_cpu_second");
    if (token) {
        figure(name + ".floor", token_signatures_per_second(kind, span / 2), "per_cpu_second");
        return 0;
    }

    const Authority by = new_authority(pki::Ca::card_sign, kind);
    const auto by_key = must(crypto::PublicKey::from_spki(by.key->spki()));
    const auto asked = must(pki::crmf::parse_requests(request));
    const auto& first = asked.front();
    const auto public_key = must(crypto::PublicKey::from_spki(first.request.wanted.spki));
    Bytes octets(1100, 0x5A);
    std::uint64_t made = 0;
    race({{.name = name + ".process",
           .once =
               [&] {
                   const auto read = must(pki::crmf::parse_requests(request));
                   must(pki::crmf::verify_possession(read.front()));
                   const Bytes body =
                       person_tbs(by, read.front().request.wanted.spki, serial(++made));
                   const auto report =
                       pki::lint(body, {.shape = pki::Shape::end_entity,
                                        .profile = &by.profile,
                                        .ca = &by.certificate,
                                        .latest_not_after = by.certificate.not_after()});
                   must_hold(report.clean(), report.clean() ? "" : report.failed.front().data());
                   must(pki::sign_tbs_and_verify(body, *by.key, by_key));
               }},
          {.name = name + ".floor",
           .once =
               [&] {
                   must(public_key.verify(crypto::Hash::sha256, first.request.der,
                                          first.proof_signature));
                   octets[made++ % octets.size()] ^= 1U;
                   static_cast<void>(must(by.key->sign(crypto::Hash::sha256, octets)));
               }}},
         span / 2, Shown::per_second);
    figure(name + ".rows", rows_per_second(folder / "rows.db", span / 2), "per_second");
    return 0;
}

}  // namespace
}  // namespace mitome::bench

int main(int count, char** words) {
    using mitome::bench::KeyKind;
    if (count != 5) return 64;
    return mitome::bench::run(
        words[1], std::string_view{words[2]} == "rsa2048" ? KeyKind::rsa_2048 : KeyKind::ec_p256,
        std::string_view{words[3]} == "token", std::strtod(words[4], nullptr));
}
