// SPDX-License-Identifier: Apache-2.0
#include "answer_cache.hpp"

#include <bit>
#include <functional>
#include <string_view>
#include <utility>

namespace mitome::status {

AnswerCache::AnswerCache(std::size_t places) : places_(std::bit_ceil(places)) {}

// By the serial alone, so that a change finds the answer whichever way it was asked for.
std::size_t AnswerCache::place_of(BytesView serial) const {
    while (serial.size() > 1 && serial.front() == 0) serial = serial.subspan(1);
    return std::hash<std::string_view>{}(text(serial)) & (places_.size() - 1);
}

std::shared_ptr<const SignedAnswer> AnswerCache::find(BytesView cert_id, BytesView serial,
                                                      Time oldest) const {
    const std::size_t at = place_of(serial);
    const std::scoped_lock lock{locks_[at % lock_count]};
    const Place& place = places_[at];
    if (!place.answer || place.answer->this_update < oldest || !same(place.cert_id, cert_id)) {
        return nullptr;
    }
    return place.answer;
}

void AnswerCache::keep(BytesView cert_id, BytesView serial,
                       std::shared_ptr<const SignedAnswer> answer, Moment seen) {
    const std::size_t at = place_of(serial);
    const std::scoped_lock lock{locks_[at % lock_count]};
    // Inside the lock: a change that comes now finds this answer when it gets the lock.
    if (moment() != seen) return;
    places_[at].cert_id.assign(cert_id.begin(), cert_id.end());
    places_[at].answer = std::move(answer);
}

void AnswerCache::forget(BytesView serial) {
    moment_.fetch_add(1, std::memory_order_acq_rel);
    const std::size_t at = place_of(serial);
    const std::scoped_lock lock{locks_[at % lock_count]};
    places_[at].answer.reset();
}

void AnswerCache::forget_all() {
    moment_.fetch_add(1, std::memory_order_acq_rel);
    for (std::size_t at = 0; at < places_.size(); ++at) {
        const std::scoped_lock lock{locks_[at % lock_count]};
        places_[at].answer.reset();
    }
}

}  // namespace mitome::status
