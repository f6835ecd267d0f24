// SPDX-License-Identifier: Apache-2.0
#pragma once

// A personalised My Number card with certificates of real size, PINs 1234 and ABC123.

#include "world.hpp"

#include <mitome/element/element.hpp>

namespace mitome::bench {

class MemoryMedium final : public element::Medium {
public:
    Result<Bytes> read(unsigned slot) override { return slots_[slot]; }
    Done write(unsigned slot, BytesView content) override {
        slots_[slot] = copy(content);
        return {};
    }

private:
    Bytes slots_[2];
};

inline void set(Pin& pin, std::string_view digits) { must_hold(pin.assign(view(digits)), "a PIN"); }

inline std::unique_ptr<element::Element> new_card(std::unique_ptr<element::Medium> medium,
                                                  const crypto::AesKey& device_key, KeyKind kind) {
    element::Birth birth;
    birth.key = kind;
    auto card = must(element::Element::create(std::move(medium), device_key, birth));
    const Authority signs = new_authority(pki::Ca::card_sign, KeyKind::rsa_2048);
    const Authority logs_in = new_authority(pki::Ca::card_auth, KeyKind::rsa_2048);
    const auto certificate = [&](const Authority& by, element::Kind key, std::uint64_t number) {
        return sign(person_tbs(by, card->spki(key), serial(number)), *by.key).der();
    };
    element::Personalisation given;
    given.certificates.sign = certificate(signs, element::Kind::sign, 1);
    given.certificates.auth = certificate(logs_in, element::Kind::auth, 2);
    given.certificates.sign_ca = signs.certificate.der();
    given.certificates.auth_ca = logs_in.certificate.der();
    set(given.pins.authentication, "1234");
    set(given.pins.signature, "ABC123");
    must(card->personalise(std::move(given)));
    return card;
}

}  // namespace mitome::bench
