// SPDX-License-Identifier: Apache-2.0
#include "factory.hpp"
#include "process.hpp"
#include "reader_room.hpp"
#include "sandbox_state.hpp"
#include "services.hpp"
#include "verbs.hpp"

#include <mitome/base/file.hpp>
#include <mitome/crypto/hsm.hpp>
#include <mitome/crypto/random.hpp>
#include <mitome/pki/certificate.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <ranges>
#include <thread>

namespace mitome::cli {
namespace {

using catalogue::Code;
using namespace std::chrono_literals;

constexpr auto patience = 30s;  // for a service to become ready on a busy machine
constexpr std::array services{"maker", "authority", "status", "registration"};
constexpr std::string_view softhsm_module = "/usr/lib/softhsm/libsofthsm2.so";

/// Two `sandbox up` at once take turns.
class Turn {
public:
    static Attempt<Turn> take(const Home& home) {
        const auto path = home.path() / "lock";
        Descriptor file{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
        if (!file) return stop(Code::home_unusable, {{"home", home.path().string()}});
        const auto until = std::chrono::steady_clock::now() + 120s;
        while (::flock(file.number(), LOCK_EX | LOCK_NB) != 0) {
            if (errno != EWOULDBLOCK || std::chrono::steady_clock::now() > until)
                return stop(Code::home_busy, {{"home", home.path().string()}});
            std::this_thread::sleep_for(50ms);
        }
        return Turn{std::move(file)};
    }

private:
    explicit Turn(Descriptor file) : file_(std::move(file)) {}
    Descriptor file_;
};

Attempt<void> write(const std::filesystem::path& path, std::string_view content, Access access) {
    if (const auto done = write_file(path, view(content), access); !done)
        return std::unexpected{output_failure(done.error(), path.string())};
    return {};
}

Attempt<void> make_folders(const Home& home) {
    for (const auto* name :
         {"", "run", "run/pids", "config", "tls", "hsm", "hsm/tokens", "authority", "status",
          "registration", "maker", "cards", "phones", "wallet", "log", "bundle"}) {
        const auto folder = *name == '\0' ? home.path() : home.path() / name;
        if (const auto made = make_private_folder(folder); !made)
            return stop(Code::home_unusable, {{"home", home.path().string()}});
    }
    return {};
}

/// A new PIN of an HSM token, kept beside the token: a sandbox has nobody to type it.
Attempt<void> keep_token_pin(const Home& home, const std::string& token) {
    const auto path = home.hsm() / (token + ".pin");
    if (read_secret_file(path)) return {};
    return write(path, to_hex(crypto::SystemRandom{}.octets(16)), Access::owner);
}

Attempt<void> write_configuration(const Home& home, const SandboxState& state) {
    const auto& ports = state.ports;
    const auto folder = [&](std::string_view name) { return (home.path() / name).string(); };
    const auto tls = [&](std::string_view role) {
        return fmt::format(
            "[tls]\ncertificate = '{0}/{1}.pem'\nkey = '{0}/{1}.key'\n"
            "trusted = '{0}/ca.pem'\n",
            home.tls().string(), role);
    };
    const auto hsm = [&](std::string_view section, std::string_view token) {
        return fmt::format("[{}]\nmodule = '{}'\ntoken = 'mitome-{}'\npin_file = '{}/{}.pin'\n",
                           section, softhsm_module, token, home.hsm().string(), token);
    };
    const auto url = [](std::uint16_t port) { return fmt::format("https://127.0.0.1:{}", port); };
    const auto common = [&](std::string_view name, std::uint16_t port) {
        return fmt::format("port = {}\nfolder = '{}'\nsandbox = true\n", port, folder(name));
    };

    std::vector<std::pair<std::string, std::string>> files;
    files.emplace_back("maker",
                       common("maker", ports.maker) + tls("maker") + hsm("hsm", "administration"));
    files.emplace_back("authority", common("authority", ports.authority) +
                                        fmt::format("base_url = '{}'\nstatus_url = '{}'\n",
                                                    state.public_url(), url(ports.status)) +
                                        tls("authority") + hsm("hsm", "authority"));
    files.emplace_back("status", common("status", ports.status) +
                                     fmt::format("public_port = {}\n", ports.status_public) +
                                     tls("status"));
    files.emplace_back(
        "registration",
        common("registration", ports.registration) +
            fmt::format("public_port = {}\nbase_url = '{}'\nauthority_url = '{}'\n"
                        "maker_url = '{}'\nmaker_root = '{}/maker/root.pem'\n"
                        "confirm_wait_seconds = 600\n",
                        ports.registration_public, state.public_url(), url(ports.authority),
                        url(ports.maker), home.path().string()) +
            tls("registration") + hsm("hsm", "registration") +
            hsm("administration_hsm", "administration"));
    for (const auto& [name, content] : files)
        if (auto done = write(home.config(name), content, Access::owner); !done) return done;
    for (const auto* token : {"administration", "authority", "registration"})
        if (auto done = keep_token_pin(home, token); !done) return done;
    if (auto done = write(home.hsm() / "softhsm2.conf",
                          fmt::format("directories.tokendir = {}\nobjectstore.backend = file\n"
                                      "log.level = ERROR\n",
                                      (home.hsm() / "tokens").string()),
                          Access::owner);
        !done)
        return done;
    return write(home.path() / "reader.conf",
                 "FRIENDLYNAME \"Mitome Virtual\"\nDEVICENAME /dev/null:0x8C7B\n"
                 "LIBPATH /usr/lib/pcsc/drivers/serial/libifdvpcd.so\nCHANNELID 0x8C7B\n",
                 Access::everyone);
}

Launch service_launch(const Home& home, const std::string& name) {
    return {program_folder() / ("mitome-" + name),
            {"--config", home.config(name).string()},
            {{"SOFTHSM2_CONF", (home.hsm() / "softhsm2.conf").string()}},
            {}};
}

std::unexpected<Failure> process_failed(const Home& home, const std::string& name) {
    return stop(Code::process_failed, {{"process", name}, {"log", home.log(name).string()}});
}

Attempt<void> initialise(const Home& home, const std::string& name) {
    auto launch = service_launch(home, name);
    launch.arguments.emplace_back("--initialise");
    const auto output = run_program(launch, {});
    if (!output) return process_failed(home, name);
    if (output->status == 127) return stop(Code::program_absent, {{"file", "mitome-" + name}});
    if (output->status != 0) {
        const auto words = join({output->out, output->err});
        if (auto done = write(home.log(name), text(words), Access::owner); !done) return done;
        return process_failed(home, name);
    }
    return {};
}

Attempt<void> wait_until_ready(const Home& home, const std::string& name, Service::Name service) {
    const auto until = std::chrono::steady_clock::now() + patience;
    for (;;) {
        if (auto connection = Service::connect(home, service, "operator"))
            if (connection->call("GET", "/ready")) return {};
        if (!alive(record_of(home, name)) || std::chrono::steady_clock::now() > until)
            return process_failed(home, name);
        std::this_thread::sleep_for(30ms);
    }
}

Service::Name service_of(std::string_view name) {
    if (name == "authority") return Service::Name::authority;
    if (name == "maker") return Service::Name::maker;
    if (name == "status") return Service::Name::status;
    return Service::Name::registration;
}

Attempt<void> start_services(const Context& context, Progress& progress) {
    const auto& home = context.home;
    for (const std::string name : services) {
        if (alive(record_of(home, name))) continue;
        progress.show(context.sentence("cli.sandbox.step.start", {{"process", name}}));
        if (!start_daemon(service_launch(home, name), home.log(name), record_of(home, name)))
            return process_failed(home, name);
    }
    for (const std::string name : services)
        if (auto ready = wait_until_ready(home, name, service_of(name)); !ready) return ready;
    return {};
}

Attempt<void> write_bundle(const Home& home) {
    std::string bundle;
    for (const auto ca : pki::all_cas) {
        const auto path = home.ca_folder() / (std::string{pki::name_of(ca)} + ".pem");
        const auto pem = read_file(path);
        if (!pem) return std::unexpected{file_failure(pem.error(), path.string())};
        bundle += text(*pem);
    }
    return write(home.path() / "bundle" / "cas.pem", bundle, Access::everyone);
}

Attempt<void> make_first_cards(const Context& context, SandboxState& state, Progress& progress) {
    if (state.cards_made) return {};
    progress.show(context.word("cli.sandbox.step.cards"));
    auto registration = Service::connect(context.home, Service::Name::registration, "desk");
    if (!registration) return std::unexpected{registration.error()};
    const auto residents = registration->call("GET", "/desk/residents");
    if (!residents) return std::unexpected{residents.error()};
    if (!residents->is_array()) return stop(Code::answer_malformed);
    if (auto made = make_birth_cards(context, residents->get_array()); !made) return made;
    state.card_in_reader = 1;
    state.cards_made = true;
    return state.save(context.home);
}

/// The reader room with pcscd in it. False when the kernel refuses namespaces.
Attempt<bool> start_reader_room(const Context& context) {
    const auto& home = context.home;
    if (alive(record_of(home, "readers"))) return true;
    // Elements left from a room that is gone would speak into a network nobody listens in.
    stop_element(home, "card");
    if (auto state = SandboxState::load(home); state && *state && !(*state)->phones.empty())
        stop_element(home, "phone-" + (*state)->phones.front());
    std::error_code error;
    std::filesystem::remove(home.pcsc_socket(), error);
    if (!std::filesystem::exists("/usr/sbin/pcscd", error))
        return stop(Code::program_absent, {{"file", "pcscd"}});
    if (!reader_room_possible()) return false;
    const Launch launch{
        program_folder() / "mitome",
        {"keep-reader-room", home.run().string(), (home.path() / "reader.conf").string()},
        {},
        {}};
    const auto record = record_of(home, "readers");
    if (!start_daemon(launch, home.log("readers"), record)) return process_failed(home, "readers");
    const auto until = std::chrono::steady_clock::now() + patience;
    const auto open_to_others = [&] {
        return (std::filesystem::status(home.run(), error).permissions() &
                std::filesystem::perms(077)) != std::filesystem::perms::none;
    };
    while (!std::filesystem::exists(home.pcsc_socket(), error) || open_to_others()) {
        if (!alive(record) || std::chrono::steady_clock::now() > until)
            return process_failed(home, "readers");
        std::this_thread::sleep_for(10ms);
    }
    return true;
}

std::vector<std::string> all_processes(const SandboxState& state) {
    std::vector<std::string> names{services.begin(), services.end()};
    names.emplace_back("readers");
    if (state.card_in_reader) names.emplace_back("card");
    for (const auto& phone : state.phones) names.push_back("phone-" + phone);
    return names;
}

boost::json::value processes_json(const Home& home, const SandboxState& state) {
    boost::json::array rows;
    for (const auto& name : all_processes(state)) {
        const auto pid = alive(record_of(home, name));
        rows.push_back(boost::json::object{
            {"name", name},
            {"pid", pid ? boost::json::value(*pid) : boost::json::value(nullptr)},
            {"state", pid ? "running" : "stopped"}});
    }
    return boost::json::object{{"processes", std::move(rows)}};
}

}  // namespace

Outcome sandbox_up(const Context& context) {
    const auto& home = context.home;
    Progress progress{context};
    progress.show(context.word("cli.sandbox.step.home"));
    if (home.pcsc_socket().string().size() > longest_socket_path)
        return stop(Code::socket_path_too_long);
    if (auto made = make_folders(home); !made) return std::unexpected{made.error()};
    auto turn = Turn::take(home);
    if (!turn) return std::unexpected{turn.error()};

    auto loaded = SandboxState::load(home);
    if (!loaded) return std::unexpected{loaded.error()};
    auto state = loaded->value_or(SandboxState{});
    if (!*loaded) {
        auto ports = draw_home_ports();
        if (!ports) return std::unexpected{ports.error()};
        state.ports = *ports;
        if (auto saved = state.save(home); !saved) return std::unexpected{saved.error()};
    }
    if (auto done = require_free_ports(home, state.ports); !done)
        return std::unexpected{done.error()};
    if (auto done = write_configuration(home, state); !done) return std::unexpected{done.error()};

    progress.show(context.word("cli.sandbox.step.keys"));
    for (const std::string name : {"maker", "authority", "registration"})
        if (!alive(record_of(home, name)))
            if (auto done = initialise(home, name); !done) return std::unexpected{done.error()};
    if (auto done = start_services(context, progress); !done) return std::unexpected{done.error()};
    if (auto done = write_bundle(home); !done) return std::unexpected{done.error()};
    if (auto done = make_first_cards(context, state, progress); !done)
        return std::unexpected{done.error()};

    progress.show(context.word("cli.sandbox.step.phone"));
    if (state.phones.empty()) {
        if (auto made = make_phone(context, "phone"); !made) return std::unexpected{made.error()};
        state.phones.emplace_back("phone");
        if (auto saved = state.save(home); !saved) return std::unexpected{saved.error()};
    }
    progress.show(context.word("cli.sandbox.step.reader"));
    auto room = start_reader_room(context);
    if (!room) return std::unexpected{room.error()};
    if (!*room) context.tell(Code::pcsc_unavailable);
    if (state.card_in_reader)
        if (auto done = start_card_element(context, *state.card_in_reader); !done)
            return std::unexpected{done.error()};
    for (const auto& phone : state.phones)
        if (auto done = start_phone_element(context, state, phone); !done)
            return std::unexpected{done.error()};
    progress.show(context.word("cli.sandbox.step.check"));
    if (state.card_in_reader)
        if (auto seen = wait_for_reader(context, card_reader_name, Plugged::in); !seen)
            return std::unexpected{seen.error()};
    if (auto seen = wait_for_reader(context, phone_reader_name, Plugged::in); !seen)
        return std::unexpected{seen.error()};

    std::string words{context.word("cli.sandbox.up")};
    words += "\n";
    if (state.card_in_reader)
        words += context.sentence("cli.sandbox.up.card",
                                  {{"n", std::to_string(*state.card_in_reader)}}) +
                 "\n";
    words += std::string{context.word("cli.sandbox.up.env")} + "\n";
    words += std::string{context.word("cli.note.practice")} + "\n";
    return Answer{processes_json(home, state), words};
}

Outcome sandbox_down(const Context& context) {
    const auto& home = context.home;
    auto loaded = SandboxState::load(home);
    if (!loaded) return std::unexpected{loaded.error()};
    const boost::json::object nothing{{"processes", boost::json::array{}}};
    if (!*loaded) return Answer{nothing, std::string{context.word("cli.sandbox.idle")} + "\n"};
    auto turn = Turn::take(home);
    if (!turn) return std::unexpected{turn.error()};
    Progress progress{context};
    // Tokens first, services last, the ones that others lean on at the very end.
    auto names = all_processes(**loaded);
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator{home.run() / "pids", error})
        if (std::ranges::find(names, entry.path().filename().string()) == names.end())
            names.push_back(entry.path().filename().string());
    for (const auto& name : names | std::views::reverse) {
        progress.show(context.sentence("cli.sandbox.step.stop", {{"process", name}}));
        end_process(record_of(home, name), 10s);
    }
    std::filesystem::remove(home.pcsc_socket(), error);
    std::filesystem::remove(home.run() / "pcscd.pid", error);
    return Answer{nothing, std::string{context.word("cli.sandbox.down")} + "\n"};
}

Outcome sandbox_status(const Context& context) {
    auto loaded = SandboxState::load(context.home);
    if (!loaded) return std::unexpected{loaded.error()};
    if (!*loaded)
        return Answer{boost::json::object{{"processes", boost::json::array{}}},
                      std::string{context.word("cli.sandbox.idle")} + "\n"};
    const auto& state = *loaded;
    std::string words;
    for (const auto& name : all_processes(*state)) {
        const auto pid = alive(record_of(context.home, name));
        words += fmt::format("{:<14} {:>8}  {}\n", name, pid ? std::to_string(*pid) : "-",
                             context.word(pid ? catalogue::Word{"cli.process.running"}
                                              : catalogue::Word{"cli.process.stopped"}));
    }
    return Answer{processes_json(context.home, *state), words};
}

Outcome sandbox_env(const Context& context, TestKeys keys) {
    const auto& home = context.home;
    auto state = require_sandbox(home);
    if (!state) return std::unexpected{state.error()};
    for (const std::string name : services)
        if (!alive(record_of(home, name))) return stop(Code::sandbox_down);
    const auto ca = [&](std::string_view name) {
        return (home.ca_folder() / (std::string{name} + ".pem")).string();
    };
    std::vector<std::pair<std::string, std::string>> rows{
        {"MITOME_HOME", home.path().string()},
        {"MITOME_CA_BUNDLE", (home.path() / "bundle" / "cas.pem").string()},
        {"MITOME_CA_CARD_SIGN", ca("card-sign")},
        {"MITOME_CA_CARD_AUTH", ca("card-auth")},
        {"MITOME_CA_PHONE_SIGN", ca("phone-sign")},
        {"MITOME_CA_PHONE_AUTH", ca("phone-auth")},
        {"MITOME_TLS_CA", (home.tls() / "ca.pem").string()},
        {"MITOME_CMP_URL", state->cmp_url() + "phone"},
        {"MITOME_CMP_FILE_URL", state->cmp_url() + "file"},
        {"MITOME_OCSP_URL", state->public_url() + "/ocsp"},
        {"MITOME_CRL_URL", state->public_url() + "/crl"},
    };
    if (alive(record_of(home, "readers"))) {
        rows.emplace_back("MITOME_CARD_READER", card_reader_name);
        rows.emplace_back("MITOME_PHONE_READER", phone_reader_name);
        rows.emplace_back("PCSCLITE_CSOCK_NAME", home.pcsc_socket().string());
    }
    if (keys == TestKeys::shown) {
        auto test_keys = administration_keys(context, *state);
        if (!test_keys) return std::unexpected{test_keys.error()};
        rows.insert(rows.end(), test_keys->begin(), test_keys->end());
    }
    std::string words;
    boost::json::object json;
    for (const auto& [name, value] : rows) {
        std::string quoted;
        for (const char c : value) quoted += c == '\'' ? std::string{"'\\''"} : std::string{c};
        words += name + "='" + quoted + "'\n";
        json[name] = value;
    }
    return Answer{std::move(json), words};
}

}  // namespace mitome::cli
