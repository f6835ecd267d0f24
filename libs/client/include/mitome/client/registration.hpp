// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/http/client.hpp>
#include <mitome/wallet/ports.hpp>

#include <cstdint>
#include <memory>

namespace mitome::client {

/// The registration service over mutual TLS, as the phone whose device certificate is shown. What
/// the network does wrong comes back as a refusal of the catalogue (`service_unavailable`,
/// `peer_unverified`, …), so that an error of the element or the card stays recognisable.
class Registration final : public wallet::Registration {
public:
    [[nodiscard]] static Result<std::unique_ptr<Registration>> connect(std::uint16_t port,
                                                                       http::TlsIdentity device);

    [[nodiscard]] wallet::Reply<wallet::Order> open_order(wallet::Kinds kinds) override;
    [[nodiscard]] wallet::Reply<std::optional<wallet::Order>> open_order_of_this_phone() override;
    [[nodiscard]] wallet::Reply<Recovered> recover(const wallet::RunScript& run) override;
    [[nodiscard]] wallet::Reply<void> administer(const wallet::RunScript& run) override;
    [[nodiscard]] wallet::Reply<Bytes> certification(BytesView message) override;

private:
    Registration(std::unique_ptr<http::Client> client, std::string element)
        : client_(std::move(client)), element_(std::move(element)) {}
    [[nodiscard]] wallet::Reply<http::Response> send(const http::Request& request, bool repeatable);

    std::unique_ptr<http::Client> client_;
    std::string element_;  ///< hexadecimal, as the device certificate names it
};

}  // namespace mitome::client
