// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/base/file.hpp>
#include <mitome/crypto/key.hpp>
#include <mitome/reader/channel.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <string>

namespace mitome::card {

/// Just enough of a JPKI token to answer reads of any length and to sign with a real key: the
/// contents of files are data, the conversation is not.
struct StubToken {
    std::map<std::uint8_t, Bytes> files;
    std::shared_ptr<crypto::SoftwareKey> key;
    bool extended = true;
    bool certificate_needs_pin = false;
    std::size_t most_octets = 65'536;  ///< in one answer
    std::uint16_t end_of_file = 0x9000;
    bool selected = false;
    bool verified = false;
    std::uint8_t current = 0;

    [[nodiscard]] static Bytes vector_file(const std::string& name) {
        auto content = read_file(std::string{MITOME_SOURCE_DIR} + "/tests/vectors/card/" + name);
        EXPECT_TRUE(content) << name;
        return content ? *content : Bytes{};
    }

    /// A token whose authentication key and certificate are tests/vectors/card/NAME.
    [[nodiscard]] static std::shared_ptr<StubToken> with(const std::string& name) {
        auto token = std::make_shared<StubToken>();
        auto key = crypto::SoftwareKey::from_pkcs8(vector_file(name + ".p8"));
        EXPECT_TRUE(key);
        token->key = std::move(*key);
        Bytes file = vector_file(name + ".der");
        file.resize(3'072, 0xFF);
        token->files[0x0A] = std::move(file);
        return token;
    }

    [[nodiscard]] Bytes answer(BytesView octets) {
        const auto command = apdu::Command::decode(octets);
        if (!command) {
            return {0x67, 0x00};
        }
        auto response = carry_out(*command);
        return response.encode();
    }

private:
    [[nodiscard]] apdu::Response carry_out(const apdu::Command& command) {
        if (command.is_extended() && !extended) {
            return {.sw = 0x6700};
        }
        switch (command.ins) {
            case 0xA4: {
                constexpr auto jpki = "D392F000260100000001"_hex;
                selected = same(command.data, jpki);
                verified &= selected;
                return {.sw = 0x9000};
            }
            case 0x20: verified = true; return {.sw = 0x9000};
            case 0xB0: return read(command);
            case 0x2A: return sign(command);
            default: return {.sw = 0x6D00};
        }
    }

    [[nodiscard]] apdu::Response read(const apdu::Command& command) {
        std::size_t offset = static_cast<std::size_t>(command.p1 << 8 | command.p2);
        if ((command.p1 & 0x80) != 0) {
            current = command.p1 & 0x1F;
            offset = command.p2;
        }
        if (!selected || !files.contains(current)) {
            return {.sw = 0x6A82};
        }
        if (certificate_needs_pin && !verified) {
            return {.sw = 0x6982};
        }
        const BytesView file = files[current];
        if (offset >= file.size()) {
            return {.sw = 0x6B00};
        }
        const std::size_t wanted = command.expected.value_or(0);
        const std::size_t size = std::min({file.size() - offset, wanted, most_octets});
        return {.data = copy(file.subspan(offset, size)),
                .sw = size < wanted ? end_of_file : apdu::sw::ok};
    }

    [[nodiscard]] apdu::Response sign(const apdu::Command& command) {
        if (!verified || command.p2 != 0x97) {
            return {.sw = 0x6982};
        }
        const auto signature =
            crypto::is_rsa(key->kind())
                ? key->sign_padded(command.data)
                : key->sign_digest(crypto::Hash::sha256, BytesView{command.data}.last(32));
        EXPECT_TRUE(signature);
        if (signature->size() > command.expected.value_or(0)) {
            return {.sw = 0x6700};
        }
        return {.data = *signature, .sw = 0x9000};
    }
};

}  // namespace mitome::card
