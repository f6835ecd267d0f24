// SPDX-License-Identifier: Apache-2.0
// The device key sealed by a TPM: swtpm, a program that is not ours.
#include "../../../libs/crypto/src/swtpm.hpp"
#include "process.hpp"

#include <optional>

namespace mitome {
namespace {

class ProcessWithTpm : public Process {
protected:
    void SetUp() override {
        Process::SetUp();
        tpm.emplace(folder / "tpm");
    }
    [[nodiscard]] std::string sealed() const { return " --tcti " + tpm->tcti(); }
    int make_sealed() {
        return run("new --folder " + (folder / "e").string() + " --persona card --key p256" +
                   sealed());
    }
    int fill_sealed() {
        return run("personalise --folder " + (folder / "e").string() + sealed(), "{}");
    }
    int show(const fs::path& element, const std::string& more) {
        return run("show --folder " + element.string() + more);
    }

    std::optional<crypto::Swtpm> tpm;
};

TEST_F(ProcessWithTpm, MakesAnElementWithoutAKeyFile) {
    ASSERT_EQ(make_sealed(), 0) << output("err");

    EXPECT_TRUE(fs::exists(folder / "e/device-key.tpm"));
    EXPECT_FALSE(fs::exists(folder / "e/device-key.raw"));
    EXPECT_EQ(output("err").find("the device key is a file"), std::string::npos);
}

TEST_F(ProcessWithTpm, KeepsItsStateWhenItAndTheTpmStartAnew) {
    ASSERT_EQ(make_sealed(), 0);
    const std::string made = output();
    ASSERT_EQ(fill_sealed(), 0);
    serve(sealed());
    {
        const Descriptor one = connect();
        ASSERT_TRUE(one);
        ask(one, select_jpki);
        EXPECT_EQ(ask(one, "002000980430303030"_hex), "63C2");
    }
    ASSERT_EQ(end(SIGTERM), 0);
    tpm.reset();
    tpm.emplace(folder / "tpm");

    serve(sealed());

    const Descriptor again = connect();
    ASSERT_TRUE(again) << output("log");
    ask(again, select_jpki);
    EXPECT_EQ(ask(again, "00200098"_hex), "63C2");
    EXPECT_EQ(ask(again, "0020009B06414243313233"_hex), "9000");
    ASSERT_EQ(end(SIGTERM), 0);
    EXPECT_EQ(show(folder / "e", sealed()), 0);
    EXPECT_EQ(output(), made);
}

TEST_F(ProcessWithTpm, IsUselessCopiedToAnotherMachine) {
    ASSERT_EQ(make_sealed(), 0);
    ASSERT_EQ(fill_sealed(), 0);
    fs::copy(folder / "e", folder / "copy", fs::copy_options::recursive);
    const crypto::Swtpm other{folder / "other"};

    EXPECT_EQ(show(folder / "copy", " --tcti " + other.tcti()), 1);
    // A warning of locked memory may stand before it, where that is limited.
    EXPECT_TRUE(
        output("err").ends_with("mitome-element: error: tpm: another TPM sealed this key\n"))
        << output("err");
    EXPECT_EQ(output(), "");
    EXPECT_EQ(run("serve --folder " + (folder / "copy").string() + " --socket " +
                  (folder / "s").string() + " --tcti " + other.tcti()),
              1);
    EXPECT_FALSE(fs::exists(folder / "s"));
    EXPECT_EQ(show(folder / "e", sealed()), 0);
}

TEST_F(ProcessWithTpm, IsUselessWithoutItsTpm) {
    ASSERT_EQ(make_sealed(), 0);
    const std::string away = sealed();
    tpm.reset();

    EXPECT_EQ(show(folder / "e", away), 7);
    EXPECT_NE(output("err").find("tpm: does not answer"), std::string::npos) << output("err");
    EXPECT_EQ(show(folder / "e", ""), 7);
    EXPECT_NE(output("err").find("sealed by a TPM, none is named"), std::string::npos);
    EXPECT_FALSE(fs::exists(folder / "e/device-key.raw"));
}

}  // namespace
}  // namespace mitome
