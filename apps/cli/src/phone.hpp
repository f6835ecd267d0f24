// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the phone's verbs share.

#include "token.hpp"

#include <mitome/client/registration.hpp>
#include <mitome/wallet/history.hpp>
#include <mitome/wallet/ports.hpp>

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace mitome::cli {

/// A phone, its line to registration, and what the wallet keeps of it.
struct PhoneAtHand {
    std::string name;
    std::unique_ptr<reader::Channel> element;
    std::unique_ptr<client::Registration> registration;
    wallet::Shelf shelf;
    std::vector<pki::Certificate> anchors;
};
[[nodiscard]] Attempt<PhoneAtHand> phone_at_hand(const Context& context, const std::string& phone);

/// The reader of the sandbox or of the desk; a person at a terminal is asked to put the card.
class CardAtReader final : public wallet::CardPlace {
public:
    explicit CardAtReader(const Context& context) : context_(context) {}
    wallet::Reply<std::unique_ptr<reader::Channel>> wait_for_card() override;

private:
    const Context& context_;
};

/// A refusal, or a failure of the element.
[[nodiscard]] Failure failure_of(const wallet::Trouble& trouble);

struct NamedCertificate {
    pki::Kind kind;
    pki::Certificate certificate;
};
/// Those of the phone's certificates that registration has in one of these states.
[[nodiscard]] Attempt<std::vector<NamedCertificate>> certificates_in(
    PhoneAtHand& phone, std::initializer_list<std::string_view> states);

/// Writes into the phone's history what is about to be done. The verb stops where it cannot.
[[nodiscard]] Attempt<void> note_deed(const Context& context, const std::string& phone,
                                      wallet::Deed deed, std::optional<pki::Kind> kind,
                                      BytesView serial, std::string_view with);

}  // namespace mitome::cli
