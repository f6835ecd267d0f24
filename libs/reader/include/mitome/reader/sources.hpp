// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/reader/pcsc.hpp>

#include <chrono>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

namespace mitome::reader {

/// A place where a token may be.
struct Place {
    enum class Path : std::uint8_t { pcsc, element };

    std::string name;
    Path path = Path::pcsc;
    Presence presence = Presence::empty;
    std::uint32_t events = 0;  ///< as in ReaderState; 0 for an element

    bool operator==(const Place&) const = default;
};

/// Every place of this machine under one name each: PC/SC's readers by their own names, elements
/// by the names given here. An element's name hides a reader of the same name.
class Sources {
public:
    void add_element(std::string name, std::string socket_path);

    /// Elements first, as added. Without pcscd the readers are missing, which is no failure:
    /// `pcsc_runs` tells.
    [[nodiscard]] Result<std::vector<Place>> places();
    [[nodiscard]] bool pcsc_runs() const { return pcsc_runs_; }

    /// As `Pcsc::wait_for_change`; an element or daemon that comes or goes counts as a change.
    [[nodiscard]] Result<std::vector<Place>> wait_for_change(const std::vector<Place>& known,
                                                             std::chrono::milliseconds limit,
                                                             const std::stop_token& stop = {});

    /// `absent` with `code::unknown_reader` when no place has that name.
    [[nodiscard]] Result<std::unique_ptr<Channel>> open(const std::string& name,
                                                        const PcscOptions& options = {});

private:
    struct Element {
        std::string name;
        std::string socket_path;
    };
    std::vector<Element> elements_;
    Pcsc pcsc_;
    bool pcsc_runs_ = false;
};

}  // namespace mitome::reader
