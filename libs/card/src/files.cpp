// SPDX-License-Identifier: Apache-2.0
#include <mitome/card/session.hpp>

#include <string_view>

namespace mitome::card {
namespace {

// Elementary files of the JPKI application: identifiers 0001 to 001E, so that the low five bits
// are the short identifier.
constexpr std::uint8_t token_file = 0x06;
constexpr std::uint8_t held_file = 0x08;
constexpr std::uint16_t token_size = 160;
constexpr std::uint16_t held_size = 3;

[[nodiscard]] constexpr std::uint8_t file_of(CertificateRef ref) {
    switch (ref) {
        case CertificateRef::signature: return 0x01;
        case CertificateRef::signature_ca: return 0x02;
        case CertificateRef::authentication: return 0x0A;
        case CertificateRef::authentication_ca: return 0x0B;
    }
    return 0;
}

[[nodiscard]] TokenKind kind_of(std::string_view label) {
    if (label == "JPKIAPICCTOKEN2") {
        return TokenKind::card;
    }
    if (label == "JPKIAPGPSETOKEN") {
        return TokenKind::android;
    }
    if (label == "JPKIAPIOSTOKEN") {
        return TokenKind::iphone;
    }
    if (label == "JPKIAPICCTOKEN") {
        return TokenKind::resident_card;
    }
    return TokenKind::unknown;
}

/// A field of CK_TOKEN_INFO: padded with blanks, no NUL behind it. What is not printable ASCII
/// becomes a question mark, since it is shown to people.
[[nodiscard]] std::string field(BytesView file, std::size_t at, std::size_t size) {
    if (file.size() < at + size) {
        return {};
    }
    std::string words{text(file.subspan(at, size))};
    words.erase(words.find_last_not_of(std::string_view{" \0", 2}) + 1);
    for (char& character : words) {
        character = character >= ' ' && character <= '~' ? character : '?';
    }
    return words;
}

}  // namespace

Result<Token> read_token(Session& session) {
    MITOME_TRY(file, session.read_octets(token_file, token_size));
    constexpr std::size_t label_size = 32;
    if (file.size() < label_size) {
        return fail(Fault::malformed, "card: the token's label is cut short");
    }
    Token token;
    token.label = field(file, 0, label_size);
    token.kind = kind_of(token.label);
    token.manufacturer = field(file, 32, 32);
    token.model = field(file, 64, 16);
    token.serial = field(file, 80, 16);
    return token;
}

Result<Held> read_held(Session& session) {
    MITOME_TRY(file, session.read_octets(held_file, held_size));
    if (file.size() < 2) {
        return fail(Fault::malformed, "card: the list of certificates is cut short");
    }
    const auto holds = [](std::uint8_t octet) { return octet != 0x00 && octet != 0xFF; };
    return Held{.signature = holds(file[0]), .authentication = holds(file[1])};
}

Result<Bytes> read_certificate_der(Session& session, CertificateRef ref) {
    MITOME_TRY(object, session.read_object(file_of(ref)));
    if (object.front() != 0x30) {
        return fail(Fault::malformed, "card: the file holds no certificate");
    }
    return copy(object);
}

Result<pki::Certificate> read_certificate(Session& session, CertificateRef ref) {
    MITOME_TRY(der, read_certificate_der(session, ref));
    return pki::Certificate::from_der(std::move(der));
}

}  // namespace mitome::card
