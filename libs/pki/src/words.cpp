// SPDX-License-Identifier: Apache-2.0
// The words that files, wires and people see.
#include <mitome/pki/certificate.hpp>

#include <array>
#include <utility>

namespace mitome::pki {

namespace {

constexpr std::array<std::pair<Reason, std::string_view>, 10> reasons{{
    {Reason::unspecified, "unspecified"},
    {Reason::key_compromise, "keyCompromise"},
    {Reason::ca_compromise, "cACompromise"},
    {Reason::affiliation_changed, "affiliationChanged"},
    {Reason::superseded, "superseded"},
    {Reason::cessation_of_operation, "cessationOfOperation"},
    {Reason::certificate_hold, "certificateHold"},
    {Reason::remove_from_crl, "removeFromCRL"},
    {Reason::privilege_withdrawn, "privilegeWithdrawn"},
    {Reason::aa_compromise, "aACompromise"},
}};

}  // namespace

std::string_view name_of(Ca ca) {
    switch (ca) {
        case Ca::card_sign: return "card-sign";
        case Ca::card_auth: return "card-auth";
        case Ca::phone_sign: return "phone-sign";
        case Ca::phone_auth: return "phone-auth";
    }
    return {};
}

std::optional<Ca> ca_of(std::string_view name) {
    for (const Ca ca : all_cas) {
        if (name_of(ca) == name) return ca;
    }
    return std::nullopt;
}

std::string_view name_of(Kind kind) {
    switch (kind) {
        case Kind::sign: return "sign";
        case Kind::auth: return "auth";
    }
    return {};
}

std::string_view name_of(Reason reason) {
    for (const auto& [value, name] : reasons) {
        if (value == reason) return name;
    }
    return {};
}

std::optional<Reason> reason_of(std::string_view name) {
    for (const auto& [value, known] : reasons) {
        if (known == name) return value;
    }
    return std::nullopt;
}

}  // namespace mitome::pki
