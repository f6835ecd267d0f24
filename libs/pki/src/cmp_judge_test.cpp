// SPDX-License-Identifier: Apache-2.0
// `openssl cmp` as the client of our server's end, and its mock server as the peer of our
// client's end. OpenSSL is always there: nothing here is skipped.
#include "cmp_sample.hpp"
#include "cmp_wire.hpp"
#include "judges.hpp"

#include <mitome/pki/attestation.hpp>
#include <mitome/pki/cmp_client.hpp>
#include <mitome/pki/cmp_server.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <thread>

namespace mitome::pki::cmp {
namespace {

using judges::Folder;
using sample::ca;
using sample::registration;
using testing::HasSubstr;

// `openssl cmp` looks at the clock, so the samples are made around the present.
const Time present = SystemClock{}.now();

std::string put_key(const Folder& folder, std::string_view name, const sample::Holder& holder) {
    const auto pkcs8 = holder.key->to_pkcs8().value();
    return pkcs8.reveal(
        [&](BytesView octets) { return folder.put(name, to_pem("PRIVATE KEY", octets)); });
}

std::string read_text(const std::string& path) {
    std::ifstream file{path};
    return {std::istreambuf_iterator<char>{file}, {}};
}

const sample::Holder& rsa_person() {
    static const auto one = sample::make_person(ca(), "Sample person", crypto::KeyKind::rsa_2048);
    return one;
}

/// A registration service of one transaction, as a caller of the pure functions writes it.
struct Office {
    Time at = present;
    int polls = 0;  ///< how often the client has to ask again
    std::optional<Refusal> refuses;
    bool asks_for_attestation = false;

    std::vector<RequestKind> seen;
    std::optional<Certificate> issued;
    std::optional<Taken> taken;
    bool implicit_confirm_asked = false;
    std::vector<WantedRevocation> revoked;
    Verdict refuses_revocation;
    std::optional<crmf::FormerCertificate> replaced;
    std::vector<InfoValue> general;
    std::optional<AttestationBundle> attestation;

    Bytes answer(BytesView octets) {
        const auto request = parse_request(octets);
        if (!request) {
            ADD_FAILURE() << request.error().what.text;
            return {};
        }
        seen.push_back(request->kind);
        if (!request->wanted().empty()) {
            replaced = request->wanted().front().request.replaces;
        }
        const auto as = registration().identity({ca().certificate.der()});
        const Answering to{request->header(), as, random_, at};
        const auto made = judge(*request, to);
        if (!made) {
            ADD_FAILURE() << made.error().what.text;
            return {};
        }
        last_nonce_ = made->sender_nonce;
        return made->der;
    }

private:
    Result<Answer> judge(const Request& request, const Answering& to) {
        if (const auto good = check_header(request); !good) {
            return error_message(to, good.error());
        }
        if (const auto by = protected_by(request, Anchors{&ca().certificate, 1}, at); !by) {
            return error_message(to, by.error());
        }
        if (transaction_.empty()) {
            transaction_ = request.header().transaction_id;
        } else if (const auto good = check_follow_up(request, transaction_, last_nonce_); !good) {
            return error_message(to, good.error());
        }
        switch (request.kind) {
            case RequestKind::initial:
            case RequestKind::further: return enrol(request, to);
            case RequestKind::poll:
                if (--polls > 0) {
                    return poll_response(to, 0, std::chrono::seconds{1});
                }
                return certificate_response(to, first_, 0, *issued);
            case RequestKind::confirm: {
                const auto checked = check_confirmation(request, 0, *issued);
                if (!checked) {
                    return error_message(to, checked.error());
                }
                taken = *checked;
                return pki_confirm(to);
            }
            case RequestKind::revoke: return revoke(request, to);
            case RequestKind::general:
                general = std::get<GeneralMessage>(request.message.body).values;
                return general_response(to, {general});
            case RequestKind::error: return pki_confirm(to);
            case RequestKind::unserved: break;
        }
        return fail(Fault::broken, "the header was checked");
    }

    Result<Answer> revoke(const Request& request, const Answering& to) {
        const auto wanted = revocations_wanted(request);
        if (!wanted) {
            return error_message(to, wanted.error());
        }
        const std::vector<Verdict> verdicts(wanted->size(), refuses_revocation);
        if (!refuses_revocation) {
            revoked = *wanted;
        }
        return revocation_response(to, revocation_answer(*wanted, verdicts));
    }

