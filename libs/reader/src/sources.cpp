// SPDX-License-Identifier: Apache-2.0
#include <mitome/reader/sources.hpp>

#include <algorithm>
#include <condition_variable>
#include <mutex>

namespace mitome::reader {
namespace {

using std::chrono::milliseconds;
using Timer = std::chrono::steady_clock;

constexpr milliseconds slice{250};  // how soon an element that comes or goes is noticed

/// Whether an element listens there: its socket's file alone says nothing.
[[nodiscard]] bool answers(const std::string& socket_path) {
    return connect_element(socket_path, {}, {.connect = milliseconds{200}}).has_value();
}

}  // namespace

void Sources::add_element(std::string name, std::string socket_path) {
    elements_.push_back({std::move(name), std::move(socket_path)});
}

Result<std::vector<Place>> Sources::places() {
    std::vector<Place> places;
    places.reserve(elements_.size());
    for (const Element& element : elements_) {
        places.push_back(
            {.name = element.name,
             .path = Place::Path::element,
             .presence = answers(element.socket_path) ? Presence::present : Presence::empty});
    }
    const auto readers = pcsc_.readers();
    pcsc_runs_ = readers.has_value();
    if (!readers) {
        if (readers.error().code == code::no_service) {
            return places;
        }
        return std::unexpected{readers.error()};
    }
    for (const ReaderState& reader : *readers) {
        const bool hidden = std::ranges::any_of(
            elements_, [&](const Element& element) { return element.name == reader.name; });
        if (!hidden) {
            places.push_back({.name = reader.name,
                              .path = Place::Path::pcsc,
                              .presence = reader.presence,
                              .events = reader.events});
        }
    }
    return places;
}

Result<std::vector<Place>> Sources::wait_for_change(const std::vector<Place>& known,
                                                    milliseconds limit,
                                                    const std::stop_token& stop) {
    const auto end = Timer::now() + limit;
    std::mutex mutex;
    std::condition_variable_any never;
    for (;;) {
        if (stop.stop_requested()) {
            return fail(Fault::unavailable, "reader: the wait was stopped", code::stopped);
        }
        MITOME_TRY(present, places());
        const auto left = std::chrono::duration_cast<milliseconds>(end - Timer::now());
        if (present != known || left <= milliseconds{0}) {
            return present;
        }
        std::unique_lock lock{mutex};
        never.wait_for(lock, stop, std::min(left, slice), [] { return false; });
    }
}

Result<std::unique_ptr<Channel>> Sources::open(const std::string& name,
                                               const PcscOptions& options) {
    const auto element =
        std::ranges::find_if(elements_, [&](const Element& each) { return each.name == name; });
    if (element != elements_.end()) {
        return connect_element(element->socket_path, options.stop, options.limits);
    }
    return pcsc_.connect(name, options);
}

}  // namespace mitome::reader
