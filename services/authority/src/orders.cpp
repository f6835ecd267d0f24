// SPDX-License-Identifier: Apache-2.0
#include "orders.hpp"

#include <mitome/crypto/digest.hpp>
#include <mitome/http/json.hpp>

#include <algorithm>
#include <utility>

namespace mitome::authority {
namespace {

constexpr auto registration_validity = std::chrono::days{365};

Result<pki::Ca> to_ca(http::JsonObject& body) {
    MITOME_TRY(name, body.text("ca"));
    const auto ca = pki::ca_of(name);
    if (!ca) return fail(Fault::absent, "authority: no such CA");
    return *ca;
}

Result<pki::Sex> to_sex(std::uint64_t number) {  // JIS X 0303
    if (number == 1) return pki::Sex::male;
    if (number == 2) return pki::Sex::female;
    if (number == 9) return pki::Sex::other;
    return fail(Fault::malformed, "authority: sex is 1, 2 or 9");
}

Result<pki::BasicFourItems> to_items(http::JsonObject& four) {
    MITOME_TRY(name, four.text("name"));
    MITOME_TRY(address, four.text("address"));
    MITOME_TRY(birth, four.text("birth"));
    MITOME_TRY(day, to_day(birth));
    MITOME_TRY(number, four.number("sex"));
    MITOME_TRY(sex, to_sex(number));
    MITOME_TRY(name_substitutes, four.text("name_substitutes"));
    MITOME_TRY(address_substitutes, four.text("address_substitutes"));
    MITOME_CHECK(four.finish());
    return pki::BasicFourItems{.name = std::move(name),
                               .address = std::move(address),
                               .birth = pki::birth_date(day),
                               .sex = sex,
                               .name_substitutes = std::move(name_substitutes),
                               .address_substitutes = std::move(address_substitutes)};
}

Result<RevokeBody> to_revocation(http::JsonObject& body, std::string_view role) {
    RevokeBody revoke;
    MITOME_TRY(ca, to_ca(body));
    revoke.ca = ca;
    MITOME_TRY(serial, body.hex("serial"));
    revoke.withdrawal.serial = std::move(serial);
    MITOME_TRY(word, body.text("reason"));
    const auto reason = pki::reason_of(word);
    if (!reason) return fail(Fault::malformed, "authority: unknown reason");
    revoke.withdrawal.reason = *reason;
    MITOME_TRY(invalidity, body.optional_time("invalidity"));
    revoke.withdrawal.invalidity = invalidity;
    MITOME_TRY(cause, body.optional_text("cause"));
    revoke.withdrawal.cause = cause.value_or("asked");
    revoke.withdrawal.role = role;
    MITOME_TRY(actor, body.optional_text("actor"));
    if (actor) {
        revoke.withdrawal.actor = issuance::life::actor_of(*actor);
        if (!revoke.withdrawal.actor) return fail(Fault::malformed, "authority: no such actor");
    }
    MITOME_CHECK(body.finish());
    return revoke;
}

bool is_municipality(std::string_view code) {
    return code.size() == 5 &&
           std::ranges::all_of(code, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

Result<IssueBody> parse_issue(BytesView json, std::string_view role, World world) {
    MITOME_TRY(body, http::JsonObject::parse(json));
    IssueBody issue;
    MITOME_TRY(ca, to_ca(body));
    issue.ca = ca;
    issuance::PersonOrder& order = issue.order;
    order.role = role;
    MITOME_TRY(key, body.hex("request"));
    order.key = std::move(key);
    MITOME_TRY(spki, body.base64("spki"));
    order.spki = std::move(spki);
    MITOME_TRY(not_before, body.optional_time("not_before"));
    order.not_before = not_before;
    MITOME_TRY(not_after, body.time("not_after"));
    order.not_after = not_after;
    MITOME_TRY(code, body.text("municipality"));
    if (!is_municipality(code)) return fail(Fault::malformed, "authority: municipality code");
    order.place.code = std::move(code);
    MITOME_TRY(prefecture, body.text("prefecture"));
    order.place.prefecture = std::move(prefecture);
    MITOME_TRY(city, body.text("city"));
    order.place.municipality = std::move(city);
    MITOME_TRY(four, body.optional_object("four"));
    if (four.has_value() != (pki::kind_of(ca) == pki::Kind::sign)) {
        return fail(Fault::malformed, "authority: the four items go with a signature certificate");
    }
    if (four) {
        MITOME_TRY(items, to_items(*four));
        order.items = std::move(items);
    }
    MITOME_TRY(policy, body.optional_text("policy"));
    if (policy && *policy != "test-file") return fail(Fault::malformed, "authority: policy");
    if (policy) order.policy = issuance::Policy::test_file;
    MITOME_CHECK(body.finish());
    if (world == World::production && (not_before || policy)) {
        return fail(Fault::denied, "authority: sandbox only");
    }
    return issue;
}

Result<issuance::Order> parse_registration(BytesView json, std::string_view role, Time now) {
    MITOME_TRY(body, http::JsonObject::parse(json));
    MITOME_TRY(spki, body.base64("spki"));
    MITOME_TRY(not_after, body.optional_time("not_after"));
    const auto today = std::chrono::floor<std::chrono::days>(now);
    issuance::Order order{.key = {},
                          .role = std::string{role},
                          .spki = std::move(spki),
                          .not_before = {},
                          .not_after = not_after.value_or(today + registration_validity)};
    if (body.has("request")) {
        MITOME_TRY(key, body.hex("request"));
        order.key = std::move(key);
    } else {
        const std::string end = to_rfc3339(order.not_after);
        order.key = crypto::digest(crypto::Hash::sha256, join({order.spki, view(end)}));
    }
    MITOME_CHECK(body.finish());
    return order;
}

Result<RevokeBody> parse_revoke(BytesView json, std::string_view role) {
    MITOME_TRY(body, http::JsonObject::parse(json));
    return to_revocation(body, role);
}

Result<std::vector<issuance::BatchEntry>> parse_revoke_batch(BytesView json,
                                                             std::string_view role) {
    MITOME_TRY(body, http::JsonObject::parse(json));
    MITOME_TRY(rows, body.objects("entries"));
    MITOME_CHECK(body.finish());
    if (rows.empty() || rows.size() > issuance::largest_batch)
        return fail(Fault::malformed, "authority: no such batch");
    std::vector<issuance::BatchEntry> entries;
    for (http::JsonObject& row : rows) {
        MITOME_TRY(one, to_revocation(row, role));
        entries.push_back({.ca = one.ca, .withdrawal = std::move(one.withdrawal)});
    }
    return entries;
}

}  // namespace mitome::authority