    Result<Answer> enrol(const Request& request, const Answering& to) {
        first_ = request.kind;
        implicit_confirm_asked = request.header().implicit_confirm();
        const auto& asked = request.wanted().front();
        if (refuses) {
            return refusal_response(to, request.kind, asked.request.id, *refuses);
        }
        if (const auto possessed = check_possession(asked); !possessed) {
            return refusal_response(to, request.kind, asked.request.id, possessed.error());
        }
        MITOME_TRY(bundle, attestation_in(asked.request.wanted));
        attestation = bundle;
        if (asks_for_attestation && !bundle) {
            return refusal_response(to, request.kind, asked.request.id,
                                    {Failure::bad_cert_template, "the key is not attested"});
        }
        issued = sample::issue(ca(), asked.request.wanted.spki, "Sample phone");
        if (polls > 0) {
            return waiting_response(to, request.kind, asked.request.id);
        }
        return certificate_response(to, request.kind, asked.request.id, *issued, Status::accepted,
                                    at + std::chrono::minutes{10});
    }

    crypto::SystemRandom random_;
    Bytes transaction_;
    Bytes last_nonce_;
    RequestKind first_ = RequestKind::initial;
};

/// Runs `openssl cmp` against the office.
struct Client {
    Folder folder;
    bool succeeded = false;
    std::string output;
    Bytes certificate;

