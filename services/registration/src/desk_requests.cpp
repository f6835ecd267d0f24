// SPDX-License-Identifier: Apache-2.0
#include "desk_requests.hpp"

#include "places.hpp"

#include <mitome/base/clock.hpp>
#include <mitome/http/json.hpp>

#include <algorithm>
#include <utility>

namespace mitome::registration {
namespace {

constexpr std::size_t longest_text = 200;  // characters, as certificates allow

Result<pki::Sex> to_sex(std::uint64_t number) {
    if (number == 1) return pki::Sex::male;
    if (number == 2) return pki::Sex::female;
    if (number == 9) return pki::Sex::other;
    return fail(Fault::malformed, "desk: sex is 1, 2 or 9");
}

Result<std::string> text_or(http::JsonObject& body, std::string_view name,
                            std::string_view otherwise) {
    MITOME_TRY(given, body.optional_text(name));
    if (!given) return std::string{otherwise};
    MITOME_TRY(count, pki::count_characters(*given));
    if (count == 0 || count > longest_text)
        return fail(Fault::malformed, "desk: a text is empty or too long");
    return *std::move(given);
}

}  // namespace

int number_of(pki::Sex sex) {
    switch (sex) {
        case pki::Sex::male: return 1;
        case pki::Sex::female: return 2;
        case pki::Sex::other: return 9;
    }
    return 9;
}

Result<NewResident> parse_new_resident(BytesView json) {
    MITOME_TRY(body, http::JsonObject::parse(json));
    NewResident made;
    MITOME_TRY(name, text_or(body, "name", "架空　太郎"));
    made.name = std::move(name);
    MITOME_TRY(address, text_or(body, "address", "東京都清瀬市架空町一丁目一番一号"));
    made.address = std::move(address);
    MITOME_TRY(birth, text_or(body, "birth_date", "1985-05-05"));
    MITOME_TRY(day, to_day(birth));
    made.birth = day;
    made.sex = pki::Sex::other;
    if (body.has("sex")) {
        MITOME_TRY(number, body.number("sex"));
        MITOME_TRY(sex, to_sex(number));
        made.sex = sex;
    }
    MITOME_TRY(municipality, text_or(body, "municipality", "13221"));
    if (!place_of(municipality)) return fail(Fault::malformed, "desk: no such municipality here");
    made.municipality = std::move(municipality);
    MITOME_CHECK(body.finish());
    return made;
}

Result<CardRequest> parse_card_request(BytesView json) {
    MITOME_TRY(body, http::JsonObject::parse(json));
    CardRequest request;
    MITOME_TRY(resident, body.number("resident"));
    request.resident = resident;
    MITOME_TRY(sign, body.base64("sign_spki"));
    request.sign_spki = std::move(sign);
    MITOME_TRY(auth, body.base64("auth_spki"));
    request.auth_spki = std::move(auth);
    MITOME_TRY(word, body.optional_text("case"));
    if (word) {
        const auto flaw = case_of(std::string_view{*word});
        if (!flaw) return fail(Fault::malformed, "desk: no such case");
        request.flaw = *flaw;
    }
    if (body.has("expired")) {
        MITOME_TRY(expired, body.flag("expired"));
        if (expired) request.flaw = Case::expired;
    }
    MITOME_CHECK(body.finish());
    return request;
}

Result<OrderWish> parse_order(BytesView json) {
    MITOME_TRY(body, http::JsonObject::parse(json));
    MITOME_TRY(words, body.texts("kinds"));
    OrderWish wish;
    if (body.has("renewal")) {
        MITOME_TRY(renewal, body.flag("renewal"));
        wish.renewal = renewal;
    }
    MITOME_CHECK(body.finish());
    for (const auto& word : words) {
        if (word != "sign" && word != "auth") return fail(Fault::malformed, "orders: no such kind");
        const pki::Kind kind = word == "sign" ? pki::Kind::sign : pki::Kind::auth;
        if (std::ranges::find(wish.kinds, kind) != wish.kinds.end())
            return fail(Fault::malformed, "orders: a kind comes twice");
        wish.kinds.push_back(kind);
    }
    if (wish.kinds.empty()) return fail(Fault::malformed, "orders: nothing is ordered");
    return wish;
}

}  // namespace mitome::registration
