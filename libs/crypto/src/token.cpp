// SPDX-License-Identifier: Apache-2.0
#include <mitome/base/file.hpp>
#include <mitome/crypto/random.hpp>
#include <mitome/crypto/token.hpp>

#include <fcntl.h>
#include <sys/file.h>

#include <chrono>
#include <thread>
#include <utility>

namespace mitome::crypto {
namespace {

using TokenPin = Secret<64>;
using namespace std::chrono_literals;

constexpr std::size_t pin_octets = 16;  // written as twice as many digits

Result<TokenPin> read_pin(const std::filesystem::path& file) {
    MITOME_TRY(content, read_secret_file(file));
    TokenPin pin;
    const bool fits = content.reveal([&](BytesView octets) {
        while (!octets.empty() && octets.back() == '\n') octets = octets.first(octets.size() - 1);
        return pin.assign(octets);
    });
    if (!fits) return fail(Fault::malformed, "hsm: PIN of the token too long");
    return pin;
}

Result<TokenPin> read_or_draw_pin(const std::filesystem::path& file) {
    auto pin = read_pin(file);
    if (pin || pin.error().fault != Fault::absent) return pin;
    std::string digits = to_hex(SystemRandom{}.octets(pin_octets));
    const Done written = write_file(file, view(digits), Access::owner);
    wipe({reinterpret_cast<std::uint8_t*>(digits.data()), digits.size()});
    MITOME_CHECK(written);
    return read_pin(file);
}

Result<std::vector<std::shared_ptr<Hsm>>> open_once(std::initializer_list<Token> tokens) {
    std::vector<std::shared_ptr<Hsm>> opened;
    for (const Token& token : tokens) {
        MITOME_TRY(pin, read_pin(token.pin_file));
        MITOME_TRY(hsm, Hsm::open(token.module, token.label, pin));
        opened.push_back(std::move(hsm));
    }
    return opened;
}

constexpr auto longest_turn = 10s;  // then we go without: somebody stands still

/// Held while the module is loaded and logged in to.
class Turn {
public:
    explicit Turn(const Token& token)
        : file_(::open((token.pin_file.parent_path() / "tokens.lock").c_str(),
                       O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
        // Where the folder may not be written to there is nobody to make tokens either.
        const auto until = std::chrono::steady_clock::now() + longest_turn;
        while (file_ && ::flock(file_.number(), LOCK_EX | LOCK_NB) != 0 &&
               std::chrono::steady_clock::now() < until)
            std::this_thread::sleep_for(5ms);
    }

private:
    Descriptor file_;
};

}  // namespace

Token token_of(Settings& settings, std::string_view table) {
    const std::string prefix = std::string{table} + ".";
    return {.module = settings.path(prefix + "module"),
            .label = settings.text(prefix + "token"),
            .pin_file = settings.path(prefix + "pin_file")};
}

Result<std::vector<std::shared_ptr<Hsm>>> open_tokens(std::initializer_list<Token> tokens) {
    if (tokens.size() == 0) return std::vector<std::shared_ptr<Hsm>>{};
    const Turn turn{*tokens.begin()};
    return open_once(tokens);
}

Result<std::shared_ptr<Hsm>> open_token(const Token& token) {
    MITOME_TRY(opened, open_tokens({token}));
    return std::move(opened.front());
}

Done make_token(const Token& token) {
    MITOME_TRY(pin, read_or_draw_pin(token.pin_file));
    const Turn turn{token};
    const auto opened = open_once({token});
    if (opened) return {};
    if (opened.error().fault != Fault::absent) return std::unexpected{opened.error()};
    std::filesystem::path officer_file = token.pin_file;
    officer_file.replace_extension("so-pin");
    MITOME_TRY(officer, read_or_draw_pin(officer_file));
    return Hsm::create_token(token.module, token.label, officer, pin);
}

}  // namespace mitome::crypto
