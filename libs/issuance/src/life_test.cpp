// SPDX-License-Identifier: Apache-2.0
#include "life_document.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

namespace mitome::issuance::life {
namespace {

// The rules as the service has them, written down once more: state, event, whose certificate,
// who, what becomes of it.
constexpr std::string_view rules = R"(
requested issue     phone card : active
requested issue     card  resident_desk : active
requested revoke    phone registration authority operator : revoked
requested revoke    card  registration authority operator : revoked
active    hold      phone phone card card_login stop_code call_desk operator : on_hold
active    hold      card  call_desk operator : on_hold
active    revoke    phone phone card resident_desk registration element operator : revoked
active    revoke    card  resident_desk registration operator : revoked
active    supersede phone card resident_desk registration operator : superseded
active    supersede card  resident_desk registration operator : superseded
active    expire    phone time : expired
active    expire    card  time : expired
on_hold   release   phone card operator : active
on_hold   release   card  resident_desk operator : active
on_hold   revoke    phone phone card resident_desk registration element operator : revoked
on_hold   revoke    card  resident_desk registration operator : revoked
on_hold   supersede phone card resident_desk registration operator : superseded
on_hold   supersede card  resident_desk registration operator : superseded
on_hold   expire    phone time : expired
on_hold   expire    card  time : expired
expired   revoke    phone resident_desk registration element operator : revoked
expired   revoke    card  resident_desk registration operator : revoked
expired   supersede phone registration : superseded
expired   supersede card  registration : superseded
revoked   erase     phone element : erased
superseded erase    phone element : erased
)";

std::string key(std::string_view from, std::string_view on, std::string_view whose,
                std::string_view who, std::string_view to) {
    return fmt::format("{} {} {} {} {}", from, on, whose, who, to);
}

std::set<std::string> in_the_rules() {
    std::set<std::string> all;
    std::istringstream lines{std::string{rules}};
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words{line};
        std::string from, on, whose, to;
        words >> from >> on >> whose;
        std::vector<std::string> who;
        for (std::string word; words >> word && word != ":";) who.push_back(word);
        words >> to;
        for (const std::string& one : who) all.insert(key(from, on, whose, one, to));
    }
    return all;
}

/// `ask` of every state, event, actor and CA.
template <class Ask>
void everywhere(Ask ask) {
    for (const State from : all_states) {
        for (const Event on : all_events) {
            for (const Actor who : all_actors) {
                for (const pki::Ca ca : pki::all_cas) ask(from, on, who, ca);
            }
        }
    }
}

std::string_view whose(pki::Ca ca) { return of_phone.has(ca) ? "phone" : "card"; }

TEST(Life, AdmitsWhatTheRulesSayAndNothingElse) {
    const auto expected = in_the_rules();
    std::set<std::string> admitted;

    everywhere([&](State from, Event on, Actor who, pki::Ca ca) {
        const auto to = next(from, on, who, ca, traps::lenient);
        EXPECT_EQ(admits(from, on, who, ca, traps::lenient), to.has_value());
        if (to) {
            admitted.insert(key(name_of(from), name_of(on), whose(ca), name_of(who), name_of(*to)));
        }
    });

    EXPECT_EQ(admitted, expected);
}

TEST(Life, TreatsBothKindsOfAPhoneAlikeButForRelease) {
    everywhere([](State from, Event on, Actor who, pki::Ca ca) {
        if (ca != pki::Ca::phone_sign || on == Event::release) return;
        EXPECT_EQ(next(from, on, who, ca), next(from, on, who, pki::Ca::phone_auth));
    });
}

TEST(Life, ReleasesThePhonesAuthenticationCertificateAlone) {
    std::set<std::string_view> released;

    everywhere([&](State from, Event on, Actor who, pki::Ca ca) {
        if (on == Event::release && admits(from, on, who, ca)) released.insert(pki::name_of(ca));
    });

    EXPECT_EQ(released, std::set<std::string_view>{pki::name_of(pki::Ca::phone_auth)});
}

