// SPDX-License-Identifier: Apache-2.0
#include "problem.hpp"

namespace mitome::authority {

http::Response problem_of(const Error& error, std::string_view conflict) {
    const std::string_view title = error.what.text;
    switch (error.fault) {
        case Fault::malformed: return http::problem(400, "request_refused", title);
        case Fault::unverified: return http::problem(422, "request_refused", title);
        case Fault::denied: return http::problem(422, "profile_refused", title);
        case Fault::absent: return http::problem(404, "certificate_unknown", title);
        case Fault::conflict: return http::problem(409, conflict, title);
        case Fault::unavailable: return http::problem(503, "service_unavailable", title);
        case Fault::broken: return http::problem(500, "broken", title);
    }
    return http::problem(500, "broken", title);
}

}  // namespace mitome::authority
