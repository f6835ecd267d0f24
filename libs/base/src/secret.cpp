// SPDX-License-Identifier: Apache-2.0
#include <mitome/base/secret.hpp>

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <cerrno>
#include <cstring>

namespace mitome {

void wipe(std::span<std::uint8_t> memory) noexcept {
    if (!memory.empty()) explicit_bzero(memory.data(), memory.size());
}

Done guard_memory() {
    const rlimit none{0, 0};
    if (setrlimit(RLIMIT_CORE, &none) != 0)
        return fail(Fault::broken, "memory: core dumps stay on", static_cast<std::uint32_t>(errno));
    if (prctl(PR_SET_DUMPABLE, 0) != 0)
        return fail(Fault::broken, "memory: still dumpable", static_cast<std::uint32_t>(errno));
    if (mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) != 0)
        return fail(Fault::unavailable, "memory: not locked", static_cast<std::uint32_t>(errno));
    return {};
}

}  // namespace mitome
