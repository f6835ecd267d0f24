// SPDX-License-Identifier: Apache-2.0
#include "new_element.hpp"

#include <mitome/base/file.hpp>
#include <mitome/crypto/random.hpp>
#include <mitome/pki/template.hpp>

#include <algorithm>
#include <string>
#include <utility>

namespace mitome::maker {
namespace {

constexpr std::chrono::days life{10 * 365};
// Whoever checks it may have a clock behind ours; time(2) itself is, by up to a tick.
constexpr std::chrono::minutes head_start{5};

pki::Validity from(Time now) { return {.not_before = now - head_start, .not_after = now + life}; }

Bytes name_of(const std::string& common_name) {
    return pki::make_name({{pki::attribute::organization, "Mitome Sandbox"},
                           {pki::attribute::common_name, common_name}});
}

}  // namespace

Result<NewElement> ElementLine::make(BytesView attestation_spki, BytesView device_spki, Time now) {
    MITOME_TRY(attestation_key, crypto::PublicKey::from_spki(attestation_spki));
    MITOME_TRY(device_key, crypto::PublicKey::from_spki(device_spki));
    const std::lock_guard guard{one_at_a_time_};

    NewElement made;
    std::filesystem::path record;
    do {
        const Bytes drawn = crypto::SystemRandom{}.octets(made.id.size());
        std::ranges::copy(drawn, made.id.begin());
        record = folder_ / place::elements / (to_hex(made.id) + ".pem");
    } while (std::filesystem::exists(record));

    const Bytes name = name_of("element " + to_hex(made.id));
    const pki::Validity validity = from(now);
    Root& root = factory_.attestation;
    MITOME_TRY(voucher, pki::issuer_of(root.certificate));
    MITOME_TRY(attestation, pki::subordinate_template(voucher, name, attestation_key.spki(),
                                                      draw_serial(), validity, 0));
    MITOME_TRY(attestation_der, pki::sign_tbs(pki::certificate_tbs(attestation), *root.key));
    made.attestation_certificate = std::move(attestation_der);
    MITOME_CHECK(write_file(record, view(to_pem("CERTIFICATE", made.attestation_certificate))));

    MITOME_TRY(issuer, pki::issuer_of(factory_.tls.certificate));
    MITOME_TRY(device, pki::tls_template(issuer, name, device_key.spki(), draw_serial(), validity,
                                         pki::TlsSide::client));
    MITOME_TRY(device_der, pki::sign_tbs(pki::certificate_tbs(device), *factory_.tls.key));
    made.device_certificate = std::move(device_der);

    const auto master = [this](BytesView content) {
        return factory_.administration->cmac(master_label, content);
    };
    MITOME_TRY(keyset, apdu::scp03::diversify(master, apdu::scp03::sandbox_key_size, made.id));
    made.keyset = std::move(keyset);
    return made;
}

Result<Bytes> registration_certificate(Factory& factory, BytesView subject, BytesView spki,
                                       Time now) {
    MITOME_TRY(key, crypto::PublicKey::from_spki(spki));
    MITOME_TRY(issuer, pki::issuer_of(factory.tls.certificate));
    MITOME_TRY(wanted,
               pki::registration_template(issuer, subject, key.spki(), draw_serial(), from(now)));
    return pki::sign_tbs(pki::certificate_tbs(wanted), *factory.tls.key);
}

}  // namespace mitome::maker
