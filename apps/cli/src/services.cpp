// SPDX-License-Identifier: Apache-2.0
#include "services.hpp"

#include "sandbox_state.hpp"

#include <mitome/base/file.hpp>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace mitome::cli {
namespace {

std::uint16_t port_of(const SandboxState::Ports& ports, Service::Name name) {
    switch (name) {
        case Service::Name::authority: return ports.authority;
        case Service::Name::registration: return ports.registration;
        case Service::Name::maker: return ports.maker;
        case Service::Name::status: return ports.status;
    }
    return 0;
}

}  // namespace

Result<http::TlsIdentity> load_identity(const std::filesystem::path& folder,
                                        std::string_view role) {
    const std::string name{role};
    MITOME_TRY(certificate, read_file(folder / (name + ".pem")));
    MITOME_TRY(key, read_secret_file(folder / (name + ".key")));
    MITOME_TRY(trusted, read_file(folder / "ca.pem"));
    return http::TlsIdentity{std::string{text(certificate)}, std::move(key),
                             std::string{text(trusted)}};
}

Failure failure_of(const http::Response& problem) {
    boost::system::error_code error;
    const auto document = boost::json::parse(text(problem.body), error);
    if (!error && document.is_object())
        if (const auto* code = document.get_object().if_contains("code");
            code != nullptr && code->is_string())
            if (const auto known = catalogue::find(code->get_string())) return Failure{*known};
    if (problem.status == 503) return Failure{catalogue::Code::service_busy};
    return Failure{catalogue::Code::answer_malformed};
}

Attempt<Service> Service::connect(const Home& home, Name name, std::string_view role) {
    auto state = require_sandbox(home);
    if (!state) return std::unexpected{state.error()};
    auto identity = load_identity(home.tls(), role);
    if (!identity) return stop(catalogue::Code::sandbox_down);
    http::Url url;
    url.tls = true;
    url.host = "127.0.0.1";
    url.port = port_of(state->ports, name);
    http::Client::Options options;
    options.tls = std::move(*identity);
    auto client = http::Client::create(url, std::move(options));
    if (!client) return stop_with(client.error());
    return Service{std::move(*client)};
}

Attempt<boost::json::value> Service::call(std::string_view method, std::string path,
                                          const boost::json::value& body) {
    http::Request request;
    request.method = method;
    const auto question = path.find('?');
    if (question != std::string::npos) {
        request.query = path.substr(question + 1);
        path.resize(question);
    }
    request.path = std::move(path);
    if (!body.is_null()) {
        request.headers.push_back({"Content-Type", "application/json"});
        request.body = copy(view(boost::json::serialize(body)));
    }
    const auto response = client_->send(request, method == "GET");
    if (!response && response.error().fault == Fault::unverified)
        return stop(catalogue::Code::peer_unverified);
    if (!response) return stop(catalogue::Code::service_unavailable);
    if (response->status >= 400) return std::unexpected{failure_of(*response)};
    if (response->body.empty()) return boost::json::value{nullptr};
    boost::system::error_code error;
    auto answer = boost::json::parse(text(response->body), error);
    if (error) return stop(catalogue::Code::answer_malformed);
    return answer;
}

}  // namespace mitome::cli
