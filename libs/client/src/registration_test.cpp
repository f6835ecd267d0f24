// SPDX-License-Identifier: Apache-2.0
#include "../../pki/src/cmp_sample.hpp"
#include "cut_line.hpp"

#include <mitome/catalogue/catalogue.hpp>
#include <mitome/client/registration.hpp>
#include <mitome/http/problem.hpp>
#include <mitome/http/server.hpp>
#include <mitome/pki/cmp.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mitome::client {
namespace {

namespace sample = pki::sample;
using catalogue::Code;
using http::Request;
using http::Response;
using testing::Each;
using testing::ElementsAre;
using Recovered = wallet::Registration::Recovered;

constexpr std::string_view order_words = R"({"order":"000102030405060708090A0B0C0D0E0F"})";
constexpr wallet::Order the_order{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
constexpr std::size_t long_but_taken = std::size_t{128} << 10;
constexpr std::size_t too_long = (std::size_t{256} << 10) + 1;

// ── Both ends ───────────────────────────────────────────────────────────────────────────────

/// A CA and what it says of peers. TLS looks at the clock on the wall.
sample::Holder make_tls_ca(const char* name) {
    auto key = sample::make_key();
    const pki::Validity ever{from_rfc3339("2000-01-01T00:00:00Z").value(),
                             from_rfc3339("2100-01-01T00:00:00Z").value()};
    const auto what = pki::root_template(sample::name(name), *key, Bytes{1}, ever).value();
    auto certificate = sample::signed_by(what, *key);
    return {std::move(key), std::move(certificate)};
}
const sample::Holder& tls_ca() {
    static const auto one = make_tls_ca("Sample TLS CA");
    return one;
}
const sample::Holder& foreign_ca() {
    static const auto one = make_tls_ca("Another TLS CA");
    return one;
}

std::string pem_of(const pki::Certificate& certificate) {
    return to_pem("CERTIFICATE", certificate.der());
}

http::TlsIdentity identity(const char* name, const sample::Holder& ca = tls_ca(),
                           const sample::Holder& trusted = tls_ca(),
                           const std::string& address = "127.0.0.1") {
    const auto issuer = pki::issuer_of(ca.certificate).value();
    const auto key = sample::make_key();
    const auto certificate = sample::signed_by(
        {.serial = {0x02},
         .signature_algorithm = issuer.signature_algorithm,
         .issuer = issuer.name,
         .not_before = ca.certificate.not_before(),
         .not_after = ca.certificate.not_after(),
         .subject = sample::name(name),
         .spki = key->spki(),
         .extensions = {pki::extension::key_usage(pki::key_usage::digital_signature),
                        pki::extension::extended_key_usage(
                            {pki::purpose::server_auth, pki::purpose::client_auth}),
                        pki::extension::subject_alt_name({}, {&address, 1})}},
        *ca.key);
    http::TlsIdentity made;
    made.certificate_pem = pem_of(certificate);
    const auto secret = key->to_pkcs8().value();
    made.key_pem = SecretBytes{
        copy(view(secret.reveal([](BytesView der) { return to_pem("PRIVATE KEY", der); })))};
    made.trusted_pem = pem_of(trusted.certificate);
    return made;
}

const http::TlsIdentity& phone() {
    static const auto one = identity("element 0123456789ABCDEF0123");
    return one;
}
const http::TlsIdentity& service() {
    static const auto one = identity("registration");
    return one;
}
http::TlsIdentity duplicate(const http::TlsIdentity& from) {
    http::TlsIdentity made;
    made.certificate_pem = from.certificate_pem;
    made.key_pem = SecretBytes{from.key_pem.reveal([](BytesView key) { return copy(key); })};
    made.trusted_pem = from.trusted_pem;
    return made;
}

/// Says what a test tells it to say, and keeps what it hears.
class Service {
public:
    using Says = std::function<Response(const Request&)>;

    explicit Service(Says says, const http::TlsIdentity& as = service()) : says_(std::move(says)) {
        http::Server::Options options;
        options.tls = duplicate(as);
        server_ = http::Server::start(std::move(options), [this](const Request& request) {
                      heard.push_back(request);
                      return says_(request);
                  }).value();
    }

    std::vector<Request> heard;

    [[nodiscard]] std::uint16_t port() const { return server_->port(); }
    void stop() { server_->stop(); }
    [[nodiscard]] std::vector<std::string> paths() const {
        std::vector<std::string> all;
        all.reserve(heard.size());
        for (const auto& request : heard) all.push_back(request.method + ' ' + request.path);
        return all;
    }

private:
    Says says_;
    std::unique_ptr<http::Server> server_;
};

std::unique_ptr<Registration> connect(std::uint16_t port, const http::TlsIdentity& as = phone()) {
    return Registration::connect(port, duplicate(as)).value();
}

Response saying(std::string_view body, std::string_view type = "application/json",
                unsigned status = 200) {
    Response response;
    response.status = status;
    response.headers.push_back({"Content-Type", std::string{type}});
    response.body = copy(view(body));
    return response;
}

Service::Says always(const Response& response) {
    return [response](const Request&) { return response; };
}

/// One answer after the other.
Service::Says in_turn(std::vector<Response> responses) {
    return [said = std::size_t{0}, all = std::move(responses)](const Request&) mutable {
        return said < all.size() ? all[said++] : http::problem(500, "broken", "not expected");
    };
}

Response script(std::string_view body, std::string_view next) {
    auto response = saying(body, "application/vnd.globalplatform.card-content-mgt;version=1.0");
    if (!next.empty()) response.headers.push_back({"X-Admin-Next-URI", std::string{next}});
    return response;
}
Response no_more() {
    Response response;
    response.status = 204;
    return response;
}

Result<Bytes> answer_of_the_element(BytesView asked) { return join({view("answer to "), asked}); }

// ── Everything that a phone asks, so that each trouble is met by each of them ───────────────

struct Question {
    std::string_view name;
    std::function<std::optional<wallet::Trouble>(Registration&)> ask;
};

template <class T>
std::optional<wallet::Trouble> trouble_in(const wallet::Reply<T>& reply) {
    if (reply) return std::nullopt;
    return reply.error();
}

const std::array questions{
    Question{
        "open_order",
        [](Registration& at) { return trouble_in(at.open_order(3, wallet::OrderFor::first_set)); }},
    Question{"current", [](Registration& at) { return trouble_in(at.open_order_of_this_phone()); }},
    Question{"recover",
             [](Registration& at) { return trouble_in(at.recover(answer_of_the_element)); }},
    Question{"administer",
             [](Registration& at) { return trouble_in(at.administer(answer_of_the_element)); }},
    Question{"certification",
             [](Registration& at) { return trouble_in(at.certification(Bytes{0x30, 0x00})); }}};

std::optional<Code> refusal_in(const std::optional<wallet::Trouble>& trouble) {
    const auto* refusal = trouble ? std::get_if<wallet::Refusal>(&*trouble) : nullptr;
    return refusal == nullptr ? std::nullopt : std::optional{refusal->code};
}
template <class T>
std::optional<Code> refusal_in(const wallet::Reply<T>& reply) {
    return refusal_in(trouble_in(reply));
}

/// What each question comes to, at one and the same port.
std::vector<std::optional<Code>> asked_all(std::uint16_t port,
                                           const http::TlsIdentity& as = phone()) {
    std::vector<std::optional<Code>> codes;
    codes.reserve(questions.size());
    for (const auto& question : questions)
        codes.push_back(refusal_in(question.ask(*connect(port, as))));
    return codes;
}

// ── Refusals ────────────────────────────────────────────────────────────────────────────────

struct Refused {
    unsigned status;
    Code code;
};

class RefusedByRegistration : public testing::TestWithParam<Refused> {};

TEST_P(RefusedByRegistration, IsARefusalOfTheCatalogue) {
    const auto [status, code] = GetParam();
    const Service service{
        always(http::problem(status, catalogue::failure(code).code, "the service says no"))};

    for (const auto& question : questions) {
        // For want of an order, that is no refusal.
        if (status == 404 && question.name == "current") continue;
        EXPECT_EQ(refusal_in(question.ask(*connect(service.port()))), code) << question.name;
    }
}

INSTANTIATE_TEST_SUITE_P(
    Every, RefusedByRegistration,
    testing::Values(Refused{400, Code::request_refused}, Refused{403, Code::not_authorized},
                    Refused{403, Code::phone_of_another}, Refused{403, Code::attestation_refused},
                    Refused{404, Code::order_expired}, Refused{409, Code::order_open},
                    Refused{409, Code::already_issued}, Refused{409, Code::administration_refused},
                    Refused{413, Code::request_refused}, Refused{500, Code::broken},
                    Refused{500, Code::store_damaged}, Refused{503, Code::service_busy},
                    Refused{503, Code::service_unavailable}, Refused{503, Code::disk_full}),
    [](const auto& test) {
        return std::to_string(test.param.status) + '_' +
               std::string{catalogue::failure(test.param.code).code};
    });

struct Unexplained {
    std::string_view name;
    unsigned status;
    std::string_view body;
    Code code;
};

class RefusedWithoutReason : public testing::TestWithParam<Unexplained> {};

TEST_P(RefusedWithoutReason, IsJudgedByItsStatus) {
    const auto& [name, status, body, code] = GetParam();
    const Service service{always(saying(body, "text/html", status))};

    EXPECT_THAT(asked_all(service.port()), Each(code));
}

INSTANTIATE_TEST_SUITE_P(
    Every, RefusedWithoutReason,
    testing::Values(Unexplained{"Page", 500, "<html>", Code::answer_malformed},
                    Unexplained{"UnknownCode", 409, R"({"code":"no_such_row"})",
                                Code::answer_malformed},
                    Unexplained{"NumberForACode", 400, R"({"code":7})", Code::answer_malformed},
                    Unexplained{"BusyPage", 503, "<html>", Code::service_busy}),
    [](const auto& test) { return std::string{test.param.name}; });

// ── Outside of an order ─────────────────────────────────────────────────────────────────────

TEST(Contact, ReadsHowRegistrationSeesThePhone) {
    const Service service{always(
        saying(R"({"element":"00","resident_bound":true,"certificates":[)"
               R"({"kind":"auth","serial":"0A0B","state":"on_hold"}],"witness":"rolled_back",)"
               R"("lease":{"until":"2026-12-24T00:00:00Z"}})"))};

    const auto standing = connect(service.port())->standing();

    ASSERT_TRUE(standing);
    EXPECT_TRUE(standing->bound);
    EXPECT_TRUE(standing->rolled_back);
    EXPECT_EQ(to_rfc3339(standing->lease_until.value()), "2026-12-24T00:00:00Z");
    ASSERT_EQ(standing->certificates.size(), 1U);
    EXPECT_EQ(standing->certificates[0].kind, pki::Kind::auth);
    EXPECT_EQ(to_hex(standing->certificates[0].serial), "0A0B");
    EXPECT_EQ(standing->certificates[0].state, "on_hold");
}

TEST(Contact, TakesAPhoneWithoutALeaseForWhatItIs) {
    const Service service{
        always(saying(R"({"element":"00","resident_bound":false,"certificates":[],)"
                      R"("witness":"ok","lease":null})"))};

    const auto standing = connect(service.port())->standing();

    ASSERT_TRUE(standing);
    EXPECT_FALSE(standing->bound);
    EXPECT_EQ(standing->lease_until, std::nullopt);
}

TEST(Contact, AsksForNoticesAfterOne) {
    const Service service{always(saying(
        R"([{"number":8,"at":"2026-11-24T00:00:00Z","code":"notice_held","detail":"sign,auth"}])"))};

    const auto notices = connect(service.port())->notices(7);

    ASSERT_TRUE(notices);
    ASSERT_EQ(notices->size(), 1U);
    EXPECT_EQ((*notices)[0].number, 8U);
    EXPECT_EQ((*notices)[0].code, "notice_held");
    EXPECT_EQ(service.heard[0].query, "after=7");
}

TEST(Contact, ReadsFormerPhonesWithAndWithoutAReceipt) {
    const Service service{always(saying(
        R"([{"element":"AA","state":"ordered","since":"2026-11-24T00:00:00Z"},)"
        R"({"element":"BB","state":"erased","since":"2026-11-24T00:00:00Z","receipt":"AQI="}])"))};

    const auto former = connect(service.port())->former();

    ASSERT_TRUE(former);
    ASSERT_EQ(former->size(), 2U);
    EXPECT_TRUE((*former)[0].receipt.empty());
    EXPECT_EQ(to_hex((*former)[1].receipt), "0102");
}

TEST(Contact, HandsAReceiptOver) {
    const Service service{always(saying("{}"))};

    const auto done = connect(service.port())->hand_over("0102"_hex);

    EXPECT_TRUE(done);
    EXPECT_THAT(service.paths(), ElementsAre("POST /receipts"));
    EXPECT_EQ(text(service.heard[0].body), R"({"receipt":"AQI="})");
}

client::StopCode stop_code(std::string_view digits) {
    client::StopCode code;
    EXPECT_TRUE(code.assign(view(digits)));
    return code;
}

TEST(Contact, StopsAnotherPhone) {
    const Service service{
        always(saying(R"({"held":["sign","auth"],"at":"2026-11-24T00:00:00Z"})"))};

    const auto stopped = connect(service.port())->stop("AABB", stop_code("0123456789"));

    ASSERT_TRUE(stopped);
    EXPECT_THAT(std::get<std::vector<pki::Kind>>(*stopped),
                ElementsAre(pki::Kind::sign, pki::Kind::auth));
    EXPECT_EQ(text(service.heard[0].body), R"({"phone":"AABB","code":"0123456789"})");
}

TEST(Contact, SaysHowManyEntriesOfAStopCodeAreLeft) {
    const Service service{always(saying(
        R"({"type":"about:blank","title":"","status":403,"code":"stop_code_wrong","tries_left":3})",
        "application/problem+json", 403))};

    const auto stopped = connect(service.port())->stop("AABB", stop_code("0123456789"));

    ASSERT_TRUE(stopped);
    EXPECT_EQ(std::get<Registration::WrongStopCode>(*stopped).tries_left, 3U);
}

TEST(Contact, TakesNoStopCodeOfAnotherForm) {
    const Service service{always(saying(R"({"code":"123"})"))};

    EXPECT_EQ(refusal_in(connect(service.port())->new_stop_code()), Code::answer_malformed);
}

TEST(Administration, TellsThatMoreIsToBeDone) {
    auto end = no_more();
    end.headers.push_back({"X-Admin-More", "1"});
    const Service service{always(end)};

    const auto done = connect(service.port())->administer(answer_of_the_element);

    ASSERT_TRUE(done);
    EXPECT_EQ(*done, wallet::More::yes);
}

// ── Orders ──────────────────────────────────────────────────────────────────────────────────

TEST(Registration, OpensAnOrderOfTheKindsWanted) {
    const Service service{always(saying(order_words))};

    const auto order = connect(service.port())->open_order(3, wallet::OrderFor::first_set);

    ASSERT_TRUE(order);
    EXPECT_EQ(*order, the_order);
    EXPECT_THAT(service.paths(), ElementsAre("POST /orders"));
    EXPECT_EQ(service.heard[0].header("Content-Type"), "application/json");
    EXPECT_EQ(text(service.heard[0].body), R"({"kinds":["sign","auth"]})");
}

TEST(Registration, KnowsThatNothingIsOpen) {
    const Service service{always(http::problem(404, "order_expired", "no order is open"))};

    const auto order = connect(service.port())->open_order_of_this_phone();

    ASSERT_TRUE(order);
    EXPECT_EQ(*order, std::nullopt);
}

TEST(Registration, FindsTheOrderLeftOpen) {
    const Service service{always(saying(order_words))};

    const auto order = connect(service.port())->open_order_of_this_phone();

    ASSERT_TRUE(order);
    EXPECT_EQ(*order, the_order);
    EXPECT_THAT(service.paths(), ElementsAre("GET /orders/current"));
}

class MalformedOrder : public testing::TestWithParam<std::string_view> {};

TEST_P(MalformedOrder, IsNotTaken) {
    const Service service{always(saying(GetParam()))};
    const auto registration = connect(service.port());

    EXPECT_EQ(refusal_in(registration->open_order(3, wallet::OrderFor::first_set)),
              Code::answer_malformed);
    EXPECT_EQ(refusal_in(registration->open_order_of_this_phone()), Code::answer_malformed);
}

INSTANTIATE_TEST_SUITE_P(Every, MalformedOrder,
                         testing::Values("", "{", "[]", "{}", R"({"order":7})", R"({"order":""})",
                                         R"({"order":"0001"})",
                                         R"({"order":"000102030405060708090A0B0C0D0E0F10"})",
                                         R"({"order":"000102030405060708090A0B0C0D0E0G"})",
                                         R"({"order":"000102030405060708090A0B0C0D0E0F"} {})"));

// ── Administration ──────────────────────────────────────────────────────────────────────────

TEST(Registration, CarriesADialogToItsEnd) {
    Service service{in_turn({script("one", "/administration/7?step=2"),
                             script("two", "/administration/7?step=3"), no_more()})};
    std::vector<std::string> ran;

    const auto done = connect(service.port())->administer([&](BytesView asked) {
        ran.emplace_back(text(asked));
        return answer_of_the_element(asked);
    });

    EXPECT_TRUE(done);
    EXPECT_THAT(ran, ElementsAre("one", "two"));
    EXPECT_THAT(service.paths(), ElementsAre("POST /administration", "POST /administration/7",
                                             "POST /administration/7"));
    EXPECT_TRUE(service.heard[0].body.empty());
    EXPECT_EQ(service.heard[1].query, "step=2");
    EXPECT_EQ(text(service.heard[1].body), "answer to one");
    EXPECT_EQ(service.heard[1].header("X-Admin-Script-Status"), "ok");
    EXPECT_EQ(service.heard[2].query, "step=3");
    EXPECT_EQ(text(service.heard[2].body), "answer to two");
    for (const auto& request : service.heard) {
        EXPECT_EQ(request.header("X-Admin-Protocol"), "globalplatform-remote-admin/1.1.1");
        EXPECT_EQ(request.header("X-Admin-From"),
                  "//se-id/CUD/0123456789ABCDEF0123;//aa-id/mitome");
    }
}

TEST(Registration, SaysThatAScriptCouldNotBeRead) {
    Service service{in_turn({script("garbage", "/administration/7"), no_more()})};

    const auto done = connect(service.port())->administer([](BytesView) -> Result<Bytes> {
        return fail(Fault::malformed, "test: no script");
    });

    EXPECT_TRUE(done);
    EXPECT_EQ(service.heard[1].header("X-Admin-Script-Status"), "script-format-error");
    EXPECT_TRUE(service.heard[1].body.empty());
}

TEST(Registration, LeavesAnErrorOfTheElementAsItIs) {
    const Service service{always(script("one", "/administration/7"))};

    const auto done = connect(service.port())->administer([](BytesView) -> Result<Bytes> {
        return fail(Fault::unavailable, "test: the element is gone", 0x6581);
    });

    const auto trouble = trouble_in(done);
    const auto* error = trouble ? std::get_if<Error>(&*trouble) : nullptr;
    ASSERT_NE(error, nullptr);
    EXPECT_EQ(error->fault, Fault::unavailable);
    EXPECT_EQ(error->code, 0x6581U);
    EXPECT_EQ(service.heard.size(), 1U);
}

TEST(Registration, LeavesADialogThatNeverEnds) {
    const Service service{always(script("again", "/administration/7"))};

    const auto done = connect(service.port())->administer(answer_of_the_element);

    EXPECT_EQ(refusal_in(done), Code::answer_malformed);
    EXPECT_EQ(service.heard.size(), 16U);
}

TEST(Registration, TakesNoPageForTheEndOfADialog) {
    for (const unsigned status : {200U, 201U, 302U}) {
        const Service service{always(saying("<html>", "text/html", status))};

        const auto done = connect(service.port())->administer([](BytesView) -> Result<Bytes> {
            return fail(Fault::malformed, "test: no script");
        });

        EXPECT_EQ(refusal_in(done), Code::answer_malformed) << status;
    }
}

// ── Recovery ────────────────────────────────────────────────────────────────────────────────

/// A service whose dialog ends at once, and which then says that of the order.
Service::Says recovered_to(const Response& last) {
    return in_turn({saying(order_words), no_more(), last});
}
Response state_words(std::string_view state) {
    return saying(R"({"state":")" + std::string{state} + R"("})");
}

TEST(Registration, AsksWhatBecameOfAnOrderThatWasSettledMeanwhile) {
    const Service service{in_turn(
        {http::problem(404, "order_expired", "no order is open"), state_words("completed")})};

    const auto recovered = connect(service.port())->recover(answer_of_the_element);

    ASSERT_TRUE(recovered);
    EXPECT_EQ(*recovered, Recovered::completed);
    EXPECT_THAT(service.paths(), ElementsAre("POST /orders/current/recover", "GET /orders/last"));
}

TEST(Registration, RecoversByAskingTheElement) {
    const Service service{recovered_to(state_words("completed"))};

    const auto recovered = connect(service.port())->recover(answer_of_the_element);

    ASSERT_TRUE(recovered);
    EXPECT_EQ(*recovered, Recovered::completed);
    EXPECT_THAT(service.paths(), ElementsAre("POST /orders/current/recover", "POST /administration",
                                             "GET /orders/last"));
}

TEST(Registration, KnowsThatAnAbandonedOrderIsDropped) {
    const Service service{recovered_to(state_words("abandoned"))};

    const auto recovered = connect(service.port())->recover(answer_of_the_element);

    ASSERT_TRUE(recovered);
    EXPECT_EQ(*recovered, Recovered::dropped);
}

TEST(Registration, OrdersNothingBesideAnOrderThatIsStillOpen) {
    for (const std::string_view state : {"open", "answered", "confirmed", "swapped"}) {
        const Service service{recovered_to(state_words(state))};

        const auto recovered = connect(service.port())->recover(answer_of_the_element);

        EXPECT_EQ(refusal_in(recovered), Code::issue_interrupted) << state;
    }
}

TEST(Registration, TakesNoStateThatItDoesNotKnow) {
    for (const auto& last : {state_words("dropped"), state_words("Completed"), state_words(""),
                             saying("{}"), saying("{"), saying(R"({"state":4})")}) {
        const Service service{recovered_to(last)};

        const auto recovered = connect(service.port())->recover(answer_of_the_element);

        EXPECT_EQ(refusal_in(recovered), Code::answer_malformed) << text(last.body);
    }
}

// ── CMP ─────────────────────────────────────────────────────────────────────────────────────

TEST(Registration, BringsACmpMessageAndItsAnswer) {
    const Service service{always(saying("an answer", pki::cmp::media_type))};

    const auto answer = connect(service.port())->certification(copy(view("a message")));

    ASSERT_TRUE(answer);
    EXPECT_EQ(text(*answer), "an answer");
    EXPECT_THAT(service.paths(), ElementsAre("POST /cmp/phone"));
    EXPECT_EQ(service.heard[0].header("Content-Type"), pki::cmp::media_type);
    EXPECT_EQ(text(service.heard[0].body), "a message");
}

TEST(Registration, TakesNoAnswerLongerThanAnyScript) {
    const Service service{always(saying(std::string(too_long, 'a'), pki::cmp::media_type))};

    EXPECT_THAT(asked_all(service.port()), Each(Code::answer_malformed));
}

// ── The line ────────────────────────────────────────────────────────────────────────────────

TEST(Registration, IsUnavailableWhenNobodyListens) {
    Service service{always(no_more())};
    service.stop();

    EXPECT_THAT(asked_all(service.port()), Each(Code::service_unavailable));
}

TEST(Registration, IsUnavailableWhenTheLineIsCutBeforeTheAnswer) {
    CutLine line;
    const Service service{[&](const Request&) {
        line.cut();
        return saying(order_words);
    }};
    line.lead_to(service.port());

    EXPECT_THAT(asked_all(line.port()), Each(Code::service_unavailable));
}

TEST(Registration, IsUnavailableWhenTheLineIsCutWithinTheAnswer) {
    CutLine line;
    const Service service{[&](const Request&) {
        line.cut_after(long_but_taken / 2);
        return saying(std::string(long_but_taken, ' '));
    }};
    line.lead_to(service.port());

    EXPECT_EQ(refusal_in(connect(line.port())->open_order(3, wallet::OrderFor::first_set)),
              Code::service_unavailable);
}

TEST(Registration, OpensNoSecondOrderWhenTheLineIsCut) {
    CutLine line;
    const Service service{[&](const Request& request) {
        if (request.method == "POST") line.cut();
        return saying(order_words);
    }};
    line.lead_to(service.port());
    const auto registration = connect(line.port());
    ASSERT_TRUE(registration->open_order_of_this_phone());  // the line is kept behind it

    EXPECT_EQ(refusal_in(registration->open_order(3, wallet::OrderFor::first_set)),
              Code::service_unavailable);
    EXPECT_THAT(service.paths(), ElementsAre("GET /orders/current", "POST /orders"));
}

TEST(Registration, SendsTheSameCmpMessageAgainWhenAKeptLineIsCut) {
    CutLine line;
    const Service service{[&, seen = 0](const Request& request) mutable {
        if (request.method == "POST" && ++seen == 1) line.cut();
        return request.method == "POST" ? saying("an answer", pki::cmp::media_type)
                                        : saying(order_words);
    }};
    line.lead_to(service.port());
    const auto registration = connect(line.port());
    ASSERT_TRUE(registration->open_order_of_this_phone());

    const auto answer = registration->certification(copy(view("a message")));

    ASSERT_TRUE(answer);
    ASSERT_EQ(service.heard.size(), 3U);
    EXPECT_EQ(service.heard[1].body, service.heard[2].body);
}

// ── Who is there ────────────────────────────────────────────────────────────────────────────

TEST(Registration, TellsNothingToAServerOfAnotherCa) {
    const Service service{always(saying(order_words)),
                          identity("registration", foreign_ca(), tls_ca())};

    EXPECT_THAT(asked_all(service.port()), Each(Code::peer_unverified));
    EXPECT_TRUE(service.heard.empty());
}

TEST(Registration, TellsNothingToAServerOfAnotherHost) {
    const Service service{always(saying(order_words)),
                          identity("registration", tls_ca(), tls_ca(), "127.0.0.2")};

    EXPECT_THAT(asked_all(service.port()), Each(Code::peer_unverified));
    EXPECT_TRUE(service.heard.empty());
}

TEST(Registration, KnowsWhenItsOwnCertificateIsRefused) {
    const Service service{always(saying(order_words))};

    EXPECT_THAT(asked_all(service.port(), identity("element 00", foreign_ca(), tls_ca())),
                Each(Code::peer_unverified));
    EXPECT_TRUE(service.heard.empty());
}

TEST(Registration, NeedsACertificateOfItsOwn) { EXPECT_FALSE(Registration::connect(1, {})); }

}  // namespace
}  // namespace mitome::client
