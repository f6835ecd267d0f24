// SPDX-License-Identifier: Apache-2.0
#pragma once

// For the tests of authority and status as processes: a home of its own with a token in SoftHSM2,
// TLS identities made by the OpenSSL command line, and both programs.

#include <mitome/base/file.hpp>
#include <mitome/base/loopback.hpp>
#include <mitome/http/client.hpp>
#include <mitome/http/tls_files.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>

namespace mitome::authority::test {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

struct Ended {
    int status = -1;
    std::string output;  ///< both streams
};

/// Through the shell, in `folder`.
inline Ended run(const fs::path& folder, const std::string& command) {
    const std::string line = "cd '" + folder.string() + "' && { " + command + "\n} 2>&1";
    Ended ended;
    std::FILE* pipe = ::popen(line.c_str(), "r");
    if (pipe == nullptr) return ended;
    std::array<char, 4096> piece{};
    while (const std::size_t count = std::fread(piece.data(), 1, piece.size(), pipe)) {
        ended.output.append(piece.data(), count);
    }
    const int status = ::pclose(pipe);
    ended.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
    return ended;
}

inline std::uint16_t free_port() {
    const auto drawn = draw_ports(1);
    return drawn ? drawn->front() : 0;
}

/// A program of ours; ended with the object.
class Program {
public:
    Program(const std::string& name, const fs::path& config, fs::path log_file,
            const std::string& crash_at = {})
        : log_(std::move(log_file)) {
        fs::remove(log_);
        child_ = ::fork();
        if (child_ != 0) return;
        if (!crash_at.empty()) ::setenv("MITOME_CRASH_AT", crash_at.c_str(), 1);
        if (std::freopen(log_.c_str(), "w", stderr) == nullptr) ::_exit(127);
        const std::string path = std::string{MITOME_PROGRAM_DIR} + "/" + name;
        ::execl(path.c_str(), path.c_str(), "--config", config.c_str(), nullptr);
        ::_exit(127);
    }
    Program(const Program&) = delete;
    Program& operator=(const Program&) = delete;
    ~Program() { static_cast<void>(end(SIGKILL)); }

    [[nodiscard]] bool says(std::string_view word, std::chrono::milliseconds patience = 20s) const {
        const auto until = std::chrono::steady_clock::now() + patience;
        while (std::chrono::steady_clock::now() < until) {
            const auto log = read_file(log_);
            if (log && text(*log).find(word) != std::string_view::npos) return true;
            std::this_thread::sleep_for(20ms);
        }
        return false;
    }

    /// How it ended, as waitpid says; −1 when it does not.
    [[nodiscard]] int ended(std::chrono::milliseconds patience = 20s) {
        const auto until = std::chrono::steady_clock::now() + patience;
        int status = -1;
        while (child_ > 0 && std::chrono::steady_clock::now() < until) {
            if (::waitpid(child_, &status, WNOHANG) == child_) {
                child_ = -1;
                return status;
            }
            std::this_thread::sleep_for(10ms);
        }
        return -1;
    }

    [[nodiscard]] int end(int signal) {
        if (child_ <= 0) return -1;
        ::kill(child_, signal);
        return ended();
    }

    [[nodiscard]] std::string log() const {
        const auto content = read_file(log_);
        return content ? std::string{text(*content)} : std::string{};
    }

private:
    fs::path log_;
    pid_t child_ = -1;
};

class Home {
public:
    Home() {
        std::string name = (fs::temp_directory_path() / "mitome-authority-XXXXXX").string();
        folder_ = ::mkdtemp(name.data());
        for (const char* part : {"tls", "hsm", "hsm/tokens", "log", "config"}) {
            fs::create_directory(folder_ / part);
        }
        make_identities();
        write("hsm/softhsm2.conf", "directories.tokendir = " + path("hsm/tokens") +
                                       "\nobjectstore.backend = file\nlog.level = ERROR\n");
        ::setenv("SOFTHSM2_CONF", path("hsm/softhsm2.conf").c_str(), 1);
        write("config/authority.toml",
              "port = " + std::to_string(authority_port) + "\nfolder = \"" + path("authority") +
                  "\"\nbase_url = \"" + base_url() + "\"\nstatus_url = \"https://127.0.0.1:" +
                  std::to_string(status_port) + "\"\nsandbox = true\n" + tls("authority") +
                  "[hsm]\nmodule = \"/usr/lib/softhsm/libsofthsm2.so\"\ntoken = \""
                  "mitome-authority\"\npin_file = \"" +
                  path("hsm/authority.pin") + "\"\n");
        write("config/status.toml", "port = " + std::to_string(status_port) + "\npublic_port = " +
                                        std::to_string(public_port) + "\nfolder = \"" +
                                        path("status") + "\"\nsandbox = true\n" + tls("status"));
    }
    Home(const Home&) = delete;
    Home& operator=(const Home&) = delete;
    ~Home() {
        std::error_code ignored;
        fs::remove_all(folder_, ignored);
    }

