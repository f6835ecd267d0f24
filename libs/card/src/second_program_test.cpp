// SPDX-License-Identifier: Apache-2.0
// Two programs and one card, through a real pcscd.
#include "scripted_channel.hpp"
#include "stub_token.hpp"
#include "virtual_reader.hpp"

#include <mitome/card/token_signer.hpp>
#include <mitome/reader/pcsc.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <optional>

namespace mitome::card {
namespace {

using namespace std::chrono_literals;

class SecondProgram : public testing::Test {
protected:
    void SetUp() override {
        if (const std::string reason = reader::why_no_daemon(); !reason.empty()) {
            GTEST_SKIP() << reason;
        }
        daemon_.emplace();
        card_.emplace([this](BytesView command) { return token_->answer(command); });
        const auto found = pcsc_.wait_for_card({}, 5s);
        ASSERT_TRUE(found);
        reader_name_ = found->name;
    }

    [[nodiscard]] std::unique_ptr<reader::Channel> connect() {
        auto channel = pcsc_.connect(reader_name_);
        EXPECT_TRUE(channel);
        return channel ? std::move(*channel) : nullptr;
    }

    std::shared_ptr<StubToken> token_ = StubToken::with("rsa2048");
    std::optional<reader::Daemon> daemon_;
    std::optional<reader::VirtualCard> card_;
    reader::Pcsc pcsc_;
    std::string reader_name_;
};

TEST_F(SecondProgram, CannotSignAfterOurs) {
    {
        const auto session = Session::open(connect());
        ASSERT_TRUE(session);
        ASSERT_TRUE(verify_pin(**session, PinRef::authentication, pin("1234")));
        ASSERT_TRUE(sign_digest(**session, pki::Kind::auth, crypto::Hash::sha256, Bytes(32, 1)));
    }
    const auto other = Session::open(connect());
    ASSERT_TRUE(other);

    const auto signature =
        sign_digest(**other, pki::Kind::auth, crypto::Hash::sha256, Bytes(32, 1));

    ASSERT_FALSE(signature);
    EXPECT_EQ(signature.error().code, 0x6982u);
}

TEST_F(SecondProgram, TakesFiveCommandsOverPcscToo) {
    const auto session = Session::open(connect());
    ASSERT_TRUE(session);
    const auto signer = TokenSigner::create(**session, pki::Kind::auth);
    ASSERT_TRUE(signer);
    ASSERT_TRUE(verify_pin(**session, PinRef::authentication, pin("1234")));

    const auto signature = (*signer)->sign(crypto::Hash::sha256, view("a challenge"));

    ASSERT_TRUE(signature);
    ASSERT_TRUE((*session)->log_out());
    EXPECT_EQ((*session)->count().commands, 5u);
}

}  // namespace
}  // namespace mitome::card
