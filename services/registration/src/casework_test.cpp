// SPDX-License-Identifier: Apache-2.0
#include "casework.hpp"

#include <mitome/crypto/random.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <set>

namespace mitome::registration {
namespace {

using namespace std::chrono_literals;
using catalogue::Code;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

const Time start = from_rfc3339("2026-11-24T06:00:00Z").value();
const Bytes desk_person(32, 1), supervisor(32, 2);

/// The ledger of an authority in this process. Knows every certificate that it is told of.
class ScriptedLedger final : public Authority, public Batches {
public:
    explicit ScriptedLedger(const Clock& clock) : clock_(clock) {}

    Result<pki::Certificate> issue(const Approval&, const store::Resident&) override {
        return fail(Fault::denied, "test: issues nothing");
    }
    Done revoke(pki::Ca ca, BytesView serial, pki::Reason reason, std::string_view cause) override {
        const std::vector one{Wanted{ca, copy(serial), reason, std::string{cause}}};
        MITOME_CHECK(withdraw(one));
        return {};
    }
    Done withdraw(pki::Ca ca, BytesView serial, pki::Reason reason, std::optional<Time>,
                  std::string_view cause) override {
        return revoke(ca, serial, reason, cause);
    }
    Result<Recorded> look_up(pki::Ca ca, BytesView serial) override {
        if (is_down) return fail(Fault::unavailable, "test: down");
        const auto found = states.find({ca, copy(serial)});
        if (found == states.end()) return Recorded{};
        Recorded recorded;
        recorded.reason = found->second;
        recorded.standing = Standing::revoked;
        if (found->second == pki::Reason::certificate_hold) recorded.standing = Standing::held;
        if (found->second == pki::Reason::remove_from_crl) recorded.standing = Standing::alive;
        return recorded;
    }
    Result<std::vector<Taken>> withdraw(std::span<const Wanted> wanted) override {
        if (is_down) return fail(Fault::unavailable, "test: down");
        batches.push_back(wanted.size());
        std::vector<Taken> taken;
        for (const auto& one : wanted) {
            const auto found = states.find({one.ca, one.serial});
            if (found == states.end()) {
                taken.push_back(Taken::unknown);
            } else if (found->second == one.reason) {
                taken.push_back(Taken::unchanged);
            } else if (found->second != pki::Reason::certificate_hold &&
                       found->second != pki::Reason::remove_from_crl) {
                taken.push_back(one.reason == pki::Reason::certificate_hold ? Taken::refused
                                                                            : Taken::unchanged);
            } else {
                found->second = one.reason;
                record(one);
                taken.push_back(Taken::changed);
            }
        }
        return taken;
    }
    Result<Changes> changes(std::uint64_t after) override {
        if (is_down) return fail(Fault::unavailable, "test: down");
        Changes page;
        for (const auto& line : feed)
            if (line.seq > after) page.lines.push_back(line);
        page.next = feed.empty() ? after : feed.back().seq;
        return page;
    }
    void know(pki::Ca ca, const Bytes& serial) {
        states[{ca, serial}] = pki::Reason::remove_from_crl;
    }
    [[nodiscard]] pki::Reason reason(pki::Ca ca, const Bytes& serial) const {
        return states.at({ca, serial});
    }

    bool is_down = false;
    std::map<std::pair<pki::Ca, Bytes>, pki::Reason> states;  // removeFromCRL: alive
    std::vector<store::FeedEntry> feed;
    std::vector<std::size_t> batches;

private:
    void record(const Wanted& one) {
        store::Happening happening = store::Happening::revoked;
        if (one.reason == pki::Reason::certificate_hold) happening = store::Happening::held;
        if (one.reason == pki::Reason::remove_from_crl) happening = store::Happening::released;
        feed.push_back({.seq = feed.size() + 1,
                        .happening = happening,
                        .ca = one.ca,
                        .serial = one.serial,
                        .at = clock_.now(),
                        .not_after = {},
                        .reason = one.reason,
                        .invalidity = {}});
    }
    const Clock& clock_;
};

class CountedPush final : public Push {
public:
    void hint(BytesView element) override { hinted.push_back(copy(element)); }
    std::vector<Bytes> hinted;
};

/// One resident with a card and a phone whose pair the card asked for.
class CaseworkTest : public testing::Test {
protected:
    CaseworkTest() {
        store::Resident one;
        one.items.name = "架空　花子";
        one.items.address = "架空町";
        one.items.birth = pki::birth_date(1990y / 4 / 1);
        one.municipality = "13221";
        one.my_number = "123456789018";
        change([&](store::Transaction& in) -> Done {
            MITOME_CHECK(people.add(in, one));
            MITOME_CHECK(people.add(in, card));
            return {};
        });
        ledger.know(pki::Ca::card_sign, card.sign_serial);
        ledger.know(pki::Ca::card_auth, card.auth_serial);
        give_phone(phone, 0x61);
    }
    ~CaseworkTest() override {
        database.reset();
        std::error_code ignored;
        std::filesystem::remove_all(folder, ignored);
    }

