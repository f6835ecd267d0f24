// SPDX-License-Identifier: Apache-2.0
#include "stop.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>

namespace mitome::element_process {

Result<Stop> Stop::create() {
    Descriptor event{::eventfd(0, EFD_CLOEXEC)};
    if (!event) return fail(Fault::unavailable, "element: no event descriptor");
    return Stop{std::move(event)};
}

void Stop::set() const {
    const std::uint64_t one = 1;
    // Can only fail when the counter is full, and then it is set.
    [[maybe_unused]] const ssize_t written = ::write(event_.number(), &one, sizeof one);
}

bool Stop::is_set() const {
    pollfd waited{event_.number(), POLLIN, 0};
    return ::poll(&waited, 1, 0) > 0;
}

bool Stop::wait_readable(int file, int milliseconds) const {
    pollfd waited[]{{event_.number(), POLLIN, 0}, {file, POLLIN, 0}};
    int ready = 0;
    do ready = ::poll(waited, 2, milliseconds);
    while (ready < 0 && errno == EINTR);
    return ready > 0 && waited[0].revents == 0;
}

bool Stop::sleep(int milliseconds) const {
    pollfd waited{event_.number(), POLLIN, 0};
    return ::poll(&waited, 1, milliseconds) == 0;
}

}  // namespace mitome::element_process
