// SPDX-License-Identifier: Apache-2.0
#include "blocking_calls.hpp"

#include <condition_variable>
#include <mutex>

namespace mitome::reader {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds grace{1'000};           // for a call that was interrupted
constexpr milliseconds interrupt_pause{20};

}  // namespace

struct BlockingCalls::Line {
    std::mutex mutex;
    std::condition_variable_any changed;
    std::function<void()> call;
    bool running = false;  // from the moment a call is handed over until it has returned
    bool ending = false;
};

BlockingCalls::BlockingCalls() : line_(std::make_shared<Line>()) {
    thread_ = std::thread{[line = line_] {
        std::unique_lock lock{line->mutex};
        for (;;) {
            line->changed.wait(lock, [&] { return line->running || line->ending; });
            if (!line->running) {
                return;
            }
            std::function<void()> call = std::move(line->call);
            lock.unlock();
            call();
            call = nullptr;  // what it held is released on this thread, before the owner goes on
            lock.lock();
            line->running = false;
            line->changed.notify_all();
        }
    }};
}

BlockingCalls::~BlockingCalls() {
    std::unique_lock lock{line_->mutex};
    line_->ending = true;
    line_->changed.notify_all();
    const bool idle = line_->changed.wait_for(lock, lost_ ? milliseconds{0} : grace,
                                              [&] { return !line_->running; });
    lock.unlock();
    if (idle) {
        thread_.join();
    } else {
        thread_.detach();
    }
}

BlockingCalls::Ending BlockingCalls::make(std::function<void()> call, milliseconds limit,
                                          const std::stop_token& stop,
                                          const std::function<void()>& interrupt) {
    std::unique_lock lock{line_->mutex};
    line_->call = std::move(call);
    line_->running = true;
    line_->changed.notify_all();
    const auto returned = [&] { return !line_->running; };
    if (line_->changed.wait_for(lock, stop, limit, returned)) {
        return Ending::returned;
    }
    const Ending ending = stop.stop_requested() ? Ending::stopped : Ending::timed_out;
    // An interruption that arrives before the call has begun to wait is lost, hence again and
    // again.
    const auto end = std::chrono::steady_clock::now() + grace;
    while (interrupt && !returned() && std::chrono::steady_clock::now() < end) {
        lock.unlock();
        interrupt();
        lock.lock();
        line_->changed.wait_for(lock, interrupt_pause, returned);
    }
    lost_ = !returned();
    return ending;
}

}  // namespace mitome::reader
