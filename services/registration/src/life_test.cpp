// SPDX-License-Identifier: Apache-2.0
#include "test_phone.hpp"

#include <gtest/gtest.h>

#include <filesystem>

namespace mitome::registration {
namespace {

/// One sandbox for all tests of this file; each test has a resident and phones of its own.
class PhoneLife : public testing::Test {
protected:
    static void SetUpTestSuite() {
        sandbox_ = new_sandbox(600);
        ASSERT_TRUE(sandbox_->works);
    }
    static void TearDownTestSuite() { sandbox_.reset(); }
    static Sandbox& at() { return *sandbox_; }
    static CardInFiles card_of(int resident) {
        const std::string name = "card" + std::to_string(resident);
        EXPECT_TRUE(at().new_card(name, resident));
        return {at().home, name};
    }
    /// A resident without a past.
    static int new_resident() {
        const auto row =
            json::parse(text(at().desk("POST", "/desk/residents", json::object{}).body));
        return static_cast<int>(row.at("id").as_int64());
    }
    static std::string sign_state(const pki::Certificate& which) {
        return at().state_of(which, "phone-sign");
    }
    static std::string auth_state(const pki::Certificate& which) {
        return at().state_of(which, "phone-auth");
    }
    static std::string file_of(const pki::Certificate& which, const std::string& name) {
        at().home.write(name, to_pem("CERTIFICATE", which.der()));
        return at().home.at(name);
    }
    /// `openssl cmp -cmd rr` with a certificate of the card.
    static int rr(const std::string& card, const pki::Certificate& what, int reason) {
        return at().cmp("phone", card,
                        {"-cmd", "rr", "-oldcert", file_of(what, "old.pem"), "-revreason",
                         std::to_string(reason)});
    }

private:
    static std::unique_ptr<Sandbox> sandbox_;
};
std::unique_ptr<Sandbox> PhoneLife::sandbox_;

TEST_F(PhoneLife, RenewsBothCertificatesAndKeepsThePins) {
    const auto card = card_of(1);
    Phone phone{at(), "renewed"};
    ASSERT_EQ(phone.issue(card), "done");
    const auto former_sign = *phone.granted(adm::Kind::sign);
    const auto former_auth = *phone.granted(adm::Kind::auth);

    ASSERT_EQ(phone.renew(card), "done");

    EXPECT_EQ(sign_state(former_sign), "revoked superseded");
    EXPECT_EQ(auth_state(former_auth), "revoked superseded");
    EXPECT_EQ(sign_state(*phone.granted(adm::Kind::sign)), "issued");
    EXPECT_FALSE(same(former_sign.spki(), phone.granted(adm::Kind::sign)->spki()));
    EXPECT_TRUE(phone.holds_a_set());
    EXPECT_TRUE(phone.former().as_array().empty());
}

TEST_F(PhoneLife, LetsTheFormerPairLiveUntilTheNewOneIsConfirmed) {
    const auto card = card_of(2);
    Phone phone{at(), "unconfirmed"};
    ASSERT_EQ(phone.issue(card), "done");
    const auto former = *phone.granted(adm::Kind::sign);
    ASSERT_EQ(phone.open_order({adm::Kind::sign, adm::Kind::auth}, true).status, 200U);
    ASSERT_EQ(phone.administer(), 204U);
    ASSERT_TRUE(phone.prepare(Phone::Pins::kept));
    ASSERT_EQ(phone.request(card), "");

    EXPECT_EQ(sign_state(former), "issued");
    EXPECT_EQ(phone.recover(), "dropped");

    EXPECT_EQ(sign_state(former), "issued");
    EXPECT_TRUE(phone.holds_a_set());
}

TEST_F(PhoneLife, ReissuesTheSignatureCertificateAlone) {
    const auto card = card_of(3);
    Phone phone{at(), "alone"};
    ASSERT_EQ(phone.issue(card), "done");
    const auto former_sign = *phone.granted(adm::Kind::sign);
    const auto auth = *phone.granted(adm::Kind::auth);
    ASSERT_EQ(rr("card3", former_sign, 6), 0) << at().said;

    ASSERT_EQ(phone.renew(card, {adm::Kind::sign}), "done");

    EXPECT_EQ(sign_state(former_sign), "revoked superseded");
    EXPECT_EQ(auth_state(auth), "issued");
    EXPECT_EQ(phone.show().at("certificates").as_array().size(), 2U);
    EXPECT_TRUE(phone.holds_a_set());
    EXPECT_TRUE(phone.verifies(adm::Kind::auth, "5678"));
}

TEST_F(PhoneLife, EndsAnOrderWhoseCardWasRevokedAfterTheSwap) {
    const int resident = new_resident();
    const auto card = card_of(resident);
    Phone phone{at(), "too-late"};
    ASSERT_EQ(phone.open_order().status, 200U);
    ASSERT_EQ(phone.administer(), 204U);
    ASSERT_TRUE(phone.prepare());
    ASSERT_EQ(phone.request(card), "");
    ASSERT_EQ(phone.administer(), 204U);
    ASSERT_EQ(at().desk("POST", "/desk/revoke",
                        json::object{
                            {"resident", resident}, {"whose", "card"}, {"reason", "keyCompromise"}})
                  .status,
              200U);

    EXPECT_EQ(phone.recover(), "dropped");

    EXPECT_EQ(phone.last_state(), "abandoned");
    EXPECT_EQ(sign_state(*phone.granted(adm::Kind::sign)), "revoked cessationOfOperation");
    EXPECT_EQ(auth_state(*phone.granted(adm::Kind::auth)), "revoked cessationOfOperation");
    EXPECT_FALSE(phone.show().at("resident_bound").as_bool());
    ASSERT_EQ(phone.sync(), 204U);
    EXPECT_FALSE(phone.holds_a_set());
}

TEST_F(PhoneLife, RenewsForNobodyElse) {
    const auto card = card_of(4);
    const auto other = card_of(5);
    Phone phone{at(), "anothers"};
    ASSERT_EQ(phone.issue(card), "done");

    EXPECT_EQ(phone.renew(other), "request notAuthorized");
}

TEST_F(PhoneLife, TakesARenewalAsCrOnly) {
    const auto card = card_of(10);
    Phone phone{at(), "ir"};
    ASSERT_EQ(phone.issue(card), "done");
    ASSERT_EQ(phone.open_order({adm::Kind::auth}, true).status, 200U);
    ASSERT_EQ(phone.administer(), 204U);
    ASSERT_TRUE(phone.prepare(Phone::Pins::kept));

    phone.ask_with(cmp::BodyType::ir);

    EXPECT_EQ(phone.request(card), "badRequest");
}

TEST_F(PhoneLife, TakesRevocationHoldAndReleaseFromOpenssl) {
    const auto card = card_of(12);
    Phone phone{at(), "rr"};
    ASSERT_EQ(phone.issue(card), "done");
    const auto sign = *phone.granted(adm::Kind::sign);
    const auto auth = *phone.granted(adm::Kind::auth);

    EXPECT_EQ(rr("card12", auth, 6), 0) << at().said;
    EXPECT_EQ(auth_state(auth), "held");
    EXPECT_EQ(rr("card12", auth, 8), 0) << at().said;
    EXPECT_EQ(auth_state(auth), "issued");
    EXPECT_NE(rr("card12", auth, 8), 0);
    EXPECT_EQ(rr("card12-auth", auth, 6), 0) << at().said;
    EXPECT_NE(rr("card12-auth", auth, 8), 0);
    EXPECT_NE(at().said.find("notAuthorized"), std::string::npos) << at().said;
    EXPECT_EQ(rr("card12", sign, 1), 0) << at().said;
    EXPECT_EQ(sign_state(sign), "revoked keyCompromise");
    EXPECT_NE(rr("card12", sign, 1), 0);
    EXPECT_NE(at().said.find("certRevoked"), std::string::npos) << at().said;
    EXPECT_EQ(rr("card12", auth, 5), 0) << at().said;
    EXPECT_EQ(auth_state(auth), "revoked cessationOfOperation");
}

TEST_F(PhoneLife, ErasesWhatItsHolderRevoked) {
    const auto card = card_of(13);
    Phone phone{at(), "erased"};
    ASSERT_EQ(phone.issue(card), "done");
    ASSERT_EQ(phone.revoke_itself(pki::Reason::cessation_of_operation), "");
    EXPECT_EQ(phone.former().at(0).at("state").as_string(), "ordered");

    ASSERT_EQ(phone.sync(), 204U);

    EXPECT_FALSE(phone.holds_a_set());
    EXPECT_FALSE(phone.show().at("resident_bound").as_bool());
    const auto row = phone.former().at(0);
    EXPECT_EQ(row.at("state").as_string(), "erased");
    EXPECT_EQ(row.at("cause").as_string(), "revoked");
    const auto judge = [&](std::string_view what, const std::string& root) {
        const std::string name = at().home.at(std::string{what} + ".cms");
        at().home.write(std::string{what} + ".cms",
                        std::string{text(*from_base64(row.at(what).as_string()))});
        return test::run({"/usr/bin/openssl", "cms", "-verify", "-inform", "DER", "-in", name,
                          "-CAfile", root, "-purpose", "any", "-out", "/dev/null"},
                         at().home.at("log/openssl.log"));
    };
    EXPECT_EQ(judge("receipt", at().home.at("maker/root.pem")), 0);
    EXPECT_EQ(judge("order", at().home.at("authority/ca/phone-sign.pem")), 0);

    EXPECT_EQ(phone.issue(card), "done");
}

TEST_F(PhoneLife, RevokesItselfOutOfAHold) {
    const auto card = card_of(new_resident());
    Phone phone{at(), "held"};
    ASSERT_EQ(phone.issue(card), "done");
    ASSERT_EQ(phone.revoke_itself(pki::Reason::certificate_hold), "");
    ASSERT_EQ(sign_state(*phone.granted(adm::Kind::sign)), "held");

    EXPECT_NE(phone.revoke_itself(pki::Reason::remove_from_crl), "");
    EXPECT_EQ(phone.revoke_itself(pki::Reason::cessation_of_operation), "");

    EXPECT_EQ(sign_state(*phone.granted(adm::Kind::sign)), "revoked cessationOfOperation");
    EXPECT_EQ(auth_state(*phone.granted(adm::Kind::auth)), "revoked cessationOfOperation");
    EXPECT_NE(phone.revoke_itself(pki::Reason::cessation_of_operation), "");
}

TEST_F(PhoneLife, ShowsAFormerPhoneUntilItHasProvedItsErasure) {
    const int resident = new_resident();
    const auto card = card_of(resident);
    Phone former{at(), "left-behind"};
    ASSERT_EQ(former.issue(card), "done");
    Phone newest{at(), "taken-over"};
    ASSERT_EQ(newest.issue(card), "done");
    const auto state = [&] { return newest.former().at(0).at("state").as_string(); };
    EXPECT_EQ(state(), "ordered");
    EXPECT_EQ(newest.former().at(0).at("element").as_string(), former.id());

    former.lost_answer = 2;
    EXPECT_EQ(former.administer(), 999U);  // erased, and the receipt was lost
    former.lost_answer = -1;
    EXPECT_EQ(state(), "delivered");
    ASSERT_EQ(former.sync(), 204U);

    EXPECT_EQ(state(), "erased");
    EXPECT_FALSE(former.holds_a_set());
    EXPECT_TRUE(newest.holds_a_set());
}

TEST_F(PhoneLife, ErasesBeforeANewOrderOnAFormerPhone) {
    const int resident = new_resident();
    const auto card = card_of(resident);
    Phone first{at(), "back-again"};
    ASSERT_EQ(first.issue(card), "done");
    Phone second{at(), "between"};
    ASSERT_EQ(second.issue(card), "done");

    ASSERT_EQ(first.issue(card), "done");

    EXPECT_EQ(first.sync(), 204U);
    EXPECT_TRUE(first.holds_a_set());
    EXPECT_EQ(sign_state(*second.granted(adm::Kind::sign)), "revoked superseded");
}

TEST_F(PhoneLife, LetsTheHolderChooseNewPins) {
    const int resident = new_resident();
    const auto card = card_of(resident);
    Phone phone{at(), "reset"};
    ASSERT_EQ(phone.issue(card), "done");
    EXPECT_FALSE(phone.choose_pin(adm::Kind::sign, "NEWPIN7"));
    ASSERT_EQ(phone.ask_reset(card), "");

    ASSERT_EQ(phone.administer(), 204U);
    EXPECT_FALSE(phone.more);

    EXPECT_TRUE(phone.choose_pin(adm::Kind::sign, "NEWPIN7"));
    EXPECT_TRUE(phone.choose_pin(adm::Kind::auth, "4711"));
    EXPECT_TRUE(phone.verifies(adm::Kind::sign, "NEWPIN7"));
    EXPECT_TRUE(phone.verifies(adm::Kind::auth, "4711"));
    EXPECT_FALSE(phone.choose_pin(adm::Kind::auth, "4712"));
}

TEST_F(PhoneLife, GrantsNothingToAReplay) {
    const int resident = new_resident();
    const auto card = card_of(resident);
    Phone phone{at(), "replayed"};
    ASSERT_EQ(phone.issue(card), "done");
    ASSERT_EQ(phone.ask_reset(card), "");
    ASSERT_EQ(phone.administer(), 204U);
    ASSERT_TRUE(phone.choose_pin(adm::Kind::auth, "4711"));

    ASSERT_TRUE(at().post_cmp("phone", phone.last_reset()));
    ASSERT_EQ(phone.sync(), 204U);

    EXPECT_FALSE(phone.choose_pin(adm::Kind::sign, "STOLEN1"));
}

TEST_F(PhoneLife, OpensTheWindowAgainWhenTheAnswerWasLost) {
    const int resident = new_resident();
    const auto card = card_of(resident);
    Phone phone{at(), "lost-window"};
    ASSERT_EQ(phone.issue(card), "done");
    ASSERT_EQ(phone.ask_reset(card), "");
    phone.lost_answer = 2;
    ASSERT_EQ(phone.administer(), 999U);
    phone.lost_answer = -1;

    ASSERT_EQ(phone.administer(), 204U);

    EXPECT_TRUE(phone.choose_pin(adm::Kind::sign, "NEWPIN7"));
}

TEST_F(PhoneLife, LendsTheElementItsTime) {
    const int resident = new_resident();
    const auto card = card_of(resident);
    Phone phone{at(), "lease"};
    ASSERT_EQ(phone.issue(card), "done");
    EXPECT_TRUE(phone.show().at("lease").is_null());

    ASSERT_EQ(phone.sync(), 204U);

    EXPECT_TRUE(phone.show().at("lease").is_object());
    EXPECT_FALSE(phone.more);
    EXPECT_TRUE(phone.holds_a_set());
}

TEST_F(PhoneLife, GivesNothingButErasureToAnOlderCopy) {
    const int resident = new_resident();
    const auto card = card_of(resident);
    Phone phone{at(), "older"};
    ASSERT_EQ(phone.issue(card), "done");
    const auto kept = at().home.path() / "older.kept";
    std::filesystem::copy_file(phone.store(), kept);
    ASSERT_EQ(phone.sync(), 204U);
    ASSERT_EQ(phone.show().at("witness").as_string(), "ok");
    phone.close();
    std::filesystem::copy_file(kept, phone.store(),
                               std::filesystem::copy_options::overwrite_existing);
    ASSERT_TRUE(phone.reopen());

    ASSERT_EQ(phone.open_order({adm::Kind::sign}, true).status, 200U);
    EXPECT_EQ(phone.administer(), 409U);

    EXPECT_EQ(phone.show().at("witness").as_string(), "rolled_back");
    EXPECT_EQ(phone.sync(), 204U);
    const auto again = phone.open_order({adm::Kind::sign}, true);
    EXPECT_EQ(again.status, 409U);
    EXPECT_EQ(json::parse(text(again.body)).at("code").as_string(), "element_rolled_back");

    const auto receipt = phone.erase_locally();
    ASSERT_TRUE(receipt);
    EXPECT_EQ(phone.hand_over(*receipt).status, 200U);
    EXPECT_EQ(phone.show().at("witness").as_string(), "ok");
}

TEST_F(PhoneLife, TakesTheReceiptOfALocalErasure) {
    const int resident = new_resident();
    const auto card = card_of(resident);
    Phone phone{at(), "local"};
    ASSERT_EQ(phone.issue(card), "done");
    const auto receipt = phone.erase_locally();
    ASSERT_TRUE(receipt);

    ASSERT_EQ(phone.hand_over(*receipt).status, 200U);

    EXPECT_EQ(sign_state(*phone.granted(adm::Kind::sign)), "revoked cessationOfOperation");
    EXPECT_EQ(auth_state(*phone.granted(adm::Kind::auth)), "revoked cessationOfOperation");
    EXPECT_FALSE(phone.show().at("resident_bound").as_bool());
    EXPECT_EQ(phone.former().at(0).at("cause").as_string(), "local");
    ASSERT_EQ(phone.sync(), 204U);  // the element need not remind of it any more

    // Brought again, it does not touch what came after it.
    ASSERT_EQ(phone.issue(card), "done");
    EXPECT_EQ(phone.hand_over(*receipt).status, 200U);
    EXPECT_EQ(sign_state(*phone.granted(adm::Kind::sign)), "issued");
    EXPECT_TRUE(phone.show().at("resident_bound").as_bool());
}

TEST_F(PhoneLife, TakesNoReceiptThatIsNotItsOwn) {
    const int resident = new_resident();
    const auto card = card_of(resident);
    Phone phone{at(), "receipts"};
    ASSERT_EQ(phone.issue(card), "done");
    auto receipt = *phone.erase_locally();
    Phone other{at(), "others-receipt"};

    const auto anothers = other.hand_over(receipt);
    EXPECT_EQ(anothers.status, 403U);
    EXPECT_EQ(json::parse(text(anothers.body)).at("code").as_string(), "receipt_bad");
    receipt.back() = static_cast<std::uint8_t>(receipt.back() ^ 1);
    EXPECT_EQ(phone.hand_over(receipt).status, 403U);
    EXPECT_EQ(phone.hand_over(Bytes{1, 2, 3}).status, 403U);
    EXPECT_EQ(sign_state(*phone.granted(adm::Kind::sign)), "issued");
}

}  // namespace
}  // namespace mitome::registration
