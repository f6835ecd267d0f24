// SPDX-License-Identifier: Apache-2.0
#include "refused.hpp"

#include <mitome/base/log.hpp>
#include <mitome/catalogue/catalogue.hpp>

namespace mitome::registration {
namespace {

using catalogue::Code;

/// The status of the one code, or that of everything which the state of things forbids.
unsigned status_of(Code code) {
    if (code == Code::request_refused || code == Code::certificate_malformed) return 400;
    if (code == Code::not_authorized || code == Code::phone_of_another ||
        code == Code::sandbox_only || code == Code::attestation_refused ||
        code == Code::receipt_bad || code == Code::stop_code_wrong ||
        code == Code::stop_code_locked || code == Code::second_person_needed)
        return 403;
    if (code == Code::resident_absent || code == Code::order_expired ||
        code == Code::approval_absent || code == Code::subject_without_certificate ||
        code == Code::certificate_unknown)
        return 404;
    if (code == Code::service_unavailable || code == Code::service_busy || code == Code::disk_full)
        return 503;
    if (code == Code::broken || code == Code::store_damaged) return 500;
    return 409;
}

}  // namespace

Refused refused(const Error& error) {
    log(Level::warning, "failed", {{"because", error}});
    switch (error.fault) {
        case Fault::malformed: return {Code::request_refused, "the request is not well formed"};
        case Fault::unverified: return {Code::attestation_refused, "a proof did not hold"};
        case Fault::denied: return {Code::not_authorized, "policy says no"};
        case Fault::absent: return {Code::request_refused, "there is no such thing"};
        case Fault::conflict: return {Code::order_open, "the state does not allow this"};
        case Fault::unavailable: return {Code::service_unavailable, "not now"};
        case Fault::broken: break;
    }
    return {Code::broken, "our own fault"};
}

http::Response problem_of(const Refused& refused) {
    const auto& row = catalogue::failure(refused.code);
    log(Level::info, "refused", {{"code", row.code}, {"title", refused.title.text}});
    return http::problem(status_of(refused.code), row.code, refused.title.text);
}

}  // namespace mitome::registration
