// SPDX-License-Identifier: Apache-2.0
#include "orders.hpp"

#include <gtest/gtest.h>

namespace mitome::authority {
namespace {

constexpr const char* person = R"({"request":"0102030405060708","ca":"card-sign","spki":"MAA=",
    "not_after":"2030-02-17T14:59:59Z","municipality":"13221","prefecture":"Tokyo-to",
    "city":"Kiyose-shi","four":{"name":"吉田　太郎","address":"東京都清瀬市","birth":"1980-02-17",
    "sex":9,"name_substitutes":"10000","address_substitutes":"000000"}})";

std::string with(std::string_view was, std::string_view becomes) {
    std::string text = person;
    return text.replace(text.find(was), was.size(), becomes);
}

TEST(ParseIssue, ReadsAPerson) {
    const auto body = parse_issue(view(person), "registration", World::production);

    ASSERT_TRUE(body) << body.error().what.text;
    EXPECT_EQ(body->ca, pki::Ca::card_sign);
    EXPECT_EQ(body->order.key, (Bytes{1, 2, 3, 4, 5, 6, 7, 8}));
    EXPECT_EQ(body->order.role, "registration");
    EXPECT_EQ(body->order.place.municipality, "Kiyose-shi");
    EXPECT_EQ(body->order.items->sex, pki::Sex::other);
    EXPECT_EQ(body->order.policy, issuance::Policy::of_profile);
}

TEST(ParseIssue, LetsOnlyASandboxChooseTheBeginning) {
    const std::string text =
        with("\"not_after\"", "\"not_before\":\"2020-01-01T00:00:00Z\",\"not_after\"");

    EXPECT_TRUE(parse_issue(view(text), "registration", World::sandbox));
    const auto refused = parse_issue(view(text), "registration", World::production);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().fault, Fault::denied);
}

TEST(ParseIssue, LetsOnlyASandboxIssueToFiles) {
    const std::string text = with("\"not_after\"", "\"policy\":\"test-file\",\"not_after\"");

    EXPECT_EQ(parse_issue(view(text), "registration", World::sandbox)->order.policy,
              issuance::Policy::test_file);
    EXPECT_FALSE(parse_issue(view(text), "registration", World::production));
}

TEST(ParseIssue, DoesNotKnowAnotherCa) {
    const auto body =
        parse_issue(view(with("card-sign", "root")), "registration", World::production);

    ASSERT_FALSE(body);
    EXPECT_EQ(body.error().fault, Fault::absent);
}

class BadIssue : public testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(BadIssue, IsRefused) {
    const auto& [was, becomes] = GetParam();

    const auto body = parse_issue(view(with(was, becomes)), "registration", World::sandbox);

    ASSERT_FALSE(body);
    EXPECT_EQ(body.error().fault, Fault::malformed);
}

INSTANTIATE_TEST_SUITE_P(
    Changes, BadIssue,
    testing::Values(std::pair{"card-sign", "card-auth"},  // the four items do not go there
                    std::pair{"13221", "1322"}, std::pair{"\"sex\":9", "\"sex\":3"},
                    std::pair{"1980-02-17", "1980-02-30"}, std::pair{"MAA=", "?"},
                    std::pair{"\"city\"", "\"town\""},
                    std::pair{"\"not_after\"", "\"extra\":1,\"not_after\""}));

TEST(ParseRegistration, MakesTheSameKeyOfTheSameRequest) {
    const Time noon = from_rfc3339("2026-11-24T12:00:00Z").value();
    const char* body = R"({"spki":"MAA="})";

    const auto first = parse_registration(view(body), "registration", noon);
    const auto later = parse_registration(view(body), "registration", noon + std::chrono::hours{1});

    ASSERT_TRUE(first);
    EXPECT_EQ(first->key, later->key);
    EXPECT_EQ(first->not_after, later->not_after);
}

TEST(ParseRevoke, KnowsReasonsByTheirNames) {
    const auto body = parse_revoke(
        view(R"({"ca":"phone-auth","serial":"4142","reason":"cessationOfOperation"})"), "operator");

    ASSERT_TRUE(body);
    EXPECT_EQ(body->withdrawal.reason, pki::Reason::cessation_of_operation);
    EXPECT_EQ(body->withdrawal.role, "operator");
}

TEST(ParseRevoke, RefusesAnotherReason) {
    EXPECT_FALSE(
        parse_revoke(view(R"({"ca":"phone-auth","serial":"41","reason":"lost"})"), "operator"));
}

TEST(ParseRevoke, KnowsForWhomTheRoleSpeaks) {
    const auto body = parse_revoke(
        view(R"({"ca":"phone-auth","serial":"41","reason":"certificateHold","actor":"stop_code"})"),
        "registration");

    ASSERT_TRUE(body);
    EXPECT_EQ(body->withdrawal.actor, issuance::life::Actor::stop_code);
}

TEST(ParseRevoke, RefusesAnotherActor) {
    EXPECT_FALSE(parse_revoke(
        view(R"({"ca":"phone-auth","serial":"41","reason":"certificateHold","actor":"mayor"})"),
        "registration"));
}

TEST(ParseRevokeBatch, ReadsItsEntriesInOrder) {
    const auto batch = parse_revoke_batch(
        view(R"({"entries":[{"ca":"card-sign","serial":"41","reason":"affiliationChanged",
                "cause":"moved"},{"ca":"phone-auth","serial":"42","reason":"certificateHold"}]})"),
        "registration");

    ASSERT_TRUE(batch);
    ASSERT_EQ(batch->size(), 2U);
    EXPECT_EQ(batch->front().withdrawal.cause, "moved");
    EXPECT_EQ(batch->back().ca, pki::Ca::phone_auth);
    EXPECT_EQ(batch->back().withdrawal.role, "registration");
}

TEST(ParseRevokeBatch, RefusesWhatIsNone) {
    EXPECT_FALSE(parse_revoke_batch(view(R"({"entries":[]})"), "registration"));
    EXPECT_FALSE(parse_revoke_batch(
        view(R"({"entries":[{"ca":"card-sign","serial":"41","reason":"lost"}]})"), "registration"));
}

}  // namespace
}  // namespace mitome::authority
