// SPDX-License-Identifier: Apache-2.0
#pragma once

// One CA of each name and one invented person, for this room's tests. The signature CA of the card
// has an RSA key, the others P-256, which are quick to make.

#include <mitome/pki/profile.hpp>

#include <array>
#include <map>
#include <memory>

namespace mitome::pki::sample {

inline Time time_of(std::string_view text) { return from_rfc3339(text).value(); }

struct World {
    Profile profile;
    std::unique_ptr<crypto::SoftwareKey> key;
    Certificate ca;
    Issuer issuer;
};

inline std::unique_ptr<crypto::SoftwareKey> new_key(crypto::KeyKind kind) {
    return crypto::SoftwareKey::generate(kind).value();
}

inline World make_world(Ca ca, Validity validity) {
    Profile profile{sandbox_settings(ca, "http://127.0.0.1:8080")};
    auto key = new_key(ca == Ca::card_sign ? crypto::KeyKind::rsa_2048 : crypto::KeyKind::ec_p256);
    const CaFields fields{.serial = {0x06, 0x7C, 0x6A, 0x21},
                          .validity = validity,
                          .spki = key->spki(),
                          .key = key->kind()};
    const Bytes tbs = ca_certificate_tbs(profile, fields).value();
    Certificate certificate = Certificate::from_der(sign_tbs(tbs, *key).value()).value();
    Issuer issuer = issuer_of(certificate).value();
    return {std::move(profile), std::move(key), std::move(certificate), std::move(issuer)};
}

inline const World& world(Ca ca) {
    static std::map<Ca, World> worlds;
    const auto found = worlds.find(ca);
    if (found != worlds.end()) return found->second;
    return worlds.emplace(ca, make_world(ca, ca_validity(time_of("2025-07-16T01:00:00Z"))))
        .first->second;
}

inline crypto::SoftwareKey& person_key() {
    static const auto key = new_key(crypto::KeyKind::ec_p256);
    return *key;
}

inline Place place() { return {"Tokyo-to", "Kiyose-shi", "13221"}; }

inline BasicFourItems items() {
    using namespace std::chrono_literals;
    return {.name = "吉田　太郎",
            .address = "東京都清瀬市中里五丁目八百四十二番地　架空荘二〇三号室",
            .birth = birth_date(1980y / 2 / 17),
            .sex = Sex::male,
            .name_substitutes = "10000",
            .address_substitutes = std::string(27, '0')};
}

/// Serial number, time, name and place of the sample person; no items.
inline EndEntityFields fields(Ca ca) {
    static const Bytes serial{0x5A, 0x17, 0x2B, 0x30, 0x44, 0x55, 0x66, 0x77,
                              0x88, 0x99, 0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0x01};
    constexpr std::array<std::uint8_t, 14> random{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13};
    const Time issued = time_of("2025-10-27T05:30:45Z");
    return {.serial = serial,
            .validity = {issued, time_of("2030-02-17T14:59:59Z")},
            .place = place(),
            .common_name = kind_of(ca) == Kind::sign ? sign_common_name(issued, place(), 1)
                                                     : auth_common_name(random, place(), 1),
            .spki = person_key().spki(),
            .items = nullptr};
}

/// The sample person's TBS, with the four items where they belong.
inline Bytes person_tbs(const World& by, EndEntityFields what) {
    const BasicFourItems of_person = items();
    if (by.profile.kind() == Kind::sign) what.items = &of_person;
    return end_entity_tbs(by.profile, by.issuer, what).value();
}

inline Certificate sign(const World& by, BytesView tbs) {
    return Certificate::from_der(sign_tbs(tbs, *by.key).value()).value();
}

inline Certificate person(Ca ca) { return sign(world(ca), person_tbs(world(ca), fields(ca))); }

/// A certificate that is nothing but this extension.
inline Certificate with_subject_alt_name(const Bytes& value) {
    const World& by = world(Ca::card_auth);
    const Template what{.serial = {1},
                        .signature_algorithm = by.issuer.signature_algorithm,
                        .issuer = by.issuer.name,
                        .not_before = time_of("2025-10-27T05:30:45Z"),
                        .not_after = time_of("2030-02-17T14:59:59Z"),
                        .subject = by.issuer.name,
                        .spki = person_key().spki(),
                        .extensions = {{"2.5.29.17", false, value}}};
    return sign(by, certificate_tbs(what));
}

}  // namespace mitome::pki::sample