TEST(Life, DoesNotReleaseWhatHasAnInvalidityDate) {
    everywhere([](State from, Event on, Actor who, pki::Ca ca) {
        if (on == Event::release) {
            EXPECT_FALSE(admits(from, on, who, ca, traps::dated));
        } else {
            EXPECT_EQ(next(from, on, who, ca, traps::dated), next(from, on, who, ca));
        }
    });
}

TEST(Life, GivesAReasonForEveryRefusalAndForNothingElse) {
    everywhere([](State from, Event on, Actor who, pki::Ca ca) {
        EXPECT_NE(refusal(from, on, who, ca).has_value(), admits(from, on, who, ca));
    });
}

TEST(Life, SaysWhyItRefuses) {
    const auto why = [](State from, Event on, Actor who, const Circumstances& in = {}) {
        return refusal(from, on, who, pki::Ca::phone_auth, in);
    };
    EXPECT_EQ(why(State::requested, Event::hold, Actor::card), Refused::certificate_unknown);
    EXPECT_EQ(why(State::active, Event::issue, Actor::card), Refused::already_issued);
    EXPECT_EQ(why(State::active, Event::release, Actor::card), Refused::release_refused);
    EXPECT_EQ(why(State::active, Event::revoke, Actor::card_login), Refused::not_authorized);
    EXPECT_EQ(why(State::active, Event::erase, Actor::element), Refused::request_refused);
    EXPECT_EQ(why(State::on_hold, Event::hold, Actor::card), Refused::hold_refused);
    EXPECT_EQ(why(State::on_hold, Event::release, Actor::phone), Refused::not_authorized);
    EXPECT_EQ(why(State::on_hold, Event::release, Actor::card, traps::dated),
              Refused::release_refused);
    EXPECT_EQ(refusal(State::on_hold, Event::release, Actor::card, pki::Ca::phone_sign),
              Refused::release_refused);
    EXPECT_EQ(why(State::revoked, Event::revoke, Actor::phone), Refused::already_revoked);
    EXPECT_EQ(why(State::superseded, Event::release, Actor::card), Refused::already_revoked);
    EXPECT_EQ(why(State::erased, Event::hold, Actor::card), Refused::already_revoked);
    EXPECT_EQ(why(State::expired, Event::hold, Actor::call_desk), Refused::certificate_expired);
    EXPECT_EQ(why(State::expired, Event::release, Actor::card), Refused::certificate_expired);
}

TEST(Life, LeadsFromTheRequestToEveryState) {
    std::set<State> reached{State::requested};
    for (std::size_t step = 0; step < all_states.size(); ++step) {
        everywhere([&](State from, Event on, Actor who, pki::Ca ca) {
            if (!reached.contains(from)) return;
            if (const auto to = next(from, on, who, ca)) reached.insert(*to);
        });
    }

    EXPECT_EQ(reached.size(), all_states.size());
}

TEST(Life, NeverCallsGoodWhatIsNotInUse) {
    EXPECT_EQ(ocsp_answer(std::nullopt), OcspAnswer::unknown);
    for (const State state : all_states) {
        EXPECT_EQ(answers(state).ocsp == OcspAnswer::good, state == State::active);
    }
}

TEST(Life, ListsExactlyWhatOcspCallsRevoked) {
    for (const State state : all_states) {
        const Answers told = answers(state);
        EXPECT_EQ(told.crl == CrlAnswer::revoked, told.ocsp == OcspAnswer::revoked);
        EXPECT_EQ(told.crl == CrlAnswer::held, told.ocsp == OcspAnswer::held);
    }
}

// A delta since the hold must undo it, whichever way it ended.
TEST(Life, LetsADeltaUndoEveryHold) {
    everywhere([](State from, Event on, Actor who, pki::Ca ca) {
        if (from != State::on_hold) return;
        const auto to = next(from, on, who, ca);
        if (!to) return;
        const auto expected = is_revoked(*to) ? DeltaAnswer::revoked : DeltaAnswer::removed;
        EXPECT_EQ(answers(*to).delta, expected);
    });
}

