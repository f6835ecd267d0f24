// SPDX-License-Identifier: Apache-2.0
#include "desk.hpp"
#include "language.hpp"
#include "reader_room.hpp"
#include "verbs.hpp"

#include <mitome/base/log.hpp>

#include <CLI/CLI.hpp>
#include <boost/json/serialize.hpp>
#include <unistd.h>

#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>

namespace mitome::cli {
namespace {

using catalogue::Code;
using catalogue::Language;
using catalogue::Word;

constexpr std::string_view version_number = "0.1.0";

/// What has to be known before the command line is parsed: how to complain about it.
struct Manner {
    Language language = Language::ja;
    bool json = false;
};

Manner manner_of(int argc, char** argv) {
    Manner manner;
    std::optional<std::string> tag;
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        if (word == "--json") manner.json = true;
        if (word == "--lang" && i + 1 < argc) tag = argv[i + 1];
        if (word.starts_with("--lang=")) tag = word.substr(7);
    }
    manner.language = choose_language(tag);
    return manner;
}

int print(const Manner& manner, const Outcome& outcome) {
    if (outcome) {
        const auto text =
            manner.json ? boost::json::serialize(outcome->json) + "\n" : outcome->text;
        std::fwrite(text.data(), 1, text.size(), stdout);
        // A full disk or a closed pipe behind standard output must not look like success.
        if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
            const auto line = "mitome: " + catalogue::message(Code::disk_full, manner.language);
            std::fprintf(stderr, "%s\n", line.c_str());
            return catalogue::failure(Code::disk_full).exit;
        }
        return outcome->exit;
    }
    const auto& failure = outcome.error();
    std::vector<catalogue::Value> values;
    for (const auto& [name, text] : failure.values) values.push_back({name, text});
    const auto tries = failure.tries_left ? std::to_string(*failure.tries_left) : std::string{};
    if (failure.tries_left) values.push_back({"n", tries});
    const auto& row = catalogue::failure(failure.code);
    const auto message = catalogue::message(failure.code, manner.language, values);
    const auto hint = catalogue::hint(failure.code, manner.language, values);
    if (manner.json) {
        boost::json::object error{
            {"code", row.code}, {"message", message}, {"hint", hint}, {"display", row.display}};
        if (failure.tries_left) error["tries_left"] = *failure.tries_left;
        const auto text = boost::json::serialize(boost::json::object{{"error", error}});
        std::printf("%s\n", text.c_str());
        return row.exit;
    }
    const auto line = [&](Word label, const std::string& text) {
        std::fprintf(stderr, "mitome: %s: %s\n",
                     std::string{catalogue::word(label, manner.language)}.c_str(), text.c_str());
    };
    line("cli.label.error", message + " (" + std::string{row.display} + ")");
    if (!hint.empty()) line("cli.label.hint", hint);
    return row.exit;
}

/// The command line as CLI11 reads it, and the verb that was chosen.
class CommandLine {
public:
    explicit CommandLine(Language language) : language_(language) {
        app_.name("mitome");
        app_.require_subcommand(0, 1);
        app_.fallthrough();
        app_.set_help_flag("-h,--help", text("cli.option.help"));
        app_.set_version_flag("--version", version_line(), text("cli.option.version"));
        app_.footer(text("cli.help.more") + "\n" + text("cli.help.codes"));
        app_.get_formatter()->label("OPTIONS", text("cli.help.options"));
        app_.get_formatter()->label("SUBCOMMAND", text("cli.help.commands"));
        app_.add_option("--home", home_, text("cli.option.home"));
        app_.add_flag("--json", json_, text("cli.option.json"));
        app_.add_option("--lang", lang_, text("cli.option.lang"));
        app_.add_option("--secret", secrets_, text("cli.option.secret"))
            ->type_name("NAME=fd:N")
            ->allow_extra_args(false);
        add_verbs();
    }

    CLI::App& app() { return app_; }

    [[nodiscard]] static Answer version() {
        return {boost::json::object{{"version", version_number}}, version_line() + "\n"};
    }

    /// How to write what stands on the command line so far.
    [[nodiscard]] Answer help(CLI::AppFormatMode mode) const {
        boost::json::array options;  // of the verb and of the rooms it is in: all fall through
        const auto take_options = [&](const CLI::App& app) {
            for (const auto* option : app.get_options())
                if (option->nonpositional() && option->get_name() != "--help")
                    options.emplace_back(option->get_name());
        };
        const CLI::App* asked = &app_;
        std::string path{app_.get_name()};
        take_options(*asked);
        while (!asked->get_subcommands().empty()) {
            asked = asked->get_subcommands().front();
            path += " " + asked->get_name();
            take_options(*asked);
        }
        boost::json::array verbs;
        list_verbs(*asked, "", verbs);
        return {boost::json::object{{"usage", usage_of(*asked, path)},
                                    {"options", std::move(options)},
                                    {"verbs", std::move(verbs)}},
                app_.help("", mode)};
    }

