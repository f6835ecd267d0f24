// SPDX-License-Identifier: Apache-2.0
// A token that answers whatever it likes: each answer is a length octet (FF: two more follow) and
// that many octets; no more answers, no more card.
#include <mitome/card/token_signer.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

namespace {

using mitome::Bytes;
using mitome::BytesView;
using mitome::Pin;
namespace card = mitome::card;
namespace crypto = mitome::crypto;
namespace pki = mitome::pki;
namespace reader = mitome::reader;

class Answers {
public:
    explicit Answers(BytesView octets) : left_(octets) {}

    [[nodiscard]] Bytes next() {
        std::size_t size = take();
        if (size == 0xFF) {
            size = take() << 8;
            size |= take();
        }
        const BytesView answer = left_.first(std::min(size, left_.size()));
        left_ = left_.subspan(answer.size());
        return mitome::copy(answer);
    }

private:
    [[nodiscard]] std::size_t take() {
        if (left_.empty()) {
            return 0;
        }
        const std::size_t octet = left_.front();
        left_ = left_.subspan(1);
        return octet;
    }

    BytesView left_;
};

void require(bool held) {
    if (!held) {
        std::abort();
    }
}

[[nodiscard]] Pin pin(std::string_view characters) {
    Pin made;
    require(made.assign(mitome::view(characters)));
    return made;
}

void converse(card::Session& session) {
    (void)card::read_token(session);
    (void)card::read_held(session);
    for (const auto kind : {pki::Kind::sign, pki::Kind::auth}) {
        const auto left = card::tries_left(session, card::pin_of(kind));
        require(!left || !*left || **left <= 15);
        const auto der = card::read_certificate_der(session, card::certificate_of(kind));
        require(!der || (der->size() >= 2 && der->front() == 0x30));
        (void)card::read_certificate(session, card::ca_of(kind));
    }
    const auto outcome = card::verify_pin(session, card::PinRef::authentication, pin("1234"));
    if (outcome) {
        const auto* const rejected = std::get_if<card::Rejected>(&*outcome);
        require(rejected == nullptr || rejected->tries_left > 0);
    }
    (void)card::change_pin(session, card::PinRef::signature, pin("ABC123"), pin("DEF456"));
    if (const auto signer = card::TokenSigner::create(session, pki::Kind::auth)) {
        (void)(*signer)->sign(crypto::Hash::sha256, mitome::view("content"));
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    constexpr std::size_t most = 200'000;
    Answers answers{BytesView{bytes, std::min(size, most)}};
    const auto session =
        card::Session::open(reader::in_process([&answers](BytesView) { return answers.next(); }));
    if (session) {
        converse(**session);
    }
    return 0;
}
