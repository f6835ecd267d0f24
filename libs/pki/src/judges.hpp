// SPDX-License-Identifier: Apache-2.0
#pragma once

// Programs that are not ours, for tests: openssl and certtool read what our builders wrote.

#include <mitome/base/bytes.hpp>

#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>

namespace mitome::judges {

/// A folder of its own for one test, removed with it.
class Folder {
public:
    Folder() {
        std::string pattern = std::filesystem::temp_directory_path() / "mitome-pki-XXXXXX";
        path_ = ::mkdtemp(pattern.data());
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    ~Folder() { std::filesystem::remove_all(path_); }

    /// Writes the file and answers its path.
    std::string put(std::string_view name, BytesView content) const {
        const std::filesystem::path file = path_ / name;
        std::ofstream{file, std::ios::binary} << text(content);
        return file;
    }
    std::string put(std::string_view name, std::string_view content) const {
        return put(name, view(content));
    }
    std::string put_certificate(std::string_view name, BytesView der) const {
        return put(name, to_pem("CERTIFICATE", der));
    }
    [[nodiscard]] std::string path(std::string_view name) const { return path_ / name; }

private:
    std::filesystem::path path_;
};

struct Answer {
    int status = -1;
    std::string output;  ///< both streams
};

/// Runs one command line of fixed words and our own temporary paths.
inline Answer run(const std::string& command) {
    Answer answer;
    std::FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
    if (pipe == nullptr) return answer;
    char buffer[4096];
    for (std::size_t count = 0; (count = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) {
        answer.output.append(buffer, count);
    }
    answer.status = ::pclose(pipe);
    return answer;
}

/// Whether the program is there; tests of an optional judge are skipped without it.
inline bool is_present(const std::string& program) {
    return run("command -v " + program).status == 0;
}

inline Bytes read_vector(std::string_view name) {
    std::ifstream file{std::filesystem::path{MITOME_SOURCE_DIR} / "tests/vectors/pki" / name,
                       std::ios::binary};
    const std::string content{std::istreambuf_iterator<char>{file}, {}};
    return copy(view(content));
}

}  // namespace mitome::judges