    void run(Office& office, const std::string& words, const sample::Holder& by = rsa_person(),
             const std::string& environment = "") {
        wire::Listener listener;
        const auto new_key = sample::make_person(ca(), "unused");
        const auto command =
            environment +
            "openssl cmp -config '' -server 127.0.0.1:" + std::to_string(listener.port()) +
            " -path /cmp -total_timeout 20" +  //
            " -cert " + folder.put_certificate("own.pem", by.certificate.der()) + " -key " +
            put_key(folder, "own.key", by) + " -newkey " + put_key(folder, "new.key", new_key) +
            " -trusted " + folder.put_certificate("ca.pem", ca().certificate.der()) +
            " -recipient '/C=JP/CN=Sample CA' -certout " + folder.path("new.pem") + " " + words +
            " >" + folder.path("output") + " 2>&1";
        wire::Process process{command};
        listener.serve_until_end_of(process,
                                    [&](BytesView octets) { return office.answer(octets); });
        succeeded = process.succeeded();
        output = read_text(folder.path("output"));
        if (const auto blocks = from_pem(read_text(folder.path("new.pem")), "CERTIFICATE");
            blocks && !blocks->empty()) {
            certificate = blocks->front();
        }
    }
};

TEST(OpenSslClient, EnrolsByIrAndConfirms) {
    Office office;
    Client client;

    client.run(office, "-cmd ir -subject /CN=x");

    EXPECT_TRUE(client.succeeded) << client.output;
    ASSERT_TRUE(office.issued);
    EXPECT_EQ(client.certificate, office.issued->der());
    EXPECT_EQ(office.taken, Taken::accepted);
    EXPECT_EQ(office.seen, (std::vector{RequestKind::initial, RequestKind::confirm}));
}

TEST(OpenSslClient, EnrolsByCrAndConfirms) {
    Office office;
    Client client;

    client.run(office, "-cmd cr -subject /CN=x");

    EXPECT_TRUE(client.succeeded) << client.output;
    EXPECT_EQ(office.taken, Taken::accepted);
    EXPECT_EQ(office.seen, (std::vector{RequestKind::further, RequestKind::confirm}));
}

TEST(OpenSslClient, ConfirmsAlthoughItAskedNotTo) {
    Office office;
    Client client;

    client.run(office, "-cmd ir -subject /CN=x -implicit_confirm");

    EXPECT_TRUE(client.succeeded) << client.output;
    EXPECT_TRUE(office.implicit_confirm_asked);
    EXPECT_EQ(office.taken, Taken::accepted);
}

TEST(OpenSslClient, PollsUntilThereIsACertificate) {
    Office office;
    office.polls = 2;
    Client client;

    client.run(office, "-cmd cr -subject /CN=x");

    EXPECT_TRUE(client.succeeded) << client.output;
    EXPECT_EQ(office.seen, (std::vector{RequestKind::further, RequestKind::poll, RequestKind::poll,
                                        RequestKind::confirm}));
}

TEST(OpenSslClient, SaysWhichFailureItWasTold) {
    for (const auto failure : {Failure::signer_not_trusted, Failure::cert_revoked,
                               Failure::not_authorized, Failure::bad_cert_template}) {
        Office office;
        office.refuses = Refusal{failure, "refused by the test"};
        Client client;

        client.run(office, "-cmd ir -subject /CN=x");

        EXPECT_FALSE(client.succeeded);
        EXPECT_THAT(client.output, HasSubstr(std::string{name_of(failure)}));
        EXPECT_THAT(client.output, HasSubstr("refused by the test"));
    }
}

TEST(OpenSslClient, IsRefusedWithoutProofOfPossession) {
    for (const auto* words : {"-popo -1", "-popo 0"}) {
        Office office;
        Client client;

        client.run(office, std::string{"-cmd ir -subject /CN=x "} + words);

        EXPECT_FALSE(client.succeeded);
        EXPECT_THAT(client.output, HasSubstr("badPOP"));
        EXPECT_FALSE(office.issued);
    }
}

TEST(OpenSslClient, IsRefusedWithAForeignCertificate) {
    Office office;
    Client client;

    client.run(office, "-cmd ir -subject /CN=x", sample::stranger());

    EXPECT_FALSE(client.succeeded);
    EXPECT_THAT(client.output, HasSubstr("signerNotTrusted"));
}

TEST(OpenSslClient, IsRefusedWithAnExpiredCertificate) {
    Office office;
    const auto expired =
        sample::make_person(ca(), "Sample person", crypto::KeyKind::ec_p256,
                            {present - std::chrono::hours{48}, present - std::chrono::hours{24}});
    Client client;

    client.run(office, "-cmd ir -subject /CN=x", expired);

    EXPECT_FALSE(client.succeeded);
    EXPECT_THAT(client.output, HasSubstr("notAuthorized"));
}

TEST(OpenSslClient, IsRefusedWithAPasswordInsteadOfASignature) {
    Office office;
    Client client;

    client.run(office, "-cmd ir -subject /CN=x -ref someone -secret pass:secret");

    EXPECT_FALSE(client.succeeded);
    EXPECT_EQ(office.seen, std::vector{RequestKind::initial});
    EXPECT_FALSE(office.issued);
}

TEST(OpenSslClient, IsRefusedWithoutAttestation) {
    Office office;
    office.asks_for_attestation = true;
    Client client;

    client.run(office, "-cmd ir -subject /CN=x");

    EXPECT_FALSE(client.succeeded);
    EXPECT_THAT(client.output, HasSubstr("badCertTemplate"));
}

TEST(OpenSslClient, CarriesAnAttestation) {
    Office office;
    office.asks_for_attestation = true;
    Client client;
    const std::vector chain{sample::person().certificate.der(), ca().certificate.der()};
    const auto configuration =
        client.folder.put("extensions", "[default]\n[attested]\n" + std::string{id_aa_attestation} +
                                            " = DER:" + to_hex(attestation_bundle(chain)) + "\n");

    client.run(office, "-cmd ir -subject /CN=x -config " + configuration +
                           " -section default -reqexts attested");

    EXPECT_TRUE(client.succeeded) << client.output;
    ASSERT_TRUE(office.attestation);
    EXPECT_EQ(office.attestation->certificates, chain);
}

TEST(OpenSslClient, AsksForEveryKindOfRevocation) {
    const auto& old = sample::person().certificate;
    for (const auto reason :
         {Reason::unspecified, Reason::key_compromise, Reason::affiliation_changed,
          Reason::superseded, Reason::cessation_of_operation, Reason::certificate_hold,
          Reason::remove_from_crl}) {
        Office office;
        Client client;

        client.run(office, "-cmd rr -revreason " + std::to_string(static_cast<int>(reason)) +
                               " -oldcert " + client.folder.put_certificate("old.pem", old.der()));

        EXPECT_TRUE(client.succeeded) << client.output;
        ASSERT_EQ(office.revoked.size(), 1U);
        EXPECT_EQ(office.revoked.front().reason, reason);
        EXPECT_TRUE(same(office.revoked.front().issuer, old.issuer()));
        EXPECT_TRUE(same(office.revoked.front().serial, old.serial()));
    }
}

TEST(OpenSslClient, IsToldWhyARevocationIsRefused) {
    for (const auto failure :
         {Failure::cert_revoked, Failure::bad_cert_id, Failure::not_authorized}) {
        Office office;
        office.refuses_revocation = Refusal{failure, "refused by the test"};
        Client client;

        client.run(office, "-cmd rr -revreason 8 -oldcert " +
                               client.folder.put_certificate("old.pem",
                                                             sample::person().certificate.der()));

        EXPECT_FALSE(client.succeeded);
        EXPECT_THAT(client.output, HasSubstr(std::string{name_of(failure)}));
    }
}

// Of its own requests only kur, which we do not serve, names one.
TEST(OpenSslClient, NamesTheCertificateThatItReplaces) {
    const auto& old = sample::person().certificate;
    Office office;
    Client client;

    client.run(office, "-cmd kur -subject /CN=x -oldcert " +
                           client.folder.put_certificate("old.pem", old.der()));

    EXPECT_THAT(client.output, HasSubstr("badRequest"));
    ASSERT_TRUE(office.replaced);
    EXPECT_TRUE(same(office.replaced->issuer, old.issuer()));
    EXPECT_TRUE(same(office.replaced->serial, old.serial()));
}

TEST(OpenSslClient, AsksAGeneralQuestion) {
    Office office;
    Client client;
    const auto configuration =
        client.folder.put("names",
                          "openssl_conf = start\n[start]\noid_section = names\n[names]\n"
                          "id-it-pinReset = " +
                              std::string{id_pin_reset} + "\n[cmp]\n");

    client.run(office, "-cmd genm -infotype pinReset", rsa_person(),
               "env OPENSSL_CONF=" + configuration + " ");

    EXPECT_TRUE(client.succeeded) << client.output;
    ASSERT_EQ(office.general.size(), 1U);
    EXPECT_EQ(office.general.front().oid, id_pin_reset);
}

// ------------------------------------------------------------------ our client

/// `openssl cmp -port 0`, which signs with the registration's key.
struct MockServer {
    Folder folder;
    wire::Process process;
    std::uint16_t port = 0;