    void change(const std::function<Done(store::Transaction&)>& work) {
        auto in = database->begin();
        ASSERT_TRUE(in);
        ASSERT_TRUE(work(*in));
        ASSERT_TRUE(in->commit());
    }
    /// A pair with the serials `first` and `first` + 1 for that element, completed.
    void give_phone(const Bytes& element, std::uint8_t first) {
        const Bytes sign{first}, auth{static_cast<std::uint8_t>(first + 1)};
        change([&](store::Transaction& in) -> Done {
            store::Order order;
            order.id = Bytes(16, first);
            order.element = element;
            order.resident = 1;
            order.state = store::OrderState::completed;
            order.created = order.deadline = start;
            for (const auto kind : {pki::Kind::sign, pki::Kind::auth}) {
                const Bytes& serial = kind == pki::Kind::sign ? sign : auth;
                order.keys.push_back({.kind = kind,
                                      .spki = join({element, serial}),
                                      .serial = serial,
                                      .certificate = {1},
                                      .confirmed = true});
                store::CmpExchange exchange;
                exchange.transaction = join({element, serial});
                exchange.order = order.id;
                exchange.ca = phone_ca(kind);
                exchange.serial = serial;
                exchange.signer = card.sign_serial;
                MITOME_CHECK(people.add(in, exchange));
            }
            MITOME_CHECK(people.add(in, order));
            MITOME_CHECK(people.set_phone(in, {.resident = 1,
                                               .element = element,
                                               .order = order.id,
                                               .sign_serial = sign,
                                               .auth_serial = auth,
                                               .since = start}));
            return {};
        });
        ledger.know(pki::Ca::phone_sign, sign);
        ledger.know(pki::Ca::phone_auth, auth);
    }
    [[nodiscard]] std::string state(pki::Ca ca, const Bytes& serial) const {
        const auto reason = ledger.reason(ca, serial);
        return reason == pki::Reason::remove_from_crl ? "alive" : std::string{pki::name_of(reason)};
    }
    /// Of card-sign, card-auth, phone-sign, phone-auth.
    [[nodiscard]] std::vector<std::string> states() const {
        return {state(pki::Ca::card_sign, card.sign_serial),
                state(pki::Ca::card_auth, card.auth_serial), state(pki::Ca::phone_sign, {0x61}),
                state(pki::Ca::phone_auth, {0x62})};
    }
    /// `CODE detail` of everything that the phone is told.
    std::vector<std::string> told(const Bytes& element) {
        std::vector<std::string> lines;
        const auto page = casework.notices.page(element, 0).value();
        for (const auto& notice : page) lines.push_back(notice.code + " " + notice.detail);
        return lines;
    }
    [[nodiscard]] std::set<std::string> audited() const {
        std::set<std::string> actions;
        const auto page = audit.page(0, 1000).value();
        for (const auto& row : page) actions.insert(row.event.action);
        return actions;
    }

