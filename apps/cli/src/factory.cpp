// SPDX-License-Identifier: Apache-2.0
#include "factory.hpp"

#include "process.hpp"
#include "services.hpp"
#include "token.hpp"
#include "verbs.hpp"

#include <mitome/apdu/scp03.hpp>
#include <mitome/base/file.hpp>
#include <mitome/card/session.hpp>
#include <mitome/crypto/key.hpp>
#include <mitome/crypto/token.hpp>
#include <mitome/pki/certificate.hpp>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <thread>

namespace mitome::cli {
namespace {

using catalogue::Code;
using namespace std::chrono_literals;

constexpr unsigned signature_tries = 5;

/// Runs `mitome-element`; its one JSON object, if it prints one.
Attempt<boost::json::object> run_element(const Context& context, std::vector<std::string> arguments,
                                         BytesView input) {
    const auto output =
        run_program({program_folder() / "mitome-element", std::move(arguments), {}, {}}, input);
    const auto log = context.home.log("factory");
    if (output && output->status == 127)
        return stop(Code::program_absent, {{"file", "mitome-element"}});
    if (!output || output->status != 0) {
        if (output)
            if (const auto kept = write_file(log, output->err, Access::owner); !kept)
                return stop(Code::home_unusable, {{"home", context.home.path().string()}});
        return stop(Code::process_failed, {{"process", "mitome-element"}, {"log", log.string()}});
    }
    if (output->out.empty()) return boost::json::object{};
    boost::system::error_code error;
    auto parsed = boost::json::parse(text(output->out), error);
    if (error || !parsed.is_object()) return stop(Code::answer_malformed);
    return std::move(parsed.get_object());
}

Attempt<std::string> member(const boost::json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    if (value == nullptr || !value->is_string()) return stop(Code::answer_malformed);
    return std::string{value->get_string()};
}

bool is_text(const boost::json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    return value != nullptr && value->is_string();
}

Attempt<Bytes> decoded(const boost::json::object& object, std::string_view name) {
    auto base64 = member(object, name);
    if (!base64) return std::unexpected{base64.error()};
    auto octets = from_base64(*base64);
    if (!octets) return stop(Code::answer_malformed);
    return std::move(*octets);
}

Attempt<void> write_pem(const std::filesystem::path& path, BytesView der) {
    if (const auto done = write_file(path, view(to_pem("CERTIFICATE", der))); !done)
        return std::unexpected{output_failure(done.error(), path.string())};
    return {};
}

std::string_view case_of(Flaw flaw) {
    switch (flaw) {
        case Flaw::none: return "none";
        case Flaw::expired: return "expired";
        case Flaw::revoked: return "revoked";
        case Flaw::moved: return "moved";
        case Flaw::deceased: return "deceased";
        case Flaw::locked: return "locked";
    }
    return "none";
}

Flaw flaw_of(std::string_view word) {
    for (const auto flaw :
         {Flaw::expired, Flaw::revoked, Flaw::moved, Flaw::deceased, Flaw::locked})
        if (case_of(flaw) == word) return flaw;
    return Flaw::none;
}

/// The card of the resident who forgot the password: five wrong ones, as a person would.
Attempt<void> lock_signature(const Context& context, const std::filesystem::path& folder) {
    const auto record = record_of(context.home, "factory-lock");
    const auto socket = context.home.run() / "factory.sock";
    if (!start_daemon({program_folder() / "mitome-element",
                       {"serve", "--folder", folder.string(), "--socket", socket.string()},
                       {},
                       {}},
                      context.home.log("factory"), record))
        return stop(Code::process_failed, {{"process", "mitome-element"}});
    const auto lock = [&]() -> Attempt<void> {
        for (int i = 0; i < 500; ++i) {
            auto channel = reader::connect_element(socket.string());
            if (!channel) {
                std::this_thread::sleep_for(10ms);
                continue;
            }
            auto session = card::Session::open(std::move(*channel));
            if (!session) return stop_with(session.error());
            for (unsigned tries = 0; tries < signature_tries; ++tries) {
                Pin wrong;
                if (!wrong.assign(view("WRONG0"))) return stop(Code::broken);
                if (const auto outcome =
                        card::verify_pin(**session, card::PinRef::signature, std::move(wrong));
                    !outcome)
                    return stop_with(outcome.error());
            }
            return {};
        }
        return stop(Code::process_failed, {{"process", "mitome-element"}});
    };
    auto done = lock();
    end_process(record, 5s);
    return done;
}

}  // namespace

Attempt<std::uint64_t> make_card(const Context& context, std::uint64_t resident, Flaw flaw,
                                 const std::optional<std::filesystem::path>& keys) {
    const auto& home = context.home;
    auto registration = Service::connect(home, Service::Name::registration, "desk");
    if (!registration) return std::unexpected{registration.error()};
    // Asked first, so that no keys are made for nobody.
    if (auto known = registration->call("GET", fmt::format("/desk/residents/{}", resident)); !known)
        return std::unexpected{known.error()};

    const auto making = home.path() / "cards" / "being-made";
    std::error_code error;
    std::filesystem::remove_all(making, error);
    std::vector<std::string> arguments{"new", "--folder", making.string(), "--persona", "card"};
    if (keys) {
        std::filesystem::create_directories(*keys, error);
        if (error) return stop(Code::file_unwritable, {{"file", keys->string()}});
        arguments.insert(arguments.end(), {"--export-keys", keys->string()});
    }
    auto made = run_element(context, std::move(arguments), {});
    if (!made) return std::unexpected{made.error()};
    auto sign_spki = member(*made, "sign_spki");
    auto auth_spki = member(*made, "auth_spki");
    if (!sign_spki || !auth_spki) return stop(Code::answer_malformed);

    auto answer = registration->call("POST", "/desk/cards",
                                     boost::json::object{{"resident", resident},
                                                         {"sign_spki", *sign_spki},
                                                         {"auth_spki", *auth_spki},
                                                         {"case", case_of(flaw)}});
    if (!answer) return std::unexpected{answer.error()};
    if (!answer->is_object()) return stop(Code::answer_malformed);
    const auto& card = answer->get_object();
    const auto* number = card.if_contains("card");
    const auto* texts = card.if_contains("texts");
    if (number == nullptr || !number->is_int64() || texts == nullptr || !texts->is_object())
        return stop(Code::answer_malformed);
    const auto card_number = static_cast<std::uint64_t>(number->get_int64());

    auto maker = Service::connect(home, Service::Name::maker, "desk");
    if (!maker) return std::unexpected{maker.error()};
    auto order = texts->get_object();
    if (is_text(*made, "text_spki")) order["text_spki"] = made->at("text_spki");
    auto files = maker->call("POST", "/cards", order);
    if (!files) return std::unexpected{files.error()};
    if (!files->is_object() || !files->get_object().contains("files"))
        return stop(Code::answer_malformed);

    boost::json::object certificates;
    for (const auto* name : {"sign", "auth", "sign_ca", "auth_ca"})
        if (is_text(card, name)) certificates[name] = card.at(name);
    boost::json::object personalisation{{"certificates", certificates},
                                        {"text", files->get_object().at("files")}};
    if (files->get_object().contains("common_files"))
        personalisation["common"] = files->get_object().at("common_files");
    boost::json::object pins;
    if (is_text(texts->get_object(), "my_number"))
        pins["number_a"] = texts->get_object().at("my_number");
    if (is_text(files->get_object(), "pin_b")) pins["number_b"] = files->get_object().at("pin_b");
    personalisation["pins"] = std::move(pins);
    const auto input = boost::json::serialize(personalisation);
    auto filled = run_element(context, {"personalise", "--folder", making.string()}, view(input));
    if (!filled) return std::unexpected{filled.error()};
    if (flaw == Flaw::locked)
        if (auto locked = lock_signature(context, making); !locked)
            return std::unexpected{locked.error()};
    std::filesystem::rename(making, home.card(card_number), error);
    if (error) return stop(Code::home_unusable, {{"home", home.path().string()}});

    auto auth = decoded(card, "auth");
    if (!auth) return std::unexpected{auth.error()};
    auto auth_certificate = pki::Certificate::from_der(*auth);
    if (!auth_certificate) return stop(Code::answer_malformed);
    if (keys)
        if (auto done = write_pem(*keys / "auth.pem", *auth); !done)
            return std::unexpected{done.error()};
    if (is_text(card, "sign")) {
        auto sign = decoded(card, "sign");
        if (!sign) return std::unexpected{sign.error()};
        auto sign_certificate = pki::Certificate::from_der(*sign);
        if (!sign_certificate) return stop(Code::answer_malformed);
        auto shelf = shelf_of_card(home, *auth_certificate);
        if (const auto put = shelf.put(pki::Kind::sign, *sign_certificate); !put)
            return stop(Code::home_unusable, {{"home", home.path().string()}});
        if (keys)
            if (auto done = write_pem(*keys / "sign.pem", *sign); !done)
                return std::unexpected{done.error()};
    } else if (keys) {
        std::filesystem::remove(*keys / "sign.key", error);  // no certificate, no use for the key
    }
    return card_number;
}

Attempt<void> make_birth_cards(const Context& context, const boost::json::array& residents) {
    for (const auto& row : residents) {
        const auto* resident = row.if_object();
        const auto* id = resident == nullptr ? nullptr : resident->if_contains("id");
        if (id == nullptr || !id->is_int64()) return stop(Code::answer_malformed);
        const auto* cards = resident->if_contains("cards");
        if (cards != nullptr && cards->is_array() && !cards->get_array().empty()) continue;
        const auto word = is_text(*resident, "case")
                              ? std::string{resident->at("case").get_string()}
                              : std::string{"none"};
        auto made = make_card(context, static_cast<std::uint64_t>(id->get_int64()), flaw_of(word),
                              std::nullopt);
        if (!made) return std::unexpected{made.error()};
    }
    return {};
}

Attempt<void> make_phone(const Context& context, const std::string& name) {
    const auto& home = context.home;
    const auto folder = home.phone(name);
    const auto making = home.path() / "phones" / (".being-made-" + name);
    std::error_code error;
    std::filesystem::remove_all(making, error);
    auto made =
        run_element(context, {"new", "--folder", making.string(), "--persona", "phone"}, {});
    if (!made) return std::unexpected{made.error()};
    auto attestation_spki = member(*made, "attestation_spki");
    if (!attestation_spki) return stop(Code::answer_malformed);
    auto device_key = crypto::SoftwareKey::generate(crypto::KeyKind::ec_p256);
    if (!device_key) return stop_with(device_key.error());

    auto maker = Service::connect(home, Service::Name::maker, "desk");
    if (!maker) return std::unexpected{maker.error()};
    auto answer =
        maker->call("POST", "/elements",
                    boost::json::object{{"attestation_spki", *attestation_spki},
                                        {"device_spki", to_base64((*device_key)->spki())}});
    if (!answer) return std::unexpected{answer.error()};
    if (!answer->is_object()) return stop(Code::answer_malformed);
    const auto& given = answer->get_object();
    const auto* keys = given.if_contains("keys");
    const auto* version = given.if_contains("kvn");
    auto id = member(given, "id");
    auto attestation = member(given, "attestation_certificate");
    auto root = member(given, "maker_root");
    auto certificate = member(given, "device_certificate_pem");
    if (keys == nullptr || !keys->is_array() || keys->get_array().size() != 3 ||
        version == nullptr || !id || !attestation || !root || !certificate)
        return stop(Code::answer_malformed);
    const boost::json::object personalisation{
        {"id", *id},
        {"keyset", boost::json::object{{"version", *version},
                                       {"enc", keys->get_array()[0]},
                                       {"mac", keys->get_array()[1]},
                                       {"dek", keys->get_array()[2]}}},
        {"attestation_chain", boost::json::array{*attestation, *root}}};
    auto input = boost::json::serialize(personalisation);
    auto filled = run_element(context, {"personalise", "--folder", making.string()}, view(input));
    wipe({reinterpret_cast<std::uint8_t*>(input.data()), input.size()});
    if (!filled) return std::unexpected{filled.error()};

    const auto pkcs8 = (*device_key)->to_pkcs8();
    const auto tls_ca = read_file(home.tls() / "ca.pem");
    if (!pkcs8 || !tls_ca) return stop(Code::broken);
    const auto pem = pkcs8->reveal([](BytesView der) { return to_pem("PRIVATE KEY", der); });
    if (!write_file(making / "device.key", view(pem), Access::owner) ||
        !write_file(making / "device.pem", view(*certificate)) ||
        !write_file(making / "ca.pem", *tls_ca))
        return stop(Code::home_unusable, {{"home", home.path().string()}});
    std::filesystem::remove_all(folder, error);
    std::filesystem::rename(making, folder, error);
    if (error) return stop(Code::home_unusable, {{"home", home.path().string()}});
    return {};
}

Outcome card_new(const Context& context, std::uint64_t resident,
                 const std::optional<std::filesystem::path>& keys) {
    if (auto state = require_sandbox(context.home); !state) return std::unexpected{state.error()};
    auto number = make_card(context, resident, Flaw::none, keys);
    if (!number) return std::unexpected{number.error()};
    std::string words = context.sentence("cli.card.made", {{"n", std::to_string(*number)}}) + "\n";
    boost::json::object json{{"card", *number}, {"resident", resident}};
    if (keys) {
        json["keys"] = keys->string();
        words += context.sentence("cli.card.keys", {{"file", keys->native()}}) + "\n";
    }
    return Answer{std::move(json), words};
}

Outcome card_insert(const Context& context, std::uint64_t number) {
    auto state = require_sandbox(context.home);
    if (!state) return std::unexpected{state.error()};
    std::error_code error;
    if (!std::filesystem::exists(context.home.card(number) / "element.store", error))
        return stop(Code::card_number_absent, {{"n", std::to_string(number)}});
    if (state->card_in_reader && state->card_in_reader != number) {
        stop_element(context.home, "card");
        if (auto gone = wait_for_reader(context, card_reader_name, Plugged::out); !gone)
            return std::unexpected{gone.error()};
    }
    state->card_in_reader = number;
    if (auto saved = state->save(context.home); !saved) return std::unexpected{saved.error()};
    if (auto started = start_card_element(context, number); !started)
        return std::unexpected{started.error()};
    if (auto seen = wait_for_reader(context, card_reader_name, Plugged::in); !seen)
        return std::unexpected{seen.error()};
    return Answer{boost::json::object{{"card", number}},
                  context.sentence("cli.card.inserted", {{"n", std::to_string(number)}}) + "\n"};
}

Outcome card_remove(const Context& context) {
    auto state = require_sandbox(context.home);
    if (!state) return std::unexpected{state.error()};
    if (!state->card_in_reader)
        return Answer{boost::json::object{{"card", nullptr}},
                      std::string{context.word("cli.card.empty")} + "\n"};
    const auto number = *state->card_in_reader;
    stop_element(context.home, "card");
    state->card_in_reader.reset();
    if (auto saved = state->save(context.home); !saved) return std::unexpected{saved.error()};
    if (auto gone = wait_for_reader(context, card_reader_name, Plugged::out); !gone)
        return std::unexpected{gone.error()};
    return Answer{boost::json::object{{"card", number}},
                  context.sentence("cli.card.removed", {{"n", std::to_string(number)}}) + "\n"};
}

Outcome card_list(const Context& context) {
    auto state = require_sandbox(context.home);
    if (!state) return std::unexpected{state.error()};
    auto registration = Service::connect(context.home, Service::Name::registration, "desk");
    if (!registration) return std::unexpected{registration.error()};
    auto residents = registration->call("GET", "/desk/residents");
    if (!residents) return std::unexpected{residents.error()};
    if (!residents->is_array()) return stop(Code::answer_malformed);
    boost::json::array rows;
    std::string words;
    for (const auto& resident : residents->get_array()) {
        const auto* person = resident.if_object();
        const auto* cards = person == nullptr ? nullptr : person->if_contains("cards");
        if (cards == nullptr || !cards->is_array()) continue;
        for (const auto& card : cards->get_array()) {
            const auto* number = card.is_object() ? card.get_object().if_contains("card") : &card;
            if (number == nullptr || !number->is_int64()) continue;
            const auto n = static_cast<std::uint64_t>(number->get_int64());
            const bool here = state->card_in_reader == n;
            rows.push_back(boost::json::object{
                {"card", n}, {"resident", person->at("id")}, {"in_reader", here}});
            words +=
                fmt::format("{:>4}  {}{}\n", n,
                            is_text(*person, "name") ? std::string{person->at("name").get_string()}
                                                     : std::string{},
                            here ? fmt::format("  ({})", context.word("cli.card.reader")) : "");
        }
    }
    return Answer{std::move(rows), words};
}

Attempt<std::vector<std::pair<std::string, std::string>>> administration_keys(
    const Context& context, const SandboxState& state) {
    if (state.phones.empty()) return stop(Code::phone_absent);
    const auto certificate = read_file(context.home.phone(state.phones.front()) / "device.pem");
    if (!certificate) return stop(Code::phone_absent);
    const auto device = pki::Certificate::from_pem(text(*certificate));
    if (!device) return stop(Code::store_damaged);
    // The device certificate's name ends in the element's id: "CN=element HEX".
    const auto name = pki::to_text_name(device->subject());
    const auto at = name.find("element ");
    const auto id = at == std::string::npos ? Result<Bytes>{Bytes{}}
                                            : from_hex(std::string_view{name}.substr(at + 8, 20));
    if (!id || id->size() != 10) return stop(Code::store_damaged);

    ::setenv("SOFTHSM2_CONF", (context.home.hsm() / "softhsm2.conf").c_str(), 1);
    auto hsm = crypto::open_token({.module = "/usr/lib/softhsm/libsofthsm2.so",
                                   .label = "mitome-administration",
                                   .pin_file = context.home.hsm() / "administration.pin"});
    if (!hsm) return stop(Code::authority_key_unavailable);
    auto keyset = apdu::scp03::diversify(
        [&](BytesView block) { return (*hsm)->cmac("element-master", block); },
        apdu::scp03::sandbox_key_size, *id);
    if (!keyset) return stop(Code::authority_key_unavailable);
    const auto hex = [](const crypto::AesKey& key) {
        return key.reveal([](BytesView octets) { return to_hex(octets); });
    };
    return std::vector<std::pair<std::string, std::string>>{{"MITOME_SCP_KVN", "30"},
                                                            {"MITOME_SCP_ENC", hex(keyset->enc)},
                                                            {"MITOME_SCP_MAC", hex(keyset->mac)},
                                                            {"MITOME_SCP_DEK", hex(keyset->dek)}};
}

}  // namespace mitome::cli
