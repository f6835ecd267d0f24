// SPDX-License-Identifier: Apache-2.0
#include "sandbox_state.hpp"

#include "process.hpp"

#include <mitome/base/file.hpp>
#include <mitome/base/loopback.hpp>
#include <mitome/reader/channel.hpp>
#include <mitome/reader/pcsc.hpp>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <chrono>
#include <cstdlib>
#include <thread>

namespace mitome::cli {
namespace {

using catalogue::Code;
using namespace std::chrono_literals;

constexpr std::uint16_t vpcd_port = 0x8C7B;  // vpcd's own; it is alone in its network namespace

struct PortName {
    std::string_view name;
    std::string_view process;
    std::uint16_t SandboxState::Ports::* port;
};
constexpr std::array port_names{
    PortName{"authority", "authority", &SandboxState::Ports::authority},
    PortName{"status", "status", &SandboxState::Ports::status},
    PortName{"status_public", "status", &SandboxState::Ports::status_public},
    PortName{"maker", "maker", &SandboxState::Ports::maker},
    PortName{"registration", "registration", &SandboxState::Ports::registration},
    PortName{"registration_public", "registration", &SandboxState::Ports::registration_public},
};

std::filesystem::path file_of(const Home& home) { return home.path() / "sandbox.json"; }

/// A reader room's socket: `HOME/run/pcscd.comm` of some home.
bool is_of_a_home(const std::filesystem::path& socket) {
    const auto run = socket.parent_path();
    std::error_code error;
    return socket.filename() == "pcscd.comm" && run.filename() == "run" &&
           std::filesystem::exists(run.parent_path() / "sandbox.json", error);
}

/// Waits until something answers on the element's socket.
bool answers(const std::filesystem::path& socket, const std::filesystem::path& record) {
    const auto until = std::chrono::steady_clock::now() + 10s;
    while (std::chrono::steady_clock::now() < until) {
        if (reader::connect_element(socket.string())) return true;
        if (!alive(record)) return false;
        std::this_thread::sleep_for(10ms);
    }
    return false;
}

Attempt<void> start_element(const Context& context, const std::string& process,
                            const std::filesystem::path& folder,
                            const std::filesystem::path& socket, std::optional<unsigned> slot) {
    const auto& home = context.home;
    const auto record = record_of(home, process);
    if (alive(record)) return {};
    if (socket.string().size() > longest_socket_path) return stop(Code::socket_path_too_long);
    Launch launch{program_folder() / "mitome-element",
                  {"serve", "--folder", folder.string(), "--socket", socket.string()},
                  {},
                  {}};
    if (slot) {
        launch.join_network_of = alive(record_of(home, "readers"));
        if (launch.join_network_of) {
            launch.arguments.emplace_back("--vpcd");
            launch.arguments.emplace_back("127.0.0.1:" + std::to_string(vpcd_port + *slot));
        }
    }
    const auto log = home.log(process);
    if (!start_daemon(launch, log, record) || !answers(socket, record))
        return stop(Code::process_failed, {{"process", process}, {"log", log.string()}});
    return {};
}

}  // namespace

std::filesystem::path record_of(const Home& home, const std::string& process) {
    return home.run() / "pids" / process;
}

Attempt<std::optional<SandboxState>> SandboxState::load(const Home& home) {
    const auto content = read_file(file_of(home));
    if (!content && content.error().fault == Fault::absent) return std::nullopt;
    if (!content) return stop(Code::home_unusable, {{"home", home.path().string()}});
    boost::system::error_code error;
    const auto document = boost::json::parse(text(*content), error);
    const auto* object = error ? nullptr : document.if_object();
    const auto* ports = object == nullptr ? nullptr : object->if_contains("ports");
    if (ports == nullptr || !ports->is_object()) return stop(Code::store_damaged);
    SandboxState state;
    for (const auto& [name, process, port] : port_names) {
        const auto* value = ports->get_object().if_contains(name);
        if (value == nullptr || !value->is_int64()) return stop(Code::store_damaged);
        state.ports.*port = static_cast<std::uint16_t>(value->get_int64());
    }
    if (const auto* card = object->if_contains("card"); card != nullptr && card->is_int64())
        state.card_in_reader = static_cast<std::uint64_t>(card->get_int64());
    if (const auto* phones = object->if_contains("phones"); phones != nullptr && phones->is_array())
        for (const auto& phone : phones->get_array())
            if (phone.is_string()) state.phones.emplace_back(phone.get_string());
    if (const auto* made = object->if_contains("cards_made"); made != nullptr && made->is_bool())
        state.cards_made = made->get_bool();
    return state;
}

Attempt<void> SandboxState::save(const Home& home) const {
    boost::json::object numbers;
    for (const auto& [name, process, port] : port_names) numbers[name] = ports.*port;
    boost::json::array names;
    for (const auto& phone : phones) names.emplace_back(phone);
    boost::json::object document{{"ports", numbers}, {"phones", names}, {"cards_made", cards_made}};
    document["card"] = nullptr;
    if (card_in_reader) document["card"] = *card_in_reader;
    const auto content = boost::json::serialize(document) + "\n";
    if (const auto written = write_file(file_of(home), view(content), Access::owner); !written)
        return std::unexpected{output_failure(written.error(), file_of(home).string())};
    return {};
}

Attempt<SandboxState::Ports> draw_home_ports() {
    const auto drawn = draw_ports(port_names.size());
    if (!drawn) return stop(Code::port_in_use);
    SandboxState::Ports ports;
    for (std::size_t i = 0; i < port_names.size(); ++i) ports.*port_names[i].port = (*drawn)[i];
    return ports;
}

namespace {

/// The kernel closes the sockets of a killed process a moment after its end is to be seen.
bool becomes_free(std::uint16_t port) {
    constexpr auto patience = 3s;
    const auto until = std::chrono::steady_clock::now() + patience;
    while (!is_free(port)) {
        if (std::chrono::steady_clock::now() > until) return false;
        std::this_thread::sleep_for(20ms);
    }
    return true;
}

}  // namespace

Attempt<void> require_free_ports(const Home& home, const SandboxState::Ports& ports) {
    for (const auto& [name, process, port] : port_names)
        if (!alive(record_of(home, std::string{process})) && !becomes_free(ports.*port))
            return stop(Code::port_in_use,
                        {{"port", std::to_string(ports.*port)}, {"process", std::string{process}}});
    return {};
}

Attempt<SandboxState> require_sandbox(const Home& home) {
    auto state = SandboxState::load(home);
    if (!state) return std::unexpected{state.error()};
    if (!*state) return stop(Code::sandbox_down);
    return **state;
}

void choose_readers(const Home& home) {
    constexpr auto variable = "PCSCLITE_CSOCK_NAME";
    std::error_code error;
    if (std::filesystem::exists(file_of(home), error)) {
        ::setenv(variable, home.pcsc_socket().c_str(), 1);
        return;
    }
    const char* given = std::getenv(variable);
    if (given != nullptr && is_of_a_home(given)) ::unsetenv(variable);
}

Attempt<void> start_card_element(const Context& context, std::uint64_t number) {
    return start_element(context, "card", context.home.card(number), context.home.card_socket(), 0);
}

Attempt<void> start_phone_element(const Context& context, const SandboxState& state,
                                  const std::string& phone) {
    const bool first = !state.phones.empty() && state.phones.front() == phone;
    return start_element(context, "phone-" + phone, context.home.phone(phone),
                         context.home.phone_socket(phone),
                         first ? std::optional{1U} : std::nullopt);
}

void stop_element(const Home& home, const std::string& process) {
    end_process(record_of(home, process), 5s);
}

namespace {

/// pcscd looks at its readers now and then: for a moment it still shows the card of an element
/// that was killed. One that another program talks with is there.
bool answers(reader::Pcsc& pcsc, const std::string& name) {
    constexpr std::uint8_t get_challenge = 0x84;
    reader::PcscOptions options;
    options.limits = {.connect = 500ms, .command = 1s};
    const auto channel = pcsc.connect(name, options);
    if (!channel) return channel.error().code == reader::code::in_use;
    const apdu::Command command{.cla = 0x00,
                                .ins = get_challenge,
                                .p1 = 0,
                                .p2 = 0,
                                .data = {},
                                .expected = 8,
                                .extended = false};
    const auto answer = (*channel)->transmit(command);
    return answer || answer.error().code == reader::code::in_use;
}

}  // namespace

Attempt<void> wait_for_reader(const Context& context, std::string_view name, Plugged plugged) {
    const auto& home = context.home;
    if (!alive(record_of(home, "readers"))) return {};
    choose_readers(home);
    reader::Pcsc pcsc;
    const auto until = std::chrono::steady_clock::now() + 30s;
    std::vector<reader::ReaderState> known;
    while (std::chrono::steady_clock::now() < until) {
        auto readers = pcsc.wait_for_change(known, known.empty() ? 0s : 1s);
        if (!readers) {
            std::this_thread::sleep_for(20ms);
            continue;
        }
        known = std::move(*readers);
        for (const auto& state : known) {
            if (state.name != name) continue;
            const bool empty = state.presence == reader::Presence::empty;
            const bool present = state.presence == reader::Presence::present;
            if (plugged == Plugged::out && empty) return {};
            if (plugged == Plugged::in && present && answers(pcsc, state.name)) return {};
        }
    }
    return stop(Code::process_failed,
                {{"process", "readers"}, {"log", home.log("readers").string()}});
}

}  // namespace mitome::cli