    /// Runs the chosen verb.
    Outcome run(Manner manner) {
        if (lang_ && !catalogue::language_of(*lang_))
            return stop(catalogue::variant(Code::usage, "value"), {{"argument", "--lang"}});
        auto home = Home::find(home_);
        if (!home) return stop(Code::home_unusable, {{"home", home_.value_or("")}});
        Context context{std::move(*home), manner.language, manner.json, {}};
        for (const auto& secret : secrets_)
            if (auto failure = take_descriptor(context, secret)) return stop_with(*failure);
        if (!verb_)
            return stop(catalogue::variant(Code::usage, "missing"),
                        {{"argument", text("cli.help.commands")}});
        return verb_(context);
    }

private:
    [[nodiscard]] std::string text(Word word) const {
        return std::string{catalogue::word(word, language_)};
    }

    static std::string version_line() { return "mitome " + std::string{version_number}; }

    /// `mitome card sign [OPTIONS] FILE`, the same in every language.
    static std::string usage_of(const CLI::App& app, const std::string& path) {
        auto line = CLI::Formatter{}.make_usage(&app, path);
        line = line.substr(line.find(path));
        line.erase(line.find_last_not_of('\n') + 1);
        return line;
    }

    /// The verbs below `app`, each with the rooms it is in.
    static void list_verbs(const CLI::App& app, const std::string& path, boost::json::array& into) {
        for (const auto* below : app.get_subcommands({})) {
            const auto name = path + below->get_name();
            if (below->get_subcommands({}).empty())
                into.emplace_back(name);
            else
                list_verbs(*below, name + " ", into);
        }
    }

    static bool is_secret_name(std::string_view name) {
        if (name.starts_with("new.")) name.remove_prefix(4);
        for (const std::string_view known :
             {"card.authentication", "card.signature", "card.input_assistance", "card.check_number",
              "phone.authentication", "phone.signature", "phone.stop_code"})
            if (name == known) return true;
        return false;
    }

    static std::optional<Failure> take_descriptor(Context& context, const std::string& argument) {
        const auto equals = argument.find("=fd:");
        if (equals == std::string::npos) return Failure{Code::secret_malformed};
        const auto name = argument.substr(0, equals);
        if (!is_secret_name(name))
            return Failure{catalogue::variant(Code::secret_malformed, "name"),
                           {{"argument", name}}};
        int number = 0;
        const char* begin = argument.data() + equals + 4;
        const char* end = argument.data() + argument.size();
        const auto [stopped, error] = std::from_chars(begin, end, number);
        if (error != std::errc{} || stopped != end || number < 0)
            return Failure{Code::secret_malformed};
        context.secret_descriptors[name] = number;
        return std::nullopt;
    }

    using Verb = std::function<Outcome(const Context&)>;

    CLI::App& room(const char* name, Word description, CLI::App* parent = nullptr) {
        auto& made = *(parent == nullptr ? app_ : *parent).add_subcommand(name, text(description));
        made.fallthrough();
        made.require_subcommand(1);
        made.set_help_flag("-h,--help", text("cli.option.help"));
        return made;
    }

    CLI::App& verb(CLI::App& parent, const char* name, Word description, Verb run) {
        auto& made = *parent.add_subcommand(name, text(description));
        made.fallthrough();
        made.set_help_flag("-h,--help", text("cli.option.help"));
        made.callback([this, run = std::move(run)] { verb_ = run; });
        return made;
    }

    template <class T>
    CLI::Option* value(CLI::App& verb, const char* name, T& into, Word description) {
        return verb.add_option(name, into, text(description));
    }

