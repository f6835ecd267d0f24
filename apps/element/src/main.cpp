// SPDX-License-Identifier: Apache-2.0
#include "personalisation.hpp"
#include "socket_server.hpp"
#include "virtual_card.hpp"

#include <mitome/base/log.hpp>
#include <mitome/base/secret.hpp>
#include <mitome/crypto/device_key.hpp>
#include <mitome/element/element.hpp>

#include <CLI/CLI.hpp>
#include <pthread.h>
#include <unistd.h>

#include <charconv>
#include <csignal>
#include <iostream>
#include <thread>

namespace mitome::element_process {
namespace {

namespace fs = std::filesystem;

constexpr const char* store_name = "element.store";
constexpr std::size_t thread_stack = 512 * 1024;  // locked memory is scarce
constexpr std::size_t longest_personalisation = 1 << 20;

constexpr int exit_usage = 64;

int exit_code(Fault fault) {
    switch (fault) {
        case Fault::malformed: return exit_usage;
        case Fault::unverified: return 1;
        case Fault::absent: return 4;
        case Fault::conflict: return 5;
        case Fault::denied: return 6;
        case Fault::unavailable: return 7;
        case Fault::broken: return 70;
    }
    return 70;
}

struct Options {
    fs::path folder;
    std::optional<std::string> tcti;
    // new
    std::string persona = "card";
    std::string key = "rsa2048";
    std::string id;
    fs::path export_keys;
    // serve
    fs::path socket;
    std::string vpcd;
    std::uint16_t slot = 0;
    std::int64_t clock_ahead = 0;  // seconds
};

Result<crypto::AesKey> device_key(const Options& options) {
    MITOME_TRY(opened, crypto::open_device_key(options.folder, options.tcti));
    if (opened.home == crypto::DeviceKeyHome::file)
        std::cerr << "mitome-element: warning: the device key is a file; whoever copies the "
                     "folder has the keys\n";
    return std::move(opened.key);
}

Result<std::unique_ptr<element::Element>> open_element(const Options& options) {
    MITOME_TRY(medium, element::FileMedium::open(options.folder / store_name));
    MITOME_TRY(key, device_key(options));
    const std::chrono::seconds ahead{options.clock_ahead};
    return element::Element::open(std::move(medium), key, &std::chrono::steady_clock::now,
                                  [ahead] { return element::host_time() + ahead; });
}

Done write_private_key(const element::Element& made, element::Kind kind, const fs::path& path) {
    MITOME_TRY(der, made.key_before_sealing(kind));
    return der.reveal([&](BytesView octets) -> Done {
        std::string pem = to_pem("PRIVATE KEY", octets);
        auto done = write_file(path, view(pem), Access::owner);
        wipe({reinterpret_cast<std::uint8_t*>(pem.data()), pem.size()});
        return done;
    });
}

/// What the maker needs of an element, as one line of JSON.
void show(const element::Element& shown) {
    const auto member = [](const char* name, const Bytes& spki) {
        return spki.empty() ? std::string{}
                            : std::string{", \""} + name + "\": \"" + to_base64(spki) + "\"";
    };
    std::cout << "{\"id\": \"" + to_hex(shown.id()) + "\"" +
                     member("sign_spki", shown.spki(element::Kind::sign)) +
                     member("auth_spki", shown.spki(element::Kind::auth)) +
                     member("text_spki", shown.text_spki()) +
                     member("attestation_spki", shown.attestation_spki()) + "}\n"
              << std::flush;
}

Done show_existing(const Options& options) {
    MITOME_TRY(opened, open_element(options));
    if (opened->terminated()) return fail(Fault::conflict, "show: the element is terminated");
    show(*opened);
    return {};
}

Done make_new(const Options& options) {
    element::Birth birth;
    const auto persona = element::persona_of(options.persona);
    if (!persona) return fail(Fault::malformed, "new: persona is card or phone");
    birth.persona = *persona;
    if (options.key == "rsa2048")
        birth.key = crypto::KeyKind::rsa_2048;
    else if (options.key == "p256")
        birth.key = crypto::KeyKind::ec_p256;
    else
        return fail(Fault::malformed, "new: key is rsa2048 or p256");
    if (!options.id.empty()) {
        MITOME_TRY(octets, from_hex(options.id));
        element::Id id{};
        if (octets.size() != id.size()) return fail(Fault::malformed, "new: id is ten octets");
        std::copy(octets.begin(), octets.end(), id.begin());
        birth.id = id;
    }
    if (!options.export_keys.empty() && birth.persona != element::PersonaName::card)
        return fail(Fault::denied, "new: a phone's keys never leave it");

    MITOME_CHECK(make_private_folder(options.folder));
    const fs::path store = options.folder / store_name;
    std::error_code ignored;
    if (fs::exists(store, ignored))
        return fail(Fault::conflict, "new: there is an element already");
    // Made beside its place, so that a kill in between leaves no half element.
    const fs::path beside = options.folder / "element.store.new";
    fs::remove(beside, ignored);
    MITOME_TRY(medium, element::FileMedium::create(beside));
    MITOME_TRY(key, device_key(options));
    MITOME_TRY(made, element::Element::create(std::move(medium), key, birth));
    MITOME_CHECK(element::FileMedium::put_in_place(beside, store));
    if (!options.export_keys.empty()) {
        MITOME_CHECK(make_private_folder(options.export_keys));
        MITOME_CHECK(
            write_private_key(*made, element::Kind::sign, options.export_keys / "sign.key"));
        MITOME_CHECK(
            write_private_key(*made, element::Kind::auth, options.export_keys / "auth.key"));
    }
    show(*made);
    return {};
}

Result<SecretBytes> read_standard_input() {
    Bytes content;
    content.reserve(longest_personalisation);  // grown, it would leave copies behind
    std::uint8_t piece[4096];
    while (true) {
        const ssize_t got = ::read(STDIN_FILENO, piece, sizeof piece);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail(Fault::unavailable, "personalise: cannot read the input");
        if (got == 0) break;
        append(content, BytesView{piece, static_cast<std::size_t>(got)});
        if (content.size() > longest_personalisation)
            return fail(Fault::malformed, "personalise: the input is too long");
    }
    wipe(piece);
    return SecretBytes{std::move(content)};
}

Done personalise(const Options& options) {
    MITOME_TRY(opened, open_element(options));
    MITOME_TRY(input, read_standard_input());
    MITOME_TRY(given, input.reveal([&](BytesView json) {
        return read_personalisation(json, opened->persona_name());
    }));
    return opened->personalise(std::move(given));
}

struct Place {
    std::string host;
    std::uint16_t port = 0;
};

Result<Place> place_of(const std::string& vpcd, std::uint16_t slot) {
    const auto colon = vpcd.rfind(':');
    unsigned port = 0;
    const char* end = vpcd.data() + vpcd.size();
    if (colon == std::string::npos ||
        std::from_chars(vpcd.data() + colon + 1, end, port).ptr != end || port == 0 ||
        port + slot > 65535)
        return fail(Fault::malformed, "serve: vpcd is HOST:PORT");
    return Place{vpcd.substr(0, colon), static_cast<std::uint16_t>(port + slot)};
}

Done serve(const Options& options) {
    if (options.socket.empty() && options.vpcd.empty())
        return fail(Fault::malformed, "serve: name a socket or a reader");
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // threads inherit it

    // With all future memory locked, every stack counts against the limit.
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, thread_stack);
    pthread_setattr_default_np(&attributes);
    pthread_attr_destroy(&attributes);

