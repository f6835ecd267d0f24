// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/base/secret.hpp>
#include <mitome/http/client.hpp>
#include <mitome/wallet/ports.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace mitome::client {

using StopCode = Secret<10>;

/// The registration service over mutual TLS, as the phone whose device certificate is shown. What
/// the network does wrong comes back as a refusal of the catalogue (`service_unavailable`,
/// `peer_unverified`, …), so that an error of the element or the card stays recognisable.
class Registration final : public wallet::Registration, public wallet::Contact {
public:
    [[nodiscard]] static Result<std::unique_ptr<Registration>> connect(std::uint16_t port,
                                                                       http::TlsIdentity device);

    [[nodiscard]] wallet::Reply<wallet::Order> open_order(wallet::Kinds kinds,
                                                          wallet::OrderFor purpose) override;
    [[nodiscard]] wallet::Reply<std::optional<wallet::Order>> open_order_of_this_phone() override;
    [[nodiscard]] wallet::Reply<Recovered> recover(const wallet::RunScript& run) override;
    [[nodiscard]] wallet::Reply<wallet::More> administer(const wallet::RunScript& run) override;
    [[nodiscard]] wallet::Reply<Bytes> certification(BytesView message) override;

    [[nodiscard]] wallet::Reply<wallet::PhoneStanding> standing() override;
    [[nodiscard]] wallet::Reply<std::vector<wallet::Notice>> notices(std::uint64_t after) override;
    [[nodiscard]] wallet::Reply<std::vector<wallet::FormerPhone>> former() override;
    [[nodiscard]] wallet::Reply<void> hand_over(BytesView receipt) override;

    /// Ten digits that put the phone on hold, shown once; those before them are void.
    [[nodiscard]] wallet::Reply<StopCode> new_stop_code();
    struct WrongStopCode {
        unsigned tries_left;
    };
    using Stopped = std::variant<std::vector<pki::Kind>, WrongStopCode>;
    /// Puts a phone on hold; `element` is hexadecimal. Not sent again by itself: it may cost a try.
    [[nodiscard]] wallet::Reply<Stopped> stop(std::string_view element, const StopCode& code);

    /// Hexadecimal, as the device certificate names it.
    [[nodiscard]] const std::string& element() const { return element_; }

private:
    Registration(std::unique_ptr<http::Client> client, std::string element)
        : client_(std::move(client)), element_(std::move(element)) {}
    /// The body that a GET answers; everything else is a refusal.
    [[nodiscard]] wallet::Reply<Bytes> get(std::string path, std::string query = {});
    [[nodiscard]] wallet::Reply<http::Response> send(const http::Request& request, bool repeatable);

    std::unique_ptr<http::Client> client_;
    std::string element_;
};

}  // namespace mitome::client