    std::filesystem::path folder = [] {
        auto name = (std::filesystem::temp_directory_path() / "mitome-casework-XXXXXX").string();
        return std::filesystem::path{::mkdtemp(name.data())};
    }();
    std::unique_ptr<store::Database> database =
        *store::Database::open(folder / "registration.db", store::registration_schema());
    store::Register people{*database};
    store::Audit audit{*database};
    FixedClock clock{start};
    crypto::SystemRandom random;
    ScriptedLedger ledger{clock};
    CredentialsPlace credentials;
    CountedPush push;
    Office office{.database = *database,
                  .people = people,
                  .audit = audit,
                  .authority = ledger,
                  .credentials = credentials,
                  .clock = clock,
                  .random = random};
    Casework casework{office, ledger, push};
    const Bytes phone = Bytes(10, 0xA1);
    store::Card card{.number = 1,
                     .resident = 1,
                     .sign_serial = {0x51},
                     .auth_serial = {0x52},
                     .not_after = start + 100 * 24h,
                     .state = store::CardState::valid};
};

TEST_F(CaseworkTest, TakesSignatureCertificatesFromWhoMoves) {
    const auto decision = casework.desk.move(1, {.address = "別の町", .municipality = {}});

    ASSERT_TRUE(decision);
    EXPECT_EQ(decision->tasks.size(), 2U);
    EXPECT_FALSE(decision->waiting);
    EXPECT_THAT(states(),
                ElementsAre("affiliationChanged", "alive", "affiliationChanged", "alive"));
    EXPECT_EQ(people.resident(1).value()->state, store::ResidentState::moved);
    EXPECT_EQ(people.resident(1).value()->items.address, "別の町");
    EXPECT_EQ(people.card(1).value()->state, store::CardState::valid);
    EXPECT_THAT(audited(), testing::IsSupersetOf({"resident.moved", "task.add", "tasks.done"}));
}

TEST_F(CaseworkTest, LeavesThePhonesLoginToWhoMovedWhenItHearsOfItsOwnRevocation) {
    ASSERT_TRUE(casework.desk.move(1, {.address = "別の町", .municipality = {}}));

    casework.tend();
    casework.tend();

    EXPECT_EQ(state(pki::Ca::phone_auth, {0x62}), "alive");
    EXPECT_THAT(told(phone), ElementsAre("notice_revoked sign affiliationChanged"));
}

TEST_F(CaseworkTest, DoesNothingWhenNothingHasChanged) {
    const auto decision = casework.desk.move(1, {.address = "架空町", .municipality = {}});

    ASSERT_TRUE(decision);
    EXPECT_THAT(decision->tasks, IsEmpty());
    EXPECT_EQ(people.resident(1).value()->state, store::ResidentState::registered);
}

TEST_F(CaseworkTest, TakesSignatureCertificatesFromWhoIsRenamed) {
    ASSERT_TRUE(casework.desk.rename(1, "実在　花子"));

    EXPECT_THAT(states(),
                ElementsAre("affiliationChanged", "alive", "affiliationChanged", "alive"));
    EXPECT_EQ(people.resident(1).value()->items.name_substitutes, "00000");
}

TEST_F(CaseworkTest, NeedsTwoPersonsForADeath) {
    const auto approval = casework.approvals.propose(store::Dangerous::decease, 1, {}, desk_person);
    ASSERT_TRUE(approval);
    EXPECT_THAT(states(), ElementsAre("alive", "alive", "alive", "alive"));

    const auto alone =
        casework.approvals.decide(approval->id, Approvals::Verdict::agreed, desk_person);
    ASSERT_FALSE(alone);
    EXPECT_EQ(alone.error().code, Code::second_person_needed);
    const auto decided =
        casework.approvals.decide(approval->id, Approvals::Verdict::agreed, supervisor);
    ASSERT_TRUE(decided);
    static_cast<void>(casework.desk.carried_out(decided->tasks));

    EXPECT_THAT(states(), ElementsAre("cessationOfOperation", "cessationOfOperation",
                                      "cessationOfOperation", "cessationOfOperation"));
    EXPECT_EQ(people.resident(1).value()->state, store::ResidentState::deceased);
    EXPECT_EQ(people.card(1).value()->state, store::CardState::revoked);
    EXPECT_THAT(audited(), testing::IsSupersetOf({"decease.propose", "decease.agree"}));
}

TEST_F(CaseworkTest, CarriesOutAnApprovalOnce) {
    const auto approval = casework.approvals.propose(store::Dangerous::decease, 1, {}, desk_person);
    const auto agree = [&] {
        return casework.approvals.decide(approval->id, Approvals::Verdict::agreed, supervisor);
    };
    ASSERT_TRUE(agree());

    const auto again = agree();

    ASSERT_TRUE(again);
    EXPECT_THAT(again->tasks, IsEmpty());
    EXPECT_EQ(casework.approvals.decide(approval->id, Approvals::Verdict::rejected, supervisor)
                  .error()
                  .code,
              Code::approval_closed);
}

TEST_F(CaseworkTest, LetsAProposalRunOut) {
    const auto approval = casework.approvals.propose(store::Dangerous::decease, 1, {}, desk_person);
    clock.advance(24h);

    EXPECT_EQ(casework.approvals.decide(approval->id, Approvals::Verdict::agreed, supervisor)
                  .error()
                  .code,
              Code::approval_absent);
    EXPECT_THAT(*casework.approvals.waiting(), IsEmpty());
}

TEST_F(CaseworkTest, RejectsWithoutAnyEffect) {
    const auto approval =
        casework.approvals.propose(store::Dangerous::erase, 1, phone, desk_person);

    ASSERT_TRUE(casework.approvals.decide(approval->id, Approvals::Verdict::rejected, supervisor));

    EXPECT_THAT(states(), ElementsAre("alive", "alive", "alive", "alive"));
    EXPECT_THAT(*people.waiting_erasures(phone), IsEmpty());
}

TEST_F(CaseworkTest, ErasesAPhoneThatTwoPersonsAgreedOn) {
    const auto approval =
        casework.approvals.propose(store::Dangerous::erase, 1, phone, desk_person);

    const auto decided =
        casework.approvals.decide(approval->id, Approvals::Verdict::agreed, supervisor);
    ASSERT_TRUE(decided);
    static_cast<void>(casework.desk.carried_out(decided->tasks));

    EXPECT_THAT(states(),
                ElementsAre("alive", "alive", "cessationOfOperation", "cessationOfOperation"));
    ASSERT_EQ(people.waiting_erasures(phone)->size(), 1U);
    EXPECT_EQ(people.waiting_erasures(phone)->front().cause, "desk");
}

TEST_F(CaseworkTest, WaitsForAnAuthorityThatIsDown) {
    ledger.is_down = true;
    const auto decision = casework.desk.move(1, {.address = "別の町", .municipality = {}});
    ASSERT_TRUE(decision);
    EXPECT_TRUE(decision->waiting);
    casework.tend();

    ledger.is_down = false;
    casework.tend();

    EXPECT_EQ(state(pki::Ca::phone_sign, {0x61}), "affiliationChanged");
}

TEST_F(CaseworkTest, SendsNoMoreThanABatchAtOnce) {
    change([&](store::Transaction& in) -> Done {
        for (std::uint32_t i = 0; i < 1'200; ++i) {
            const Bytes serial{0x10, static_cast<std::uint8_t>(i >> 8U),
                               static_cast<std::uint8_t>(i)};
            MITOME_CHECK(casework.cascade.revoke(in, pki::Ca::phone_sign, serial,
                                                 pki::Reason::superseded, "test"));
            ledger.know(pki::Ca::phone_sign, serial);
        }
        return {};
    });

    EXPECT_TRUE(casework.cascade.carry_out());

    EXPECT_THAT(ledger.batches, ElementsAre(500U, 500U, 200U));
}

TEST_F(CaseworkTest, HoldsAPersonsPhoneAndLeavesTheCard) {
    const auto held = casework.desk.hold({.resident = 1, .whose = Whose::phone, .certificate = {}});

    ASSERT_TRUE(held);
    EXPECT_THAT(states(), ElementsAre("alive", "alive", "certificateHold", "certificateHold"));
    casework.tend();
    EXPECT_THAT(told(phone), ElementsAre("notice_held sign,auth"));
    EXPECT_THAT(push.hinted, ElementsAre(phone));
}

TEST_F(CaseworkTest, HoldsALostCardAndLeavesThePhone) {
    ASSERT_TRUE(casework.desk.hold({.resident = 1, .whose = Whose::card, .certificate = {}}));
    casework.tend();

    EXPECT_THAT(states(), ElementsAre("certificateHold", "certificateHold", "alive", "alive"));
}

TEST_F(CaseworkTest, RefusesToHoldWhatIsRevoked) {
    ASSERT_TRUE(
        casework.desk.revoke({.subject = {.resident = 1}, .reason = pki::Reason::key_compromise}));

    EXPECT_EQ(casework.desk.hold({.resident = 1}).error().code, Code::hold_refused);
    EXPECT_EQ(casework.desk.hold({.resident = 9}).error().code, Code::resident_absent);
    EXPECT_EQ(casework.desk.hold({.certificate = {0x30, 0x00}}).error().code,
              Code::certificate_malformed);
}

TEST_F(CaseworkTest, RevokesAPhoneAtTheDeskAndOrdersItsErasure) {
    const auto decision =
        casework.desk.revoke({.subject = {.resident = 1}, .reason = pki::Reason::key_compromise});

    ASSERT_TRUE(decision);
    EXPECT_THAT(states(), ElementsAre("alive", "alive", "keyCompromise", "keyCompromise"));
    EXPECT_EQ(people.waiting_erasures(phone)->size(), 1U);
    EXPECT_EQ(casework.desk.revoke({.subject = {.resident = 1}}).error().code,
              Code::already_revoked);
}

TEST_F(CaseworkTest, RevokesThePhoneWithItsCard) {
    ASSERT_TRUE(casework.desk.revoke(
        {.subject = {.resident = 1, .whose = Whose::card}, .reason = pki::Reason::key_compromise}));

    EXPECT_THAT(states(), ElementsAre("keyCompromise", "keyCompromise", "cessationOfOperation",
                                      "cessationOfOperation"));
    EXPECT_EQ(people.card(1).value()->state, store::CardState::revoked);
}

TEST_F(CaseworkTest, HearsOfACardThatSomebodyElseRevoked) {
    ASSERT_TRUE(ledger.revoke(pki::Ca::card_sign, card.sign_serial, pki::Reason::superseded, "x"));

    casework.tend();

    EXPECT_THAT(states(),
                ElementsAre("superseded", "alive", "cessationOfOperation", "cessationOfOperation"));
    EXPECT_EQ(people.card(1).value()->state, store::CardState::revoked);
}

TEST_F(CaseworkTest, FindsACardWhoseTimeIsOver) {
    clock.advance(101 * 24h);

    casework.tend();

    EXPECT_THAT(states(),
                ElementsAre("alive", "alive", "cessationOfOperation", "cessationOfOperation"));
    EXPECT_EQ(people.card(1).value()->state, store::CardState::retired);
}

TEST_F(CaseworkTest, TellsOfTheEndOnceEach) {
    for (const auto days : {0, 5, 11, 20, 50, 71, 80, 94, 95, 99}) {
        clock.set(start + days * 24h);
        ASSERT_TRUE(casework.notices.look_at_endings());
        ASSERT_TRUE(casework.notices.look_at_endings());
    }

    const std::string end = to_rfc3339(card.not_after);
    EXPECT_THAT(told(phone), ElementsAre("notice_expiry_90 " + end, "notice_expiry_30 " + end,
                                         "notice_expiry_7 " + end));
}

TEST_F(CaseworkTest, DoesNotSpeakOfTheEndOfWhatIsDead) {
    ASSERT_TRUE(casework.desk.revoke({.subject = {.resident = 1}}));
    clock.set(start + 95 * 24h);

    ASSERT_TRUE(casework.notices.look_at_endings());

    EXPECT_THAT(told(phone), IsEmpty());
}

TEST_F(CaseworkTest, TellsAPhoneThatAnotherOneTookOver) {
    const Bytes newer(10, 0xA2);
    give_phone(newer, 0x71);
    ASSERT_TRUE(ledger.revoke(pki::Ca::phone_sign, Bytes{0x61}, pki::Reason::superseded, "x"));
    ASSERT_TRUE(ledger.revoke(pki::Ca::phone_auth, Bytes{0x62}, pki::Reason::superseded, "x"));

    casework.tend();

    EXPECT_THAT(told(phone), ElementsAre("notice_superseded sign,auth"));
    EXPECT_THAT(told(newer), IsEmpty());
}

TEST_F(CaseworkTest, SaysNothingOfARenewalInTheSamePhone) {
    give_phone(phone, 0x71);
    ASSERT_TRUE(ledger.revoke(pki::Ca::phone_sign, Bytes{0x61}, pki::Reason::superseded, "x"));

    casework.tend();

    EXPECT_THAT(told(phone), IsEmpty());
}

TEST_F(CaseworkTest, TellsOfARelease) {
    ASSERT_TRUE(casework.desk.hold({.resident = 1}));
    ASSERT_TRUE(ledger.revoke(pki::Ca::phone_auth, Bytes{0x62}, pki::Reason::remove_from_crl, "x"));

    casework.tend();

    EXPECT_THAT(told(phone), ElementsAre("notice_held sign,auth", "notice_released auth"));
}

TEST_F(CaseworkTest, TellsThePersonOfAnErasure) {
    change([&](store::Transaction& in) -> Done {
        store::EraseOrder order;
        order.element = Bytes(10, 0xA0);
        order.resident = 1;
        order.cause = "superseded";
        order.state = store::EraseState::erased;
        order.changed = start;
        MITOME_CHECK(people.add(in, order));
        return {};
    });

    ASSERT_TRUE(casework.notices.look_at_erasures());
    ASSERT_TRUE(casework.notices.look_at_erasures());

    EXPECT_THAT(told(phone), ElementsAre("notice_erased A0A0A0A0A0A0A0A0A0A0"));
}

Secret<10> digits(std::string_view text) {
    Secret<10> code;
    static_cast<void>(code.assign(view(text)));
    return code;
}

/// Ten digits that are not those.
Secret<10> other_than(const Secret<10>& code) {
    return code.reveal([](BytesView octets) {
        Bytes changed = copy(octets);
        changed.front() = changed.front() == '0' ? '1' : '0';
        return digits(text(changed));
    });
}

TEST_F(CaseworkTest, StopsThePhoneWithItsCode) {
    const auto code = casework.stop_codes.make(phone);
    ASSERT_TRUE(code);
    EXPECT_EQ(code->size(), 10U);

    const auto stopped = casework.stop_codes.stop(phone, *code);

    ASSERT_TRUE(stopped);
    EXPECT_EQ(stopped->held.size(), 2U);
    EXPECT_THAT(states(), ElementsAre("alive", "alive", "certificateHold", "certificateHold"));
    EXPECT_TRUE(casework.stop_codes.stop(phone, *code));  // once more is no harm
    EXPECT_THAT(audited(), testing::IsSupersetOf({"stop_code.make", "phone.hold"}));
}

TEST_F(CaseworkTest, LocksAStopCodeAfterFiveWrongEntries) {
    const auto code = casework.stop_codes.make(phone);
    ASSERT_TRUE(code);
    for (const std::uint32_t left : {4U, 3U, 2U, 1U, 0U}) {
        const auto wrong = casework.stop_codes.stop(phone, other_than(*code));
        ASSERT_TRUE(wrong);
        EXPECT_EQ(wrong->tries_left, left);
    }

    EXPECT_EQ(casework.stop_codes.stop(phone, *code).error().code, Code::stop_code_locked);

    EXPECT_THAT(states(), ElementsAre("alive", "alive", "alive", "alive"));
    const auto anew = casework.stop_codes.make(phone);
    ASSERT_TRUE(anew);
    EXPECT_TRUE(casework.stop_codes.stop(phone, *anew)->held.size() == 2U);
}

TEST_F(CaseworkTest, KnowsNoStopCodeOfAPhoneThatHasNone) {
    EXPECT_EQ(casework.stop_codes.stop(phone, digits("0123456789")).error().code,
              Code::stop_code_wrong);
    EXPECT_EQ(casework.stop_codes.make(Bytes(10, 0xEE)).error().code, Code::certificate_absent);
}

TEST_F(CaseworkTest, KeepsNoStopCodeThatCanBeRead) {
    const auto code = casework.stop_codes.make(phone);
    ASSERT_TRUE(code);

    const auto kept = store::Casebook{*database}.stop_code(phone).value();

    ASSERT_TRUE(kept);
    EXPECT_EQ(kept->stretched.size(), 32U);
    EXPECT_EQ(kept->salt.size(), 16U);
}

TEST_F(CaseworkTest, LeavesAnAuditThatHoldsTogether) {
    ASSERT_TRUE(casework.desk.move(1, {.address = "別の町", .municipality = {}}));
    ASSERT_TRUE(casework.desk.hold({.resident = 1}));
    casework.tend();

    const auto verdict = audit.verify();

    ASSERT_TRUE(verdict);
    EXPECT_FALSE(verdict->broken_at);
    const auto page = audit.page(0, 1000).value();
    for (const auto& row : page) {
        EXPECT_EQ((row.event.subject + row.event.detail).find("町"), std::string::npos);
        EXPECT_EQ((row.event.subject + row.event.detail).find("花子"), std::string::npos);
    }
}

}  // namespace
}  // namespace mitome::registration
