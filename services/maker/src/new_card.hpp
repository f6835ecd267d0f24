// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "card_texts.hpp"
#include "factory.hpp"

#include <map>
#include <string>

namespace mitome::maker {

struct CardOrder {
    CardTexts texts;
    std::string municipality;  ///< five digits
    std::chrono::year_month_day card_end{};
    std::string security_code;  ///< four digits, as on the face of the card
    Bytes text_spki;            ///< the card's own key 0013, for EF 0007; empty: none is made
};

struct NewCard {
    std::map<std::string, Bytes> text_files;  ///< EFs of 券面事項入力補助AP, by four hex digits
    std::map<std::string, Bytes> common_files;  ///< records of 共通カードAP
    std::string check_number_b;
};

/// `malformed` when a field has another form or the texts do not fit their file.
[[nodiscard]] Result<NewCard> make_card(Factory& factory, const CardOrder& order);

}  // namespace mitome::maker
