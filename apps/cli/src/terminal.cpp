// SPDX-License-Identifier: Apache-2.0
#include "terminal.hpp"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace mitome::cli {
namespace {

/// Echo off while it lives; signals are held back meanwhile, so that Ctrl-C cannot leave the
/// terminal mute.
class Mute {
public:
    explicit Mute(int device) : device_(device) {
        sigset_t held;
        sigemptyset(&held);
        for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP})
            sigaddset(&held, signal);
        ::sigprocmask(SIG_BLOCK, &held, &signals_);
        if (::tcgetattr(device_, &before_) != 0) return;
        termios silent = before_;
        silent.c_lflag &= static_cast<tcflag_t>(~(ECHO | ICANON | ISIG));
        silent.c_cc[VMIN] = 1;
        silent.c_cc[VTIME] = 0;
        muted_ = ::tcsetattr(device_, TCSAFLUSH, &silent) == 0;
    }
    Mute(const Mute&) = delete;
    Mute& operator=(const Mute&) = delete;
    ~Mute() {
        if (muted_) ::tcsetattr(device_, TCSAFLUSH, &before_);
        ::sigprocmask(SIG_SETMASK, &signals_, nullptr);
    }

private:
    int device_;
    termios before_{};
    sigset_t signals_{};
    bool muted_ = false;
};

constexpr std::uint8_t interrupt = 3;    // Ctrl-C, as a character while ISIG is off
constexpr std::uint8_t end_of_input = 4;
constexpr std::uint8_t backspace = 8;
constexpr std::uint8_t erase = 127;

}  // namespace

std::optional<Terminal> Terminal::open() {
    if (::isatty(STDIN_FILENO) == 0 && ::isatty(STDERR_FILENO) == 0) return std::nullopt;
    Descriptor device{::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)};
    if (!device) return std::nullopt;
    return Terminal{std::move(device)};
}

void Terminal::write(std::string_view text) {
    while (!text.empty()) {
        const auto wrote = ::write(device_.number(), text.data(), text.size());
        if (wrote <= 0) return;
        text.remove_prefix(static_cast<std::size_t>(wrote));
    }
}

Result<Entry> Terminal::ask(std::string_view prompt) {
    const Mute mute{device_.number()};
    write(prompt);
    Entry entry;
    for (;;) {
        std::uint8_t octet = 0;
        const auto got = ::read(device_.number(), &octet, 1);
        if (got < 0 && errno == EINTR) continue;
        const bool ended = got > 0 && (octet == '\n' || octet == '\r');
        const bool given_up = got <= 0 || octet == interrupt || octet == end_of_input;
        if (ended || given_up) write("\n");
        if (given_up) return fail(Fault::absent, "terminal: no line");
        if (ended) return entry;
        if (octet == backspace || octet == erase) {
            entry.remove_last();
            continue;
        }
        if (!entry.append(octet)) return fail(Fault::malformed, "terminal: line too long");
    }
}

Result<Entry> read_entry(int descriptor) {
    Entry entry;
    bool newline_held = false;
    for (;;) {
        std::uint8_t octet = 0;
        const auto got = ::read(descriptor, &octet, 1);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0)
            return fail(Fault::absent, "secret: descriptor not readable",
                        static_cast<std::uint32_t>(errno));
        if (got == 0) return entry;
        if (newline_held && !entry.append('\n')) return fail(Fault::malformed, "secret: too long");
        newline_held = octet == '\n';
        if (!newline_held && !entry.append(octet))
            return fail(Fault::malformed, "secret: too long");
    }
}

bool draws_progress() { return ::isatty(STDERR_FILENO) != 0; }

}  // namespace mitome::cli
