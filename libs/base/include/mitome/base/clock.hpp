// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/base/result.hpp>

#include <chrono>
#include <string>
#include <string_view>

namespace mitome {

/// UTC, whole seconds: what certificates, CRLs and OCSP carry.
using Time = std::chrono::sys_seconds;

/// The source of "now"; injected, so that tests choose it.
class Clock {
public:
    virtual ~Clock() = default;
    [[nodiscard]] virtual Time now() const = 0;
};

class SystemClock final : public Clock {
public:
    [[nodiscard]] Time now() const override;
};

class FixedClock final : public Clock {
public:
    explicit FixedClock(Time time) : time_(time) {}
    [[nodiscard]] Time now() const override { return time_; }
    void set(Time time) { time_ = time; }
    void advance(std::chrono::seconds by) { time_ += by; }

private:
    Time time_;
};

/// `2026-11-24T15:20:00Z`. RFC 3339 §5.6; written in UTC, read with any offset, to the second.
[[nodiscard]] std::string to_rfc3339(Time time);
[[nodiscard]] Result<Time> from_rfc3339(std::string_view text);

/// A calendar day in Japan (UTC+9, no summer time).
[[nodiscard]] std::chrono::year_month_day day_in_japan(Time time);

/// 23:59:59 in Japan on `day`.
[[nodiscard]] Time end_of_day_in_japan(std::chrono::year_month_day day);

/// 00:00:00 in Japan on `day`.
[[nodiscard]] Time start_of_day_in_japan(std::chrono::year_month_day day);

/// `1980-02-17`; `malformed` for a day that does not exist.
[[nodiscard]] Result<std::chrono::year_month_day> to_day(std::string_view text);
[[nodiscard]] std::string to_text(std::chrono::year_month_day day);

}  // namespace mitome
