// SPDX-License-Identifier: Apache-2.0
#include "card_verifiable.hpp"

#include <mitome/apdu/tlv.hpp>

#include <algorithm>

namespace mitome::maker {
namespace {

constexpr std::uint16_t certificate_tag = 0x7F21;
constexpr std::uint16_t body_tag = 0x5F4E;
constexpr std::uint16_t signature_tag = 0x5F37;
constexpr std::uint16_t exponent_tag = 0x90;
constexpr std::uint16_t modulus_tag = 0x91;

constexpr std::size_t holder_digits = 7;
constexpr std::size_t group_digits = 3;

bool is_digits(std::string_view text, std::size_t count) {
    return text.size() == count &&
           std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

Result<KeyId> key_id(std::string_view holder, std::string_view group) {
    if (!is_digits(holder, holder_digits) || !is_digits(group, group_digits))
        return fail(Fault::malformed, "card: no key id");
    KeyId id{};
    auto at = std::ranges::copy(holder, id.begin()).out;
    *at++ = 0x08;
    *at++ = 0x05;
    std::ranges::copy(group, at);
    return id;
}

Result<Bytes> card_public_key(BytesView spki) {
    MITOME_TRY(key, crypto::PublicKey::from_spki(spki));
    if (key.kind() != crypto::KeyKind::rsa_2048 || !same(key.exponent(), "010001"_hex))
        return fail(Fault::malformed, "card: only RSA-2048 with exponent 65537 fits");
    return join({apdu::make_card_tlv(exponent_tag, key.exponent()),
                 apdu::make_card_tlv(modulus_tag, key.modulus())});
}

Result<Bytes> card_verifiable_certificate(crypto::Signer& issuer, const KeyId& issuer_id,
                                          const NamedKey& subject) {
    MITOME_TRY(key, card_public_key(subject.spki));
    const Bytes body = join({issuer_id, subject.id, key});
    MITOME_TRY(signature, issuer.sign(crypto::Hash::sha256, body));
    return apdu::make_card_tlv(
        certificate_tag,
        join({apdu::make_card_tlv(body_tag, body), apdu::make_card_tlv(signature_tag, signature)}));
}

}  // namespace mitome::maker
