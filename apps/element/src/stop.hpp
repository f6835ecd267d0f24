// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/base/file.hpp>

namespace mitome::element_process {

/// One signal to stop that every waiting thread sees.
class Stop {
public:
    [[nodiscard]] static Result<Stop> create();

    void set() const;
    [[nodiscard]] bool is_set() const;
    /// Waits until `file` can be read or the stop is set; false when it is set or time is over.
    [[nodiscard]] bool wait_readable(int file, int milliseconds = -1) const;
    /// False when the stop came first.
    [[nodiscard]] bool sleep(int milliseconds) const;

private:
    explicit Stop(Descriptor event) : event_(std::move(event)) {}
    Descriptor event_;
};

}  // namespace mitome::element_process
