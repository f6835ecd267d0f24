// SPDX-License-Identifier: Apache-2.0
// Runs every file of the folders (or single files) named on the command line through a fuzz
// function, and the empty input first. A sanitizer or an abort is what makes it fail.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size);

namespace {

namespace fs = std::filesystem;

void replay(const fs::path& file) {
    std::ifstream stream{file, std::ios::binary};
    const std::vector<char> octets{std::istreambuf_iterator<char>{stream}, {}};
    const std::vector<std::uint8_t> input(octets.begin(), octets.end());
    std::fprintf(stderr, "%s\n", file.c_str());  // printed first, so a crash names its input
    LLVMFuzzerTestOneInput(input.data(), input.size());
}

std::size_t replay_all(const fs::path& place) {
    if (fs::is_regular_file(place)) {
        replay(place);
        return 1;
    }
    std::size_t count = 0;
    for (const auto& entry : fs::recursive_directory_iterator{place}) {
        if (entry.is_regular_file()) {
            replay(entry.path());
            ++count;
        }
    }
    return count;
}

}  // namespace

int main(int argc, char** argv) try {
    constexpr std::uint8_t nothing = 0;
    LLVMFuzzerTestOneInput(&nothing, 0);

    std::size_t count = 0;
    for (int i = 1; i < argc; ++i) {
        count += replay_all(argv[i]);
    }
    if (count == 0) {
        std::fputs("replay: no input found\n", stderr);
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
} catch (const std::exception& failure) {
    std::fprintf(stderr, "replay: %s\n", failure.what());
    return EXIT_FAILURE;
}