    void add_verbs() {
        auto& sandbox = room("sandbox", "cli.room.sandbox");
        verb(sandbox, "up", "cli.verb.sandbox.up", sandbox_up);
        verb(sandbox, "down", "cli.verb.sandbox.down", sandbox_down);
        verb(sandbox, "status", "cli.verb.sandbox.status", sandbox_status);
        auto& env = verb(sandbox, "env", "cli.verb.sandbox.env", [this](const Context& context) {
            return sandbox_env(context, test_keys_ ? TestKeys::shown : TestKeys::hidden);
        });
        env.add_flag("--test-keys", test_keys_, text("cli.option.test_keys"));

        auto& resident = room("resident", "cli.room.resident");
        verb(resident, "list", "cli.verb.resident.list", resident_list);
        auto& show = verb(resident, "show", "cli.verb.resident.show",
                          [this](const Context& c) { return resident_show(c, number_); });
        value(show, "ID", number_, "cli.option.resident")->required();
        auto& made = verb(resident, "new", "cli.verb.resident.new",
                          [this](const Context& c) { return resident_new(c, new_resident_); });
        value(made, "--name", new_resident_.name, "item.name");
        value(made, "--birth-date", new_resident_.birth_date, "item.birth");
        value(made, "--address", new_resident_.address, "item.address");
        value(made, "--sex", new_resident_.sex, "item.sex");
        add_desk_verbs(resident);

        auto& card = room("card", "cli.room.card");
        auto& card_made = verb(card, "new", "cli.verb.card.new", [this](const Context& c) {
            return card_new(c, number_, optional(keys_));
        });
        value(card_made, "--resident", number_, "cli.option.resident")->required();
        value(card_made, "--keys", keys_, "cli.option.keys");
        auto& insert = verb(card, "insert", "cli.verb.card.insert",
                            [this](const Context& c) { return card_insert(c, number_); });
        value(insert, "N", number_, "cli.table.id")->required();
        verb(card, "remove", "cli.verb.card.remove", card_remove);
        verb(card, "list", "cli.verb.card.list", card_list);
        add_token_verbs(card, Token::Owner::card);
        add_pin_verbs(card, Token::Owner::card);

        auto& phone = room("phone", "cli.room.phone");
        phone.add_option("--phone", phone_, text("cli.option.phone"))
            ->check([](const std::string& name) {
                return std::string{is_phone_name(name) ? "" : "not a name"};
            });
        auto& init = verb(phone, "init", "cli.verb.phone.init", [this](const Context& c) {
            return phone_init(c, phone_, reset_ ? Reset::yes : Reset::no);
        });
        init.add_flag("--reset", reset_, text("cli.option.reset"));
        verb(phone, "issue", "cli.verb.phone.issue",
             [this](const Context& c) { return phone_issue(c, phone_); });
        add_token_verbs(phone, Token::Owner::phone);
        add_life_verbs(phone);

        auto& check = verb(app_, "verify", "cli.verb.verify", [this](const Context& c) {
            return verify_file(c, file_, signature_, optional(trust_), at_);
        });
        value(check, "FILE", file_, "cli.option.file")->required();
        value(check, "SIG", signature_, "cli.option.signature")->required();
        value(check, "--trust", trust_, "cli.option.trust");
        value(check, "--at", at_, "cli.option.at");

        auto& cert = room("cert", "cli.room.cert");
        auto& cert_shown = verb(cert, "show", "cli.verb.cert.show",
                                [this](const Context& c) { return cert_show(c, file_); });
        value(cert_shown, "FILE", file_, "cli.option.file")->required();

        auto& authority = room("authority", "cli.room.authority");
        auto& revoke =
            verb(authority, "revoke", "cli.verb.authority.revoke", [this](const Context& c) {
                revocation_.certificate = optional(certificate_);
                return authority_revoke(c, revocation_);
            });
        value(revoke, "--certificate", certificate_, "cli.option.certificate");
        value(revoke, "--ca", revocation_.ca, "cli.option.ca");
        value(revoke, "--serial", revocation_.serial, "cli.option.serial");
        value(revoke, "--reason", revocation_.reason, "cli.option.reason");
    }

    void add_desk_verbs(CLI::App& resident) {
        const auto subject = [this] { return DeskSubject{number_, certificate_, whose_}; };
        auto& move = verb(resident, "move", "cli.verb.resident.move", [this](const Context& c) {
            return resident_move(c, number_, new_resident_.address, municipality_);
        });
        value(move, "--address", new_resident_.address, "item.address")->required();
        value(move, "--municipality", municipality_, "cli.option.municipality");
        auto& rename = verb(
            resident, "rename", "cli.verb.resident.rename",
            [this](const Context& c) { return resident_rename(c, number_, new_resident_.name); });
        value(rename, "--name", new_resident_.name, "item.name")->required();
        auto& decease = verb(resident, "decease", "cli.verb.resident.decease",
                             [this](const Context& c) { return resident_decease(c, number_); });
        for (auto* event : {&move, &rename, &decease})
            value(*event, "ID", number_, "cli.option.resident")->required();

        auto& desk = room("desk", "cli.room.desk");
        auto& hold = verb(desk, "hold", "cli.verb.desk.hold",
                          [subject](const Context& c) { return desk_hold(c, subject()); });
        auto& revoke =
            verb(desk, "revoke", "cli.verb.desk.revoke", [this, subject](const Context& c) {
                return desk_revoke(c, subject(), revocation_.reason);
            });
        value(revoke, "--reason", revocation_.reason, "cli.option.reason");
        auto& status = verb(desk, "status", "cli.verb.desk.status",
                            [subject](const Context& c) { return desk_status(c, subject()); });
        for (auto* asked : {&hold, &revoke, &status}) {
            value(*asked, "--resident", number_, "cli.option.resident");
            value(*asked, "--certificate", certificate_, "cli.option.shown");
        }
        for (auto* asked : {&hold, &revoke}) value(*asked, "--whose", whose_, "cli.option.whose");
        auto& erase = verb(desk, "erase", "cli.verb.desk.erase",
                           [this](const Context& c) { return desk_erase(c, number_); });
        value(erase, "--resident", number_, "cli.option.resident")->required();
    }

