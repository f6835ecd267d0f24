// SPDX-License-Identifier: Apache-2.0
#pragma once

// What every bench program does: race the contenders and print figures, one `name value unit` a
// line, which bench/run puts together.

#include <mitome/base/result.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mitome::bench {

inline void figure(const std::string& name, double value, const char* unit) {
    std::printf("%s %.6g %s\n", name.c_str(), value, unit);
    std::fflush(stdout);
}

/// The value, or the end of the program: a bench that fails has no figure.
template <class T>
T must(Result<T> result) {
    if (!result) {
        std::fprintf(stderr, "bench: %s (code %u)\n", result.error().what.text,
                     result.error().code);
        std::exit(1);
    }
    if constexpr (!std::is_void_v<T>) return *std::move(result);
}

inline void must_hold(bool condition, const char* what) {
    if (condition) return;
    std::fprintf(stderr, "bench: this did not hold: %s\n", what);
    std::exit(1);
}

inline double seconds() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

/// Time that this process had a processor. Machines are shared; this hides the neighbours.
inline double processor_seconds() {
    timespec time{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

struct Contender {
    std::string name;
    std::function<void()> once;
    unsigned times = 1;             ///< operations in one call of `once`
    std::function<void()> between = {};  ///< before each call, untimed
    double spent = 0;
    double done = 0;
    double quickest = std::numeric_limits<double>::infinity();  ///< call
};

enum class Shown : std::uint8_t { per_second, milliseconds };

/// Lets the contenders run in turns of a twentieth of a second of processor time, so that a burst
/// on the machine hits all of them, until each has had `span` seconds (or has run once, if that
/// takes longer). Milliseconds are those of the quickest call: whoever runs first, or behind one
/// that has filled the memory, gets pages that a virtual machine's host has to find first, at
/// several times the cost of what is measured.
inline void race(std::vector<Contender> contenders, double span, Shown shown) {
    constexpr double turn = 0.05;
    for (bool more = true; more;) {
        more = false;
        for (Contender& one : contenders) {
            const double end = one.spent + turn;
            while (one.spent < end && one.spent < span) {
                if (one.between) one.between();
                const double start = processor_seconds();
                one.once();
                const double took = processor_seconds() - start;
                one.spent += took;
                one.quickest = std::min(one.quickest, took / one.times);
                one.done += one.times;
            }
            more = more || one.spent < span;
        }
    }
    for (const Contender& one : contenders) {
        if (shown == Shown::per_second) {
            figure(one.name, one.done / one.spent, "per_cpu_second");
        } else {
            figure(one.name, one.quickest * 1e3, "cpu_ms");
        }
    }
}

/// Different for each `n`, the same in each run.
inline std::uint64_t mix(std::uint64_t n) {
    n = (n ^ (n >> 31)) * 0x7FB5D329728EA185U;
    n = (n ^ (n >> 27)) * 0x81DADEF4BC2DD44DU;
    return n ^ (n >> 33);
}

}  // namespace mitome::bench