TEST(Life, ReadsTheStateFromTheLedger) {
    using store::Standing;
    const Time end{std::chrono::seconds{1'000'000}};
    const auto state = [&](Standing standing, pki::Reason reason, Time at) {
        return state_of(standing, reason, end, at);
    };
    constexpr auto none = pki::Reason::unspecified;
    const Time later = end + std::chrono::seconds{1};
    EXPECT_EQ(state(Standing::drawn, none, end), std::nullopt);
    EXPECT_EQ(state(Standing::intended, none, end), State::requested);
    EXPECT_EQ(state(Standing::issued, none, end), State::active);
    EXPECT_EQ(state(Standing::issued, none, later), State::expired);
    EXPECT_EQ(state(Standing::held, pki::Reason::certificate_hold, end), State::on_hold);
    EXPECT_EQ(state(Standing::held, pki::Reason::certificate_hold, later), State::expired);
    EXPECT_EQ(state(Standing::revoked, pki::Reason::key_compromise, later), State::revoked);
    EXPECT_EQ(state(Standing::revoked, pki::Reason::superseded, end), State::superseded);
}

TEST(Life, TakesEveryReasonForAnEvent) {
    EXPECT_EQ(event_of(pki::Reason::certificate_hold), Event::hold);
    EXPECT_EQ(event_of(pki::Reason::remove_from_crl), Event::release);
    EXPECT_EQ(event_of(pki::Reason::superseded), Event::supersede);
    for (const auto reason :
         {pki::Reason::unspecified, pki::Reason::key_compromise, pki::Reason::ca_compromise,
          pki::Reason::affiliation_changed, pki::Reason::cessation_of_operation}) {
        EXPECT_EQ(event_of(reason), Event::revoke);
    }
}

TEST(Life, LetsRegistrationSpeakForNeitherAuthorityNorTime) {
    const Actors actors = actors_behind("registration");
    EXPECT_TRUE(actors.has(Actor::card) && actors.has(Actor::element));
    EXPECT_FALSE(actors.has(Actor::authority) || actors.has(Actor::ca_operator) ||
                 actors.has(Actor::time));
    for (const Actor actor : all_actors) {
        EXPECT_FALSE(actors_behind("status").has(actor));
        EXPECT_EQ(actor_of(name_of(actor)), actor);
    }
    EXPECT_FALSE(actor_of("mayor"));
}

// `MITOME_WRITE_DOCS=1` writes it instead.
TEST(LifeDocument, IsWhatTheTableSays) {
    const std::string path = std::string{MITOME_SOURCE_DIR} + "/docs/life.md";
    if (std::getenv("MITOME_WRITE_DOCS") != nullptr) std::ofstream{path} << document();
    std::ifstream file{path};
    const std::string found{std::istreambuf_iterator<char>{file}, {}};

    EXPECT_TRUE(found == document())
        << "run this test with MITOME_WRITE_DOCS=1 and look at what has changed";
}

// The failures of the app and of the services are rows of one catalogue.
TEST(LifeDocument, NamesCodesOfTheCatalogue) {
    std::set<std::string> codes;
    std::ifstream file{std::string{MITOME_SOURCE_DIR} + "/catalogue/failures.tsv"};
    for (std::string line; std::getline(file, line);) codes.insert(line.substr(0, line.find('\t')));

    for (const State state : all_states) {
        const auto code = answers(state).app;
        EXPECT_TRUE(code.empty() || codes.contains(std::string{code})) << code;
    }
    for (auto i = static_cast<unsigned>(Refused::certificate_unknown);
         i <= static_cast<unsigned>(Refused::request_refused); ++i) {
        const auto code = name_of(static_cast<Refused>(i));
        EXPECT_TRUE(codes.contains(std::string{code})) << code;
    }
}

}  // namespace
}  // namespace mitome::issuance::life