    void add_token_verbs(CLI::App& parent, Token::Owner owner) {
        const bool card = owner == Token::Owner::card;
        const auto token = [this, owner] { return Token{owner, phone_}; };
        verb(parent, "show", card ? Word{"cli.verb.card.show"} : Word{"cli.verb.phone.show"},
             [token](const Context& c) { return token_show(c, token()); });
        auto& certs =
            verb(parent, "certs", card ? Word{"cli.verb.card.certs"} : Word{"cli.verb.phone.certs"},
                 [this, token](const Context& c) { return token_certs(c, token(), out_); });
        value(certs, "--out", out_, "cli.option.out_dir")->required();
        auto& sign =
            verb(parent, "sign", card ? Word{"cli.verb.card.sign"} : Word{"cli.verb.phone.sign"},
                 [this, token](const Context& c) { return token_sign(c, token(), file_, out_); });
        value(sign, "FILE", file_, "cli.option.file")->required();
        value(sign, "--out", out_, "cli.option.out")->required();
        auto& auth = verb(
            parent, "auth", card ? Word{"cli.verb.card.auth"} : Word{"cli.verb.phone.auth"},
            [this, token](const Context& c) { return token_auth(c, token(), challenge_, out_); });
        value(auth, "--challenge", challenge_, "cli.option.challenge")->required();
        value(auth, "--out", out_, "cli.option.out")->required();
    }

    /// What becomes of a phone's certificates after they were issued.
    void add_life_verbs(CLI::App& phone) {
        const auto kind = [](const std::string& word) {
            return word == "sign" ? pki::Kind::sign : pki::Kind::auth;
        };
        const auto take_kind = [this](CLI::App& verb) {
            return value(verb, "--kind", kind_, "cli.option.kind")
                ->check(CLI::IsMember({"sign", "auth"}));
        };
        const auto of_phone = [this](Outcome (*serve)(const Context&, const std::string&)) {
            return [this, serve](const Context& c) { return serve(c, phone_); };
        };
        auto& pin = add_pin_verbs(phone, Token::Owner::phone);
        take_kind(verb(pin, "reset", "cli.verb.phone.pin.reset", [this, kind](const Context& c) {
            return phone_pin_reset(c, phone_, kind(kind_));
        }))->required();
        verb(phone, "sync", "cli.verb.phone.sync", of_phone(phone_sync));
        verb(phone, "former", "cli.verb.phone.former", of_phone(phone_former));
        verb(phone, "notices", "cli.verb.phone.notices", of_phone(phone_notices));
        verb(phone, "revoke", "cli.verb.phone.revoke", of_phone(phone_revoke));
        take_kind(verb(phone, "renew", "cli.verb.phone.renew", [this, kind](const Context& c) {
            return phone_renew(c, phone_,
                               kind_.empty() ? std::nullopt : std::optional{kind(kind_)});
        }));
        verb(phone, "release", "cli.verb.phone.release", of_phone(phone_release));
        auto& hold = verb(phone, "hold", "cli.verb.phone.hold",
                          [this](const Context& c) { return phone_hold(c, phone_, element_); });
        value(hold, "--element", element_, "cli.option.element");
        verb(phone, "stop-code", "cli.verb.phone.stop_code", of_phone(phone_stop_code));
        auto& move = verb(phone, "move", "cli.verb.phone.move",
                          [this](const Context& c) { return phone_move(c, phone_, to_); });
        value(move, "--to", to_, "cli.option.to")->required()->check([](const std::string& name) {
            return std::string{is_phone_name(name) ? "" : "not a name"};
        });
        auto& erase = verb(phone, "erase", "cli.verb.phone.erase", [this](const Context& c) {
            return phone_erase(c, phone_, yes_ ? Confirmed::yes : Confirmed::no);
        });
        erase.add_flag("--yes", yes_, text("cli.option.yes"));
        auto& history = verb(phone, "history", "cli.verb.phone.history", [this](const Context& c) {
            return phone_history(c, phone_, verify_ ? Verify::yes : Verify::no);
        });
        history.add_flag("--verify", verify_, text("cli.option.verify"));
    }