    MITOME_TRY(opened, open_element(options));
    if (opened->terminated()) log(Level::error, "element.terminated");
    MITOME_TRY(stop, Stop::create());
    std::unique_ptr<SocketServer> server;
    if (!options.socket.empty()) {
        MITOME_TRY(bound, SocketServer::create(*opened, options.socket, stop));
        server = std::move(bound);
    }
    std::unique_ptr<VirtualCard> card;
    if (!options.vpcd.empty()) {
        MITOME_TRY(place, place_of(options.vpcd, options.slot));
        card = std::make_unique<VirtualCard>(*opened, place.host, place.port, stop);
    }

    std::jthread serving;
    if (server) serving = std::jthread{[&] { server->run(); }};
    std::jthread in_reader;
    if (card) in_reader = std::jthread{[&] { card->run(); }};
    log(Level::info, "ready", {{"persona", element::name_of(opened->persona_name())}});

    int received = 0;
    sigwait(&signals, &received);
    log(Level::info, "stopping");
    stop.set();
    return {};
}

}  // namespace

int main_of(int argc, char** argv) {
    start_log("mitome-element", Level::info);
    if (auto guarded = guard_memory(); !guarded)
        log(Level::warning, "memory", {{"error", guarded.error()}});

    Options options;
    CLI::App app{"The software secure element of Mitome: a My Number card or a phone's"};
    app.require_subcommand(1);
    const auto common = [&options](CLI::App* verb) {
        verb->add_option("--folder", options.folder, "where the element lives")->required();
        verb->add_option("--tcti", options.tcti, "the TPM that seals the device key");
    };
    CLI::App* make = app.add_subcommand("new", "makes an element with its keys");
    common(make);
    make->add_option("--persona", options.persona, "card or phone")->required();
    make->add_option("--key", options.key, "rsa2048 or p256, of a card's pairs");
    make->add_option("--id", options.id, "ten octets in hexadecimal");
    make->add_option("--export-keys", options.export_keys,
                     "sandbox only: also writes sign.key and auth.key of a card there");
    CLI::App* fill = app.add_subcommand("personalise", "fills it from JSON on stdin and seals it");
    common(fill);
    CLI::App* tell = app.add_subcommand("show", "prints what `new` printed");
    common(tell);
    CLI::App* offer = app.add_subcommand("serve", "answers commands until SIGTERM");
    common(offer);
    offer->add_option("--socket", options.socket, "local socket to offer");
    offer->add_option("--vpcd", options.vpcd, "HOST:PORT of a virtual reader to be in");
    offer->add_option("--slot", options.slot, "slot of that reader, added to the port");
    offer->add_option("--clock-ahead", options.clock_ahead,
                      "sandbox only: seconds that the element's clock is ahead of the host's");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : exit_usage;
    }

    const Done done = make->parsed()   ? make_new(options)
                      : fill->parsed() ? personalise(options)
                      : tell->parsed() ? show_existing(options)
                                       : serve(options);
    if (done) return 0;
    std::cerr << "mitome-element: error: " << done.error().what.text << '\n';
    return exit_code(done.error().fault);
}

}  // namespace mitome::element_process

int main(int argc, char** argv) {
    try {
        return mitome::element_process::main_of(argc, argv);
    } catch (const std::exception&) {
        std::cerr << "mitome-element: error: out of resources\n";
        return 70;
    }
}
