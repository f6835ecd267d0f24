// SPDX-License-Identifier: Apache-2.0
#include "initialise.hpp"

#include "factory.hpp"

#include <mitome/base/file.hpp>
#include <mitome/base/log.hpp>
#include <mitome/pki/der.hpp>
#include <mitome/pki/template.hpp>

#include <array>
#include <string>
#include <utility>

namespace mitome::maker {
namespace {

namespace fs = std::filesystem;
namespace der = pki::der;
using crypto::KeyKind;
using crypto::SoftwareKey;

constexpr std::chrono::days root_life{20 * 365};
constexpr std::chrono::days identity_life{10 * 365};

struct Identity {
    std::string_view role;
    pki::TlsSide side;
};
constexpr std::array identities{
    Identity{"authority", pki::TlsSide::both},   Identity{"registration", pki::TlsSide::both},
    Identity{"status", pki::TlsSide::both},      Identity{"maker", pki::TlsSide::both},
    Identity{"desk", pki::TlsSide::client},      Identity{"operator", pki::TlsSide::client},
    Identity{"call-desk", pki::TlsSide::client}, Identity{"supervisor", pki::TlsSide::client},
};

/// Any exact name of the loopback address: everything of a sandbox listens there.
Bytes loopback_names() {
    Bytes v6(16);
    v6.back() = 1;
    return der::sequence({der::wrap(der::tag::context(2), view("localhost")),
                          der::wrap(der::tag::context(7), "7F000001"_hex),
                          der::wrap(der::tag::context(7), v6)});
}

Result<std::unique_ptr<SoftwareKey>> key_at(const fs::path& file, KeyKind kind) {
    auto key = read_key(file);
    if (key || key.error().fault != Fault::absent) return key;
    MITOME_TRY(made, SoftwareKey::generate(kind));
    MITOME_TRY(pkcs8, made->to_pkcs8());
    std::string pem = pkcs8.reveal([](BytesView plain) { return to_pem("PRIVATE KEY", plain); });
    const Done written = write_file(file, view(pem), Access::owner);
    wipe({reinterpret_cast<std::uint8_t*>(pem.data()), pem.size()});
    MITOME_CHECK(written);
    return made;
}

Done publish_key(const fs::path& file, BytesView spki) {
    return write_file(file, view(to_pem("PUBLIC KEY", spki)));
}

Result<Root> root_at(const fs::path& folder, std::string_view name, std::string common_name,
                     unsigned path_length, Time now) {
    MITOME_TRY(key, key_at(key_file(folder, name), KeyKind::ec_p256));
    const fs::path pem = pem_file(folder, name);
    if (!fs::exists(pem)) {
        const Bytes subject =
            pki::make_name({{pki::attribute::organization, "Mitome Sandbox"},
                            {pki::attribute::common_name, std::move(common_name)}});
        MITOME_TRY(wanted, pki::root_template(subject, *key, draw_serial(),
                                              {.not_before = now, .not_after = now + root_life},
                                              path_length));
        MITOME_TRY(made, pki::sign_tbs(pki::certificate_tbs(wanted), *key));
        MITOME_CHECK(write_file(pem, view(to_pem("CERTIFICATE", made))));
    }
    MITOME_TRY(content, read_file(pem));
    MITOME_TRY(certificate, pki::Certificate::from_pem(text(content)));
    return Root{.key = std::move(key), .certificate = std::move(certificate)};
}

Done identity_at(const fs::path& folder, const Identity& identity, Root& root, Time now) {
    const fs::path pem = pem_file(folder, identity.role);
    MITOME_TRY(key, key_at(key_file(folder, identity.role), KeyKind::ec_p256));
    if (fs::exists(pem)) return {};
    const Bytes subject =
        pki::make_name({{pki::attribute::organization, "Mitome Sandbox"},
                        {pki::attribute::common_name, std::string{identity.role}}});
    MITOME_TRY(issuer, pki::issuer_of(root.certificate));
    MITOME_TRY(wanted, pki::tls_template(issuer, subject, key->spki(), draw_serial(),
                                         {.not_before = now, .not_after = now + identity_life},
                                         identity.side));
    if (identity.side != pki::TlsSide::client)
        wanted.extensions.push_back(
            {.oid = "2.5.29.17", .critical = false, .value = loopback_names()});
    MITOME_TRY(made, pki::sign_tbs(pki::certificate_tbs(wanted), *root.key));
    return write_file(pem, view(to_pem("CERTIFICATE", made)));
}

Done make_card_keys(const fs::path& folder) {
    MITOME_TRY(root, key_at(key_file(folder, place::card_root), KeyKind::rsa_2048));
    MITOME_CHECK(publish_key(pem_file(folder, place::card_root), root->spki()));
    MITOME_TRY(signer, key_at(key_file(folder, place::text_signer), KeyKind::rsa_2048));
    static_cast<void>(signer);
    const fs::path session = pem_file(folder, place::session_key);
    if (fs::exists(session)) return {};
    MITOME_TRY(forgotten, SoftwareKey::generate(KeyKind::rsa_2048));
    return publish_key(session, forgotten->spki());
}

Done make_master(const crypto::Token& token) {
    MITOME_CHECK(crypto::make_token(token));
    MITOME_TRY(hsm, crypto::open_token(token));
    const Done made = hsm->generate_mac_key(master_label);
    if (!made && made.error().fault != Fault::conflict) return made;
    return {};
}

}  // namespace

Done initialise(const Config& config, Time now) {
    const fs::path folder = config.folder;
    const fs::path identities_folder = config.identities();
    MITOME_CHECK(make_private_folder(folder));
    MITOME_CHECK(make_private_folder(folder / place::elements));
    MITOME_CHECK(make_private_folder(identities_folder));
    MITOME_CHECK(make_master(config.administration));
    MITOME_TRY(attestation, root_at(folder, place::attestation_root, "Mitome Maker Root", 1, now));
    static_cast<void>(attestation);
    MITOME_CHECK(make_card_keys(folder));

    MITOME_TRY(tls, root_at(folder, place::tls_root, "Mitome Sandbox TLS CA", 0, now));
    MITOME_CHECK(write_file(identities_folder / "ca.pem",
                            view(to_pem("CERTIFICATE", tls.certificate.der()))));
    for (const Identity& identity : identities)
        MITOME_CHECK(identity_at(identities_folder, identity, tls, now));
    log(Level::info, "initialised");
    return {};
}

}  // namespace mitome::maker
