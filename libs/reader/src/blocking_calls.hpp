// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <thread>

namespace mitome::reader {

/// A thread that makes calls which may block without end, so that its owner need not.
///
/// A call that does not come back is abandoned: the thread then ends when it does, and everything
/// the call uses must be held by the call itself.
class BlockingCalls {
public:
    BlockingCalls();
    BlockingCalls(const BlockingCalls&) = delete;
    BlockingCalls& operator=(const BlockingCalls&) = delete;
    /// Waits a moment for a call that runs.
    ~BlockingCalls();

    enum class Ending : std::uint8_t { returned, timed_out, stopped };

    /// Makes `call` on the thread and waits for it. On stop and at the limit `interrupt` is called
    /// again and again for a moment, from the caller's thread; a call that comes back within it is
    /// `stopped` or `timed_out` all the same, but not abandoned.
    [[nodiscard]] Ending make(std::function<void()> call, std::chrono::milliseconds limit,
                              const std::stop_token& stop,
                              const std::function<void()>& interrupt = {});

    /// A call was abandoned; nothing further can be made.
    [[nodiscard]] bool lost() const { return lost_; }

private:
    struct Line;
    std::shared_ptr<Line> line_;  // the thread is the other owner: it may outlive this object
    std::thread thread_;
    bool lost_ = false;
};

}  // namespace mitome::reader