    [[nodiscard]] Ended initialise() const {
        return run(folder_, "'" + std::string{MITOME_PROGRAM_DIR} +
                                "/mitome-authority' --config config/authority.toml --initialise");
    }
    [[nodiscard]] Program authority(const std::string& crash_at = {}) const {
        return {"mitome-authority", folder_ / "config/authority.toml",
                folder_ / "log/authority.log", crash_at};
    }
    [[nodiscard]] Program status() const {
        return {"mitome-status", folder_ / "config/status.toml", folder_ / "log/status.log"};
    }

    /// As that role, to the authority.
    [[nodiscard]] Result<http::Response> ask(const std::string& role, const std::string& method,
                                             const std::string& path, const std::string& query,
                                             const std::string& body) const {
        http::Client::Options options;
        MITOME_TRY(identity, http::read_tls({.certificate = folder_ / ("tls/" + role + ".pem"),
                                             .key = folder_ / ("tls/" + role + ".key"),
                                             .trusted = folder_ / "tls/ca.pem"}));
        options.tls = std::move(identity);
        http::Url url;
        url.tls = true;
        url.host = "127.0.0.1";
        url.port = authority_port;
        MITOME_TRY(client, http::Client::create(url, std::move(options)));
        http::Request request;
        request.method = method;
        request.path = path;
        request.query = query;
        request.body = copy(view(body));
        return client->send(request);
    }

    /// Both answer that they are ready.
    [[nodiscard]] bool ready(std::chrono::milliseconds patience = 20s) const {
        const auto until = std::chrono::steady_clock::now() + patience;
        while (std::chrono::steady_clock::now() < until) {
            const auto answer = ask("operator", "GET", "/ready", "", "");
            const Ended seen =
                run(folder_, "curl -s -o ready.json -w '%{http_code}' " + base_url() + "/ready");
            if (answer && answer->status == 200 && seen.output == "200") return true;
            std::this_thread::sleep_for(50ms);
        }
        return false;
    }

    [[nodiscard]] std::string base_url() const {
        return "http://127.0.0.1:" + std::to_string(public_port);
    }
    [[nodiscard]] std::string path(const std::string& inside) const {
        return (folder_ / inside).string();
    }
    [[nodiscard]] const fs::path& folder() const { return folder_; }
    void write(const std::string& name, std::string_view content) const {
        static_cast<void>(write_file(folder_ / name, view(content)).has_value());
    }

    const std::uint16_t authority_port = free_port();
    const std::uint16_t status_port = free_port();
    const std::uint16_t public_port = free_port();

private:
    [[nodiscard]] std::string tls(const std::string& role) const {
        return "[tls]\ncertificate = \"" + path("tls/" + role + ".pem") + "\"\nkey = \"" +
               path("tls/" + role + ".key") + "\"\ntrusted = \"" + path("tls/ca.pem") + "\"\n";
    }

    void make_identities() const {
        run(folder_ / "tls", R"(
            openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key \
                -out ca.pem -days 30 -subj '/CN=Test TLS CA' -addext keyUsage=critical,keyCertSign
            for role in authority status registration operator; do
                openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $role.key \
                    -out $role.csr -subj "/CN=$role"
                printf 'subjectAltName=IP:127.0.0.1,DNS:localhost\nbasicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth,clientAuth\n' > $role.ext
                openssl x509 -req -in $role.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 \
                    -extfile $role.ext -out $role.pem
            done)");
    }

    fs::path folder_;
};

}  // namespace mitome::authority::test
