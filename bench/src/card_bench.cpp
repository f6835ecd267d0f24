// SPDX-License-Identifier: Apache-2.0

// How many commands and octets a My Number card sees for one signature: from us, and from OpenSC.
// The card counts; it lives in this process, in a virtual reader (vpcd) of a pcscd that runs.
// Usage: card_bench FOLDER
#include "card_world.hpp"

#include <mitome/base/file.hpp>
#include <mitome/card/token_signer.hpp>
#include <mitome/reader/pcsc.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <thread>

namespace mitome::bench {
namespace {

constexpr std::uint16_t vpcd_port = 0x8C7B;

struct Counts {
    std::atomic<unsigned> commands = 0;
    std::atomic<std::size_t> out = 0, in = 0;
};

/// A card in the first slot of vpcd, which counts what it is asked.
class CountingCard {
public:
    CountingCard(element::Element& element, Counts& counts) : element_(element), counts_(counts) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(vpcd_port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        for (int tries = 0; tries < 50; ++tries) {
            socket_ = Descriptor{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
            if (::connect(socket_.number(), reinterpret_cast<const sockaddr*>(&address),
                          sizeof address) == 0) {
                const int on = 1;
                ::setsockopt(socket_.number(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
                thread_ = std::jthread{[this] { serve(); }};
                return;
            }
            ::usleep(100'000);
        }
        must_hold(false, "a virtual reader listens");
    }
    CountingCard(const CountingCard&) = delete;
    CountingCard& operator=(const CountingCard&) = delete;
    ~CountingCard() { ::shutdown(socket_.number(), SHUT_RDWR); }

private:
    bool receive(std::span<std::uint8_t> to) const {
        while (!to.empty()) {
            const int on = 1;  // vpcd sends in two writes
            ::setsockopt(socket_.number(), IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
            const ssize_t size = ::recv(socket_.number(), to.data(), to.size(), 0);
            if (size <= 0) return false;
            to = to.subspan(static_cast<std::size_t>(size));
        }
        return true;
    }
    void send(BytesView content) const {
        Bytes message{static_cast<std::uint8_t>(content.size() >> 8),
                      static_cast<std::uint8_t>(content.size() & 0xFF)};
        append(message, content);
        static_cast<void>(::send(socket_.number(), message.data(), message.size(), MSG_NOSIGNAL));
    }
    void serve() {
        element::Connection connection;
        std::array<std::uint8_t, 2> length{};
        while (receive(length)) {
            Bytes message(static_cast<std::size_t>(length[0] << 8 | length[1]));
            if (!receive(message)) return;
            if (message.size() == 1) {  // power off, power on, reset, ATR
                if (message[0] == 4) send(element_.atr());
                if (message[0] < 2) connection.power_on();
                if (message[0] == 2) element_.reset(connection);
                continue;
            }
            const Bytes answer = element_.answer(connection, message);
            ++counts_.commands;
            counts_.out += message.size();
            counts_.in += answer.size();
            send(answer);
        }
    }

    element::Element& element_;
    Counts& counts_;
    Descriptor socket_;
    std::jthread thread_;
};

void count(const std::string& name, Counts& counts, const std::function<void()>& act) {
    counts.commands = 0;
    counts.out = counts.in = 0;
    act();
    figure(name + ".commands", counts.commands, "commands");
    figure(name + ".octets", static_cast<double>(counts.out + counts.in), "octets");
}

/// As `mitome card sign` and `mitome card auth` do it.
void our_signature(pki::Kind key, std::string_view digits) {
    reader::Pcsc pcsc;
    const auto where = must(pcsc.wait_for_card({}, std::chrono::seconds{5}));
    auto session = must(card::Session::open(must(pcsc.connect(where.name))));
    static_cast<void>(must(card::read_held(*session)));
    Pin pin;
    set(pin, digits);
    must_hold(std::holds_alternative<card::Accepted>(
                  must(card::verify_pin(*session, card::pin_of(key), std::move(pin)))),
              "our PIN");
    const auto certificate = must(card::read_certificate(*session, card::certificate_of(key)));
    auto signer = must(card::TokenSigner::create(*session, key, certificate));
    static_cast<void>(must(signer->sign(crypto::Hash::sha256, view("bench"))));
}

void shell(const std::string& line) { must_hold(std::system(line.c_str()) == 0, line.c_str()); }

std::string opensc_signature(const std::filesystem::path& folder, const char* token_and_pin) {
    return "pkcs11-tool --module opensc-pkcs11.so --login --sign -m SHA256-RSA-PKCS " +
           std::string{token_and_pin} + " --input-file " + (folder / "text").string() +
           " --output-file " + (folder / "signature").string() + " >" +
           (folder / "opensc.log").string() + " 2>&1";
}

int run(const std::filesystem::path& folder) {
    crypto::AesKey device_key;
    must_hold(device_key.assign(Bytes(32, 0x44)), "a key");
    const auto element = new_card(std::make_unique<MemoryMedium>(), device_key, KeyKind::rsa_2048);
    Counts counts;
    const CountingCard card{*element, counts};
    must(write_file(folder / "text", view("bench")));
    ::sleep(2);  // pcscd sees the card

    count("card.sign.ours", counts, [] { our_signature(pki::Kind::sign, "ABC123"); });
    count("card.auth.ours", counts, [] { our_signature(pki::Kind::auth, "1234"); });
    count("card.auth.opensc", counts,
          [&] { shell(opensc_signature(folder, "--slot-index 0 --id 1 --pin 1234")); });
    count("card.sign.opensc", counts,
          [&] { shell(opensc_signature(folder, "--slot-index 1 --id 2 --pin ABC123")); });
    return 0;
}

}  // namespace
}  // namespace mitome::bench

int main(int count, char** words) {
    if (count != 2) return 64;
    return mitome::bench::run(words[1]);
}
