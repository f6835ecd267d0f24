// SPDX-License-Identifier: Apache-2.0
#include "outcome.hpp"

#include <mitome/base/log.hpp>

#include <cerrno>
#include <filesystem>

namespace mitome::cli {

catalogue::Code code_for(const Error& error) {
    using catalogue::Code;
    switch (error.fault) {
        case Fault::malformed: return Code::answer_malformed;
        case Fault::unverified: return Code::peer_unverified;
        case Fault::denied: return Code::request_refused;
        case Fault::absent: return Code::service_unavailable;
        case Fault::conflict: return Code::home_busy;
        case Fault::unavailable: return Code::service_unavailable;
        case Fault::broken: return Code::broken;
    }
    return Code::broken;
}

std::unexpected<Failure> stop_with(const Error& error) {
    log(Level::debug, "verb: stopped", {{"error", error}});
    return stop(code_for(error));
}

Failure file_failure(const Error& error, const std::string& path) {
    using catalogue::Code;
    const auto with = [&](Code code) { return Failure{code, {{"file", path}}}; };
    switch (error.fault) {
        case Fault::absent: return with(Code::file_absent);
        case Fault::denied: return with(Code::file_unreadable);
        case Fault::malformed:
            return with(error.code == EISDIR || error.code == 0 ? Code::file_is_folder
                                                                : Code::file_unsupported);
        case Fault::unavailable:
            return with(error.code == ENOSPC || error.code == EDQUOT ? Code::disk_full
                                                                     : Code::file_unwritable);
        case Fault::unverified:
        case Fault::conflict:
        case Fault::broken: return with(Code::broken);
    }
    return with(Code::broken);
}

Failure output_failure(const Error& error, const std::string& path) {
    auto failure = file_failure(error, path);
    if (error.fault == Fault::denied) failure.code = catalogue::Code::file_unwritable;
    if (error.fault == Fault::absent)  // its folder is what is missing
        failure.values = {{"file", std::filesystem::path{path}.parent_path().string()}};
    return failure;
}

}  // namespace mitome::cli
