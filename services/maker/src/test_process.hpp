// SPDX-License-Identifier: Apache-2.0
#pragma once

// For tests of services: a home of its own, programs in it, and who asks them.

#include <mitome/base/file.hpp>
#include <mitome/base/loopback.hpp>
#include <mitome/http/client.hpp>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace mitome::test {

/// A folder that goes with the object, with a SoftHSM2 of its own.
class ServiceHome {
public:
    ServiceHome() {
        auto name = (std::filesystem::temp_directory_path() / "mitome-home.XXXXXX").string();
        path_ = ::mkdtemp(name.data());
        for (const auto* each : {"hsm", "hsm/tokens", "config", "log", "tls"})
            std::filesystem::create_directory(path_ / each);
        write("hsm/softhsm2.conf", "directories.tokendir = " + (path_ / "hsm/tokens").string() +
                                       "\nlog.level = ERROR\n");
        ::setenv("SOFTHSM2_CONF", (path_ / "hsm/softhsm2.conf").c_str(), 1);
    }
    ServiceHome(const ServiceHome&) = delete;
    ServiceHome& operator=(const ServiceHome&) = delete;
    ~ServiceHome() {
        std::error_code ignored;
        if (std::getenv("MITOME_KEEP") == nullptr) std::filesystem::remove_all(path_, ignored);
    }

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }
    [[nodiscard]] std::string at(std::string_view name) const { return (path_ / name).string(); }
    void write(std::string_view name, std::string_view content) const {
        static_cast<void>(write_file(path_ / name, view(content), Access::owner));
    }
    [[nodiscard]] std::string read(std::string_view name) const {
        return std::string{text(read_file(path_ / name).value_or(Bytes{}))};
    }
    [[nodiscard]] std::string tls_table(std::string_view role) const {
        const std::string own = at(std::string{"tls/"} + std::string{role});
        return "[tls]\ncertificate = '" + own + ".pem'\nkey = '" + own + ".key'\ntrusted = '" +
               at("tls/ca.pem") + "'\n";
    }
    [[nodiscard]] std::string hsm_table(std::string_view table, std::string_view token) const {
        return "[" + std::string{table} + "]\nmodule = '/usr/lib/softhsm/libsofthsm2.so'\n" +
               "token = 'mitome-" + std::string{token} + "'\npin_file = '" +
               at("hsm/" + std::string{token} + ".pin") + "'\n";
    }
    [[nodiscard]] http::TlsIdentity identity(const std::string& role) const {
        http::TlsIdentity made;
        made.certificate_pem = read("tls/" + role + ".pem");
        made.key_pem = read_secret_file(path_ / ("tls/" + role + ".key")).value_or(SecretBytes{});
        made.trusted_pem = read("tls/ca.pem");
        return made;
    }

private:
    std::filesystem::path path_;
};

/// Ports that were free a moment ago, all different.
inline std::vector<std::uint16_t> free_ports(std::size_t count) {
    return draw_ports(count).value_or(std::vector<std::uint16_t>(count));
}

/// A program that runs beside the test; killed with the object unless it ended before.
class Program {
public:
    Program() = default;
    Program(const std::vector<std::string>& words, const std::string& log,
            const std::vector<std::pair<std::string, std::string>>& environment = {}) {
        id_ = ::fork();
        if (id_ != 0) return;
        for (const auto& [name, value] : environment) ::setenv(name.c_str(), value.c_str(), 1);
        const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        ::dup2(out, 1);
        ::dup2(out, 2);
        std::vector<char*> raw;
        for (const auto& word : words) raw.push_back(const_cast<char*>(word.c_str()));
        raw.push_back(nullptr);
        ::execv(raw[0], raw.data());
        ::_exit(127);
    }
    Program(Program&& other) noexcept : id_(std::exchange(other.id_, -1)) {}
    Program& operator=(Program&& other) noexcept {
        if (this != &other) {
            stop(SIGKILL);
            id_ = std::exchange(other.id_, -1);
        }
        return *this;
    }
    ~Program() { stop(SIGKILL); }

    /// The exit code, or 128 and the signal that ended it.
    int wait() {
        if (id_ <= 0) return -1;
        int status = 0;
        ::waitpid(std::exchange(id_, -1), &status, 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    int stop(int signal) {
        if (id_ <= 0) return -1;
        ::kill(id_, signal);
        return wait();
    }

private:
    pid_t id_ = -1;
};

inline int run(const std::vector<std::string>& words, const std::string& log) {
    return Program{words, log}.wait();
}

/// One request over mutual TLS as that role; status 0 when there was no answer.
inline http::Response ask(const ServiceHome& home, std::uint16_t port, const std::string& role,
                          std::string method, std::string path, std::string body = {}) {
    http::Client::Options options;
    options.tls = home.identity(role);
    auto client = http::Client::create({true, "127.0.0.1", port, "/"}, std::move(options));
    http::Response none;
    none.status = 0;
    if (!client) return none;
    http::Request request;
    request.method = std::move(method);
    const auto question = path.find('?');
    if (question != std::string::npos) request.query = path.substr(question + 1);
    request.path = path.substr(0, question);
    if (!body.empty()) request.headers.push_back({"Content-Type", "application/json"});
    request.body = copy(view(body));
    auto response = (*client)->send(request);
    return response ? *std::move(response) : none;
}

inline bool becomes_ready(const ServiceHome& home, std::uint16_t port) {
    for (int i = 0; i < 600; ++i) {
        if (ask(home, port, "operator", "GET", "/ready").status == 200) return true;
        std::this_thread::sleep_for(std::chrono::milliseconds{100});
    }
    return false;
}

}  // namespace mitome::test