    explicit MockServer(const Certificate& answer, const std::string& words = "")
        : process("openssl cmp -config '' -port 0 -srv_cert " +
                  folder.put_certificate("srv.pem", registration().certificate.der()) +
                  " -srv_key " + put_key(folder, "srv.key", registration()) + " -srv_trusted " +
                  folder.put_certificate("ca.pem", ca().certificate.der()) + " -rsp_cert " +
                  folder.put_certificate("answer.pem", answer.der()) + " " + words + " >" +
                  folder.path("output") + " 2>&1") {
        for (int i = 0; i < 500 && port == 0; ++i) {
            std::this_thread::sleep_for(std::chrono::milliseconds{10});
            const auto output = read_text(folder.path("output"));
            const auto at = output.find("ACCEPT ");
            if (at != std::string::npos && output.find("PID", at) != std::string::npos) {
                port = static_cast<std::uint16_t>(
                    std::stoul(output.substr(output.find("]:", at) + 2)));
            }
        }
    }
    [[nodiscard]] std::string output() const { return read_text(folder.path("output")); }
};

struct Requester {
    sample::Key key = sample::make_key();
    Certificate expected = sample::issue(ca(), key->spki(), "Sample phone");
    Identity as = rsa_person().identity();
    crypto::SystemRandom random;
    Trust trust{Anchors{&ca().certificate, 1}, present};

