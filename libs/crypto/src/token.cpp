// SPDX-License-Identifier: Apache-2.0
#include <mitome/base/file.hpp>
#include <mitome/crypto/random.hpp>
#include <mitome/crypto/token.hpp>

#include <utility>

namespace mitome::crypto {
namespace {

using TokenPin = Secret<64>;

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

}  // namespace

Token token_of(Settings& settings, std::string_view table) {
    const std::string prefix = std::string{table} + ".";
    return {.module = settings.path(prefix + "module"),
            .label = settings.text(prefix + "token"),
            .pin_file = settings.path(prefix + "pin_file")};
}

Result<std::shared_ptr<Hsm>> open_token(const Token& token) {
    MITOME_TRY(pin, read_pin(token.pin_file));
    return Hsm::open(token.module, token.label, pin);
}

Done make_token(const Token& token) {
    MITOME_TRY(pin, read_or_draw_pin(token.pin_file));
    const auto opened = Hsm::open(token.module, token.label, pin);
    if (opened) return {};
    if (opened.error().fault != Fault::absent) return std::unexpected{opened.error()};
    std::filesystem::path officer_file = token.pin_file;
    officer_file.replace_extension("so-pin");
    MITOME_TRY(officer, read_or_draw_pin(officer_file));
    return Hsm::create_token(token.module, token.label, officer, pin);
}

}  // namespace mitome::crypto
