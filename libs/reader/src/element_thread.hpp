// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/base/file.hpp>
#include <mitome/reader/channel.hpp>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <string>
#include <thread>

namespace mitome::reader {

/// A folder that goes away with its test.
class Folder {
public:
    Folder() {
        std::string pattern = std::filesystem::temp_directory_path() / "mitome-reader-XXXXXX";
        path_ = ::mkdtemp(pattern.data());
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    ~Folder() { std::filesystem::remove_all(path_); }
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

/// The far end of an element's socket: one conversation at a time, answers from a function. An
/// empty answer closes the conversation.
class ElementThread {
public:
    ElementThread(std::string path, Answer answer)
        : path_(std::move(path)),
          answer_(std::move(answer)),
          listener_(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path, path_.data(), path_.size());
        ready_ = ::bind(listener_.number(), reinterpret_cast<const sockaddr*>(&address),
                        sizeof address) == 0 &&
                 ::listen(listener_.number(), 1) == 0;
        thread_ = std::jthread{[this] { serve(); }};
    }
    ElementThread(const ElementThread&) = delete;
    ElementThread& operator=(const ElementThread&) = delete;
    ~ElementThread() {
        ::shutdown(listener_.number(), SHUT_RDWR);
        thread_.join();
        ::unlink(path_.c_str());
    }
    [[nodiscard]] bool ready() const { return ready_; }

private:
    void serve() {
        for (;;) {
            const Descriptor peer{::accept4(listener_.number(), nullptr, nullptr, SOCK_CLOEXEC)};
            if (!peer) {
                return;
            }
            Bytes command(70'000);
            for (;;) {
                const ssize_t size = ::recv(peer.number(), command.data(), command.size(), 0);
                if (size <= 0) {
                    break;
                }
                const Bytes answer =
                    answer_(BytesView{command}.first(static_cast<std::size_t>(size)));
                if (answer.empty() ||
                    ::send(peer.number(), answer.data(), answer.size(), MSG_NOSIGNAL) < 0) {
                    break;
                }
            }
        }
    }

    std::string path_;
    Answer answer_;
    Descriptor listener_;
    bool ready_ = false;
    std::jthread thread_;
};

}  // namespace mitome::reader