    Result<Outgoing> request(BodyType type) {
        return request_certificates(type, {sample::wanted(*key)}, as,
                                    copy(registration().certificate.subject()), random, present);
    }
};

TEST(OpenSslServer, GrantsOurRequestAndTakesOurConfirmation) {
    for (const auto type : {BodyType::ir, BodyType::cr}) {
        Requester requester;
        MockServer server{requester.expected};
        const auto sent = requester.request(type);
        ASSERT_TRUE(sent);

        const auto received =
            receive(wire::post(server.port, sent->der), sent->exchange, requester.trust);

        ASSERT_TRUE(received) << received.error().what.text << server.output();
        const auto result = outcome(received->message, 0, requester.key->spki());
        ASSERT_TRUE(result && std::holds_alternative<Granted>(*result)) << server.output();
        const auto confirming =
            confirm(received->exchange, 0, std::get<Granted>(*result).certificate, requester.as,
                    requester.random, present);
        const auto confirmed = receive(wire::post(server.port, confirming->der),
                                       confirming->exchange, requester.trust);
        ASSERT_TRUE(confirmed) << confirmed.error().what.text << server.output();
        EXPECT_TRUE(is_confirmed(confirmed->message)) << server.output();
    }
}

TEST(OpenSslServer, ReadsWhichCertificateWeReplace) {
    Requester requester;
    MockServer server{requester.expected};
    const auto& old = sample::person().certificate;
    const auto asked = sample::wanted(
        *requester.key, {}, 0, crmf::FormerCertificate{copy(old.issuer()), copy(old.serial())});
    const auto sent =
        request_certificates(BodyType::cr, {asked}, requester.as,
                             copy(registration().certificate.subject()), requester.random, present);

    const auto received =
        receive(wire::post(server.port, sent->der), sent->exchange, requester.trust);

    ASSERT_TRUE(received) << received.error().what.text << server.output();
    const auto result = outcome(received->message, 0, requester.key->spki());
    EXPECT_TRUE(result && std::holds_alternative<Granted>(*result)) << server.output();
}

TEST(OpenSslServer, LetsUsPoll) {
    Requester requester;
    MockServer server{requester.expected, "-poll_count 2 -check_after 1"};
    const auto sent = requester.request(BodyType::cr);
    const auto waiting =
        receive(wire::post(server.port, sent->der), sent->exchange, requester.trust);
    ASSERT_TRUE(waiting) << server.output();
    ASSERT_TRUE(std::holds_alternative<Waiting>(
        outcome(waiting->message, 0, requester.key->spki()).value()));

    const auto first = poll(waiting->exchange, 0, requester.as, requester.random, present);
    const auto told =
        receive(wire::post(server.port, first->der), first->exchange, requester.trust);
    ASSERT_TRUE(told) << server.output();
    ASSERT_TRUE(std::holds_alternative<PollAnswer>(told->message.body));
    const auto second = poll(told->exchange, 0, requester.as, requester.random, present);
    const auto received =
        receive(wire::post(server.port, second->der), second->exchange, requester.trust);

    ASSERT_TRUE(received) << server.output();
    const auto result = outcome(received->message, 0, requester.key->spki());
    EXPECT_TRUE(result && std::holds_alternative<Granted>(*result)) << server.output();
}

TEST(OpenSslServer, TellsUsWhyItRefuses) {
    Requester requester;
    MockServer server{requester.expected, "-pkistatus 2 -failure 23 -statusstring 'not today'"};
    const auto sent = requester.request(BodyType::ir);

    const auto received =
        receive(wire::post(server.port, sent->der), sent->exchange, requester.trust);

    ASSERT_TRUE(received) << received.error().what.text << server.output();
    const auto result = outcome(received->message, 0, requester.key->spki());
    ASSERT_TRUE(result && std::holds_alternative<TurnedDown>(*result));
    EXPECT_EQ(std::get<TurnedDown>(*result).status.failure(), Failure::not_authorized);
    EXPECT_EQ(std::get<TurnedDown>(*result).status.texts.front(), "not today");
}

TEST(OpenSslServer, RevokesWhatWeAskFor) {
    Requester requester;
    MockServer server{requester.expected};
    const std::vector wanted{WantedRevocation::of(requester.expected, Reason::key_compromise,
                                                  present - std::chrono::hours{1})};
    const auto sent =
        request_revocations(wanted, requester.as, copy(registration().certificate.subject()),
                            requester.random, present);

    const auto received =
        receive(wire::post(server.port, sent->der), sent->exchange, requester.trust);

    ASSERT_TRUE(received) << received.error().what.text << server.output();
    const auto outcomes = revocation_outcomes(received->message, wanted);
    ASSERT_TRUE(outcomes) << server.output();
    EXPECT_TRUE(std::holds_alternative<CarriedOut>(outcomes->front())) << server.output();
}

TEST(OpenSslServer, TellsUsWhyItDoesNotRevoke) {
    Requester requester;
    MockServer server{requester.expected, "-pkistatus 2 -failure 10"};
    const std::vector wanted{WantedRevocation::of(requester.expected, Reason::superseded)};
    const auto sent =
        request_revocations(wanted, requester.as, copy(registration().certificate.subject()),
                            requester.random, present);

    const auto received =
        receive(wire::post(server.port, sent->der), sent->exchange, requester.trust);

    ASSERT_TRUE(received) << received.error().what.text << server.output();
    const auto outcomes = revocation_outcomes(received->message, wanted);
    ASSERT_TRUE(outcomes && std::holds_alternative<TurnedDown>(outcomes->front()));
    EXPECT_EQ(std::get<TurnedDown>(outcomes->front()).status.failure(), Failure::cert_revoked);
}

// It gives back the values that it was sent: it has read them.
TEST(OpenSslServer, ReadsOurPinReset) {
    Requester requester;
    MockServer server{requester.expected};
    const PinResetWish wish{Bytes(10, 0x5A), ResetKinds::both};
    const auto sent = ask_pin_reset(wish, requester.as, copy(registration().certificate.subject()),
                                    requester.random, present);

    const auto received =
        receive(wire::post(server.port, sent->der), sent->exchange, requester.trust);

    ASSERT_TRUE(received) << received.error().what.text << server.output();
    const auto& values = std::get<GeneralMessage>(received->message.body).values;
    ASSERT_EQ(values.size(), 1U);
    EXPECT_EQ(values.front().value, to_info(wish).value);
    EXPECT_FALSE(pin_reset_outcome(received->message));
}

}  // namespace
}  // namespace mitome::pki::cmp
