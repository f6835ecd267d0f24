// SPDX-License-Identifier: Apache-2.0

// Round trip of one command (READ BINARY, 5 octets out, 258 back) to an element process, beside
// the same octets between two processes that do nothing with them.
// Usage: apdu_bench make FOLDER      makes the element that `mitome-element serve` then offers
//        apdu_bench ask SOCKET COUNT
#include "card_world.hpp"

#include <mitome/crypto/device_key.hpp>
#include <mitome/reader/channel.hpp>

#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace mitome::bench {
namespace {

constexpr unsigned turn = 1000;
constexpr auto read_front = "00B0010000"_hex;  // of the file that is selected
constexpr auto select_certificate = "00A4020C02000A"_hex;
constexpr auto select_jpki = "00A4040C0AD392F000260100000001"_hex;

int make(const std::filesystem::path& folder) {
    must(make_private_folder(folder));
    auto medium = must(element::FileMedium::create(folder / "element.store"));
    const auto device_key = must(crypto::open_device_key(folder, std::nullopt));
    new_card(std::move(medium), device_key.key, KeyKind::ec_p256);
    return 0;
}

/// A process that answers each packet with 258 octets.
Descriptor bare_process(pid_t& process) {
    int ends[2];
    must_hold(::socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) == 0, "a pair of sockets");
    process = ::fork();
    if (process == 0) {
        ::close(ends[0]);
        std::array<std::uint8_t, 300> octets{};
        while (::recv(ends[1], octets.data(), octets.size(), 0) > 0) {
            if (::send(ends[1], octets.data(), 258, MSG_NOSIGNAL) != 258) break;
        }
        ::_exit(0);
    }
    ::close(ends[1]);
    return Descriptor{ends[0]};
}

double median(std::vector<double>& of) {
    std::ranges::nth_element(of, of.begin() + static_cast<std::ptrdiff_t>(of.size() / 2));
    return of[of.size() / 2];
}

int ask(const std::string& socket, unsigned count) {
    pid_t process = 0;
    Descriptor bare = bare_process(process);
    auto channel = must(reader::connect_element(socket));
    const auto command = [](BytesView octets) { return must(apdu::Command::decode(octets)); };
    for (const auto& select : {copy(select_jpki), copy(select_certificate)}) {
        must_hold(must(channel->transmit(command(select))).ok(), "a file");
    }
    const apdu::Command read = command(read_front);

    std::vector<double> ours, floor;
    std::array<std::uint8_t, 300> octets{};
    for (unsigned n = 0; n < count; n += turn) {
        for (unsigned i = 0; i < turn; ++i) {
            const double start = seconds();
            const auto answer = must(channel->transmit(read));
            ours.push_back((seconds() - start) * 1e6);
            must_hold(answer.data.size() == 256, "256 octets");
        }
        for (unsigned i = 0; i < turn; ++i) {
            const double start = seconds();
            ::send(bare.number(), read_front.data(), read_front.size(), MSG_NOSIGNAL);
            must_hold(::recv(bare.number(), octets.data(), octets.size(), 0) == 258, "an answer");
            floor.push_back((seconds() - start) * 1e6);
        }
    }
    figure("apdu.trip.ours", median(ours), "microseconds");
    figure("apdu.trip.floor", median(floor), "microseconds");
    bare = Descriptor{};
    ::waitpid(process, nullptr, 0);
    return 0;
}

}  // namespace
}  // namespace mitome::bench

int main(int count, char** words) {
    using namespace mitome::bench;
    const std::string_view verb = count > 1 ? words[1] : "";
    if (verb == "make" && count == 3) return make(words[2]);
    if (verb == "ask" && count == 4) return ask(words[2], static_cast<unsigned>(atoi(words[3])));
    return 64;
}