    CLI::App& add_pin_verbs(CLI::App& parent, Token::Owner owner) {
        const bool card = owner == Token::Owner::card;
        const auto token = [this, owner] { return Token{owner, phone_}; };
        auto& pin = room("pin", "cli.room.pin", &parent);
        verb(pin, "status",
             card ? Word{"cli.verb.card.pin.status"} : Word{"cli.verb.phone.pin.status"},
             [token](const Context& c) { return token_pin_status(c, token()); });
        auto& change =
            verb(pin, "change",
                 card ? Word{"cli.verb.card.pin.change"} : Word{"cli.verb.phone.pin.change"},
                 [this, token](const Context& c) { return token_pin_change(c, token(), which_); });
        value(change, "PIN", which_, "cli.option.pin")->required();
        return pin;
    }

    static std::optional<std::filesystem::path> optional(const std::filesystem::path& path) {
        if (path.empty()) return std::nullopt;
        return path;
    }

    Language language_;
    CLI::App app_;
    Verb verb_;
    std::optional<std::string> home_;
    std::optional<std::string> lang_;
    bool json_ = false;
    std::vector<std::string> secrets_;
    std::uint64_t number_ = 0;
    bool test_keys_ = false;
    bool reset_ = false;
    NewResident new_resident_;
    Revocation revocation_;
    std::string phone_;
    std::string which_;
    std::string whose_, municipality_;
    std::string kind_;
    std::string element_;
    std::string to_;
    bool yes_ = false;
    bool verify_ = false;
    std::optional<std::string> at_;
    std::filesystem::path keys_, file_, out_, challenge_, signature_, trust_, certificate_;
};

/// What is wrong with a command line, as a row of the catalogue.
Failure usage_failure(const CLI::ParseError& error) {
    const auto row = [&](const char* variant) {
        std::string argument = error.what();
        const auto colon = argument.find(": ");
        const bool named_behind = dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr ||
                                  dynamic_cast<const CLI::ConversionError*>(&error) != nullptr;
        if (named_behind && colon != std::string::npos)
            argument = argument.substr(colon + 2);
        else if (colon != std::string::npos)
            argument = argument.substr(0, colon);
        const auto space = argument.find(" is required");
        if (space != std::string::npos) argument = argument.substr(0, space);
        return Failure{catalogue::variant(Code::usage, variant), {{"argument", argument}}};
    };
    if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {
        const std::string what = error.what();
        return row(what.find(" -") != std::string::npos ? "option" : "verb");
    }
    if (dynamic_cast<const CLI::RequiredError*>(&error) != nullptr) return row("missing");
    if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr) return row("value");
    if (dynamic_cast<const CLI::ConversionError*>(&error) != nullptr ||
        dynamic_cast<const CLI::ValidationError*>(&error) != nullptr)
        return row("value");
    return Failure{Code::usage};
}

extern "C" void on_interrupt(int) {
    // Temporary files are renamed only when whole, and terminals restore themselves: nothing to
    // undo. 128 + SIGINT is what a shell expects of an interrupted program.
    ::_exit(130);
}

}  // namespace
}  // namespace mitome::cli

int main(int argc, char** argv) {
    using namespace mitome;
    using namespace mitome::cli;
    // The reader room is this same program in a process of its own; not a verb for people.
    if (argc == 4 && std::strcmp(argv[1], "keep-reader-room") == 0)
        return keep_reader_room(argv[2], argv[3]);
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGINT, on_interrupt);
    start_log("mitome", std::getenv("MITOME_DEBUG") != nullptr ? Level::debug : Level::error);
    const auto manner = manner_of(argc, argv);
    CommandLine line{manner.language};
    try {
        line.app().parse(argc, argv);
    } catch (const CLI::CallForHelp&) {
        return print(manner, line.help(CLI::AppFormatMode::Normal));
    } catch (const CLI::CallForAllHelp&) {
        return print(manner, line.help(CLI::AppFormatMode::All));
    } catch (const CLI::CallForVersion&) {
        return print(manner, CommandLine::version());
    } catch (const CLI::ParseError& error) {
        return print(manner, std::unexpected{usage_failure(error)});
    }
    return print(manner, line.run(manner));
}
