// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "stop.hpp"

#include <mitome/element/element.hpp>

#include <string>

namespace mitome::element_process {

/// An element as a card in a virtual reader: connects to vpcd of vsmartcard and answers it.
class VirtualCard {
public:
    /// `port` already includes the slot. Only numeric loopback addresses make sense here.
    VirtualCard(element::Element& element, std::string host, std::uint16_t port, const Stop& stop)
        : element_(element), host_(std::move(host)), port_(port), stop_(stop) {}

    /// Connects, and again whenever the reader goes away, until the stop.
    void run();

private:
    [[nodiscard]] Descriptor connect() const;
    void serve(int reader);

    element::Element& element_;
    std::string host_;
    std::uint16_t port_;
    const Stop& stop_;
};

}  // namespace mitome::element_process
