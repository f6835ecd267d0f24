// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "context.hpp"

#include <mitome/http/client.hpp>

#include <boost/json/value.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace mitome::cli {

/// One of the sandbox's services as one of its roles sees it, over mutual TLS.
class Service {
public:
    enum class Name : std::uint8_t { authority, registration, maker, status };

    /// `role` names the client certificate: "desk" or "operator".
    [[nodiscard]] static Attempt<Service> connect(const Home& home, Name name,
                                                  std::string_view role);

    /// A JSON request. A problem document becomes the failure that its code names.
    [[nodiscard]] Attempt<boost::json::value> call(std::string_view method, std::string path,
                                                   const boost::json::value& body = nullptr);

private:
    explicit Service(std::unique_ptr<http::Client> client) : client_(std::move(client)) {}
    std::unique_ptr<http::Client> client_;
};

/// The TLS identity kept as `FOLDER/ROLE.pem` and `FOLDER/ROLE.key`, trusting `FOLDER/ca.pem`.
[[nodiscard]] Result<http::TlsIdentity> load_identity(const std::filesystem::path& folder,
                                                      std::string_view role);

/// The failure that a problem document names; `answer_malformed` when it names none of ours.
[[nodiscard]] Failure failure_of(const http::Response& problem);

}  // namespace mitome::cli
