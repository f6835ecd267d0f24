// SPDX-License-Identifier: Apache-2.0
#include <mitome/base/service.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace mitome {
namespace {

int run(std::vector<std::string> words, ServiceRun service) {
    std::vector<char*> raw;
    for (auto& word : words) raw.push_back(word.data());
    return run_service("mitome-test", raw, service);
}

TEST(Service, GetsItsArgumentsInAnyOrder) {
    const auto service = [](const ServiceArguments& arguments, const EndSignals&) -> Done {
        if (arguments.config != "/a.toml" || !arguments.initialise)
            return fail(Fault::broken, "test: other arguments");
        return {};
    };

    EXPECT_EQ(run({"x", "--config", "/a.toml", "--initialise"}, service), 0);
    EXPECT_EQ(run({"x", "--initialise", "--config", "/a.toml"}, service), 0);
}

TEST(Service, DoesNotRunOnAWrongCommandLine) {
    const auto service = [](const ServiceArguments&, const EndSignals&) -> Done { return {}; };

    EXPECT_EQ(run({"x"}, service), 64);
    EXPECT_EQ(run({"x", "--config"}, service), 64);
    EXPECT_EQ(run({"x", "--config", "/a.toml", "more"}, service), 64);
}

TEST(Service, TellsWhetherTryingAgainMayHelp) {
    const auto gone = [](const ServiceArguments&, const EndSignals&) -> Done {
        return fail(Fault::unavailable, "test: gone");
    };
    const auto malformed = [](const ServiceArguments&, const EndSignals&) -> Done {
        return fail(Fault::malformed, "test: malformed");
    };

    EXPECT_EQ(run({"x", "--config", "/a.toml"}, gone), 7);
    EXPECT_EQ(run({"x", "--config", "/a.toml"}, malformed), 70);
}

TEST(Service, WaitsForItsEnd) {
    const auto service = [](const ServiceArguments&, const EndSignals& ends) -> Done {
        pthread_kill(pthread_self(), SIGTERM);
        ends.wait();
        return {};
    };

    EXPECT_EQ(run({"x", "--config", "/a.toml"}, service), 0);
}

}  // namespace
}  // namespace mitome
