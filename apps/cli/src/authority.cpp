// SPDX-License-Identifier: Apache-2.0
#include "anchors.hpp"
#include "sandbox_state.hpp"
#include "services.hpp"
#include "verbs.hpp"

#include <boost/json/object.hpp>

namespace mitome::cli {

using catalogue::Code;

Outcome authority_revoke(const Context& context, const Revocation& revocation) {
    auto ca_name = revocation.ca;
    auto serial = revocation.serial;
    if (revocation.certificate) {
        auto certificate = load_certificate(*revocation.certificate);
        if (!certificate) return std::unexpected{certificate.error()};
        if (auto state = require_sandbox(context.home); !state)
            return std::unexpected{state.error()};
        const auto ca = sandbox_ca_of(context, *certificate);
        if (!ca) return std::unexpected{ca.error()};
        if (!*ca) return stop(Code::certificate_unknown);
        ca_name = pki::name_of(**ca);
        serial = to_hex(certificate->serial());
    }
    if (ca_name.empty() || serial.empty())
        return stop(catalogue::variant(Code::usage, "missing"),
                    {{"argument", ca_name.empty() && serial.empty() ? "--certificate"
                                  : ca_name.empty()                 ? "--ca"
                                                                    : "--serial"}});
    if (!pki::ca_of(ca_name)) return stop(Code::authority_absent, {{"name", ca_name}});
    if (!from_hex(serial))
        return stop(catalogue::variant(Code::usage, "value"), {{"argument", "--serial"}});
    const auto reason = revocation.reason.empty() ? std::string{"unspecified"} : revocation.reason;
    if (const auto known = pki::reason_of(reason); !known || *known == pki::Reason::remove_from_crl)
        return stop(Code::reason_unknown, {{"name", reason}});

    auto authority = Service::connect(context.home, Service::Name::authority, "operator");
    if (!authority) return std::unexpected{authority.error()};
    auto answer = authority->call(
        "POST", "/revoke",
        boost::json::object{{"ca", ca_name}, {"serial", serial}, {"reason", reason}});
    if (!answer) return std::unexpected{answer.error()};
    if (!answer->is_object()) return stop(Code::answer_malformed);
    auto& json = answer->get_object();
    json["ca"] = ca_name;
    json["serial"] = serial;
    json["reason"] = reason;
    std::string words{context.word(reason == "certificateHold"
                                       ? catalogue::Word{"cli.revoke.held"}
                                       : catalogue::Word{"cli.revoke.done"})};
    words += "\n" +
             context.sentence("cli.revoke.which",
                              {{"issuer", ca_name}, {"serial", serial}, {"reason", reason}}) +
             "\n";
    return Answer{std::move(*answer), words};
}

}  // namespace mitome::cli
