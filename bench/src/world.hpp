// SPDX-License-Identifier: Apache-2.0
#pragma once

// CAs, keys and serial numbers for the benches.

#include "measure.hpp"

#include <mitome/crypto/random.hpp>
#include <mitome/pki/profile.hpp>

#include <algorithm>
#include <array>
#include <memory>

namespace mitome::bench {

using crypto::KeyKind;
using Key = std::unique_ptr<crypto::SoftwareKey>;
using Serial = std::array<std::uint8_t, 16>;

inline Key new_key(KeyKind kind = KeyKind::ec_p256) {
    return must(crypto::SoftwareKey::generate(kind));
}

inline Time now() { return SystemClock{}.now(); }

/// From now to the end of a day in Japan, as the profile wants it.
inline pki::Validity years(int count) {
    const std::chrono::hours day{24};
    return {now(), end_of_day_in_japan(day_in_japan(now() + 365 * count * day))};
}

inline pki::Certificate sign(BytesView tbs, crypto::Signer& signer) {
    return must(pki::Certificate::from_der(must(pki::sign_tbs(tbs, signer))));
}

struct Authority {
    pki::Profile profile;
    Key key;
    pki::Certificate certificate;
    pki::Issuer issuer;
};

inline Authority new_authority(pki::Ca ca, KeyKind kind = KeyKind::ec_p256,
                               std::string_view base_url = "http://127.0.0.1:8080") {
    pki::Profile profile{pki::sandbox_settings(ca, base_url)};
    Key key = new_key(kind);
    const Bytes tbs = must(pki::ca_certificate_tbs(profile, {.serial = {0x06, 0x7C, 0x6A, 0x21},
                                                             .validity = pki::ca_validity(now()),
                                                             .spki = key->spki(),
                                                             .key = kind}));
    pki::Certificate certificate = sign(tbs, *key);
    pki::Issuer issuer = must(pki::issuer_of(certificate));
    return {std::move(profile), std::move(key), std::move(certificate), std::move(issuer)};
}

/// The `n`-th serial number; all are positive and 16 octets long.
inline Serial serial(std::uint64_t n) {
    Serial made{};
    const std::uint64_t halves[]{mix(2 * n + 1), mix(2 * n + 2)};
    for (std::size_t i = 0; i < made.size(); ++i) {
        made[i] = static_cast<std::uint8_t>(halves[i / 8] >> (i % 8 * 8));
    }
    made[0] = static_cast<std::uint8_t>((made[0] & 0x3FU) | 0x40U);
    return made;
}

inline std::vector<Serial> sorted_serials(std::size_t count) {
    std::vector<Serial> made(count);
    for (std::size_t i = 0; i < count; ++i) made[i] = serial(i);
    std::ranges::sort(made);
    return made;
}

inline pki::Place place() { return {"Tokyo-to", "Kiyose-shi", "13221"}; }

inline pki::BasicFourItems items() {
    using namespace std::chrono_literals;
    return {.name = "吉田　太郎",
            .address = "東京都清瀬市中里五丁目八百四十二番地　架空荘二〇三号室",
            .birth = pki::birth_date(1980y / 2 / 17),
            .sex = pki::Sex::male,
            .name_substitutes = "00000",
            .address_substitutes = std::string(27, '0')};
}

/// A person's TBSCertificate by the profile of `by`.
inline Bytes person_tbs(const Authority& by, BytesView spki, BytesView serial) {
    constexpr std::array<std::uint8_t, 14> letters{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14};
    const pki::BasicFourItems four = items();
    const bool signs = by.profile.kind() == pki::Kind::sign;
    return must(
        pki::end_entity_tbs(by.profile, by.issuer,
                            {.serial = serial,
                             .validity = years(4),
                             .place = place(),
                             .common_name = signs ? pki::sign_common_name(now(), place(), 1)
                                                  : pki::auth_common_name(letters, place(), 1),
                             .spki = spki,
                             .items = signs ? &four : nullptr}));
}

}  // namespace mitome::bench
