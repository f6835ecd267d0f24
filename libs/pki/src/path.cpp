// SPDX-License-Identifier: Apache-2.0
#include "openssl_x509.hpp"

#include <mitome/pki/path.hpp>

namespace mitome::pki {
namespace {

constexpr int max_depth = 4;        // intermediates; JPKI has none, an attestation one
constexpr int strength_level = 2;   // 112 bits, as SP 800-57 part 1 asks for

PathOutcome outcome_of(int error) {
    switch (error) {
        case X509_V_OK: return PathOutcome::trusted;
        case X509_V_ERR_CERT_HAS_EXPIRED: return PathOutcome::expired;
        case X509_V_ERR_CERT_NOT_YET_VALID: return PathOutcome::not_yet_valid;
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
        case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        case X509_V_ERR_CERT_UNTRUSTED:
        case X509_V_ERR_CERT_SIGNATURE_FAILURE:
        case X509_V_ERR_CERT_CHAIN_TOO_LONG: return PathOutcome::untrusted;
        default: return PathOutcome::unfit;
    }
}

}  // namespace

PathOutcome check_path(const Certificate& leaf, std::span<const Bytes> others, Anchors anchors,
                       Time at) {
    const auto target = x509_of(leaf.der());
    X509List untrusted{sk_X509_new_null()};
    X509List trusted{sk_X509_new_null()};
    const X509Context context{X509_STORE_CTX_new()};
    if (!target || !untrusted || !trusted || !context) {
        return PathOutcome::unfit;
    }
    for (const auto& der : others) {
        add_to(*untrusted, x509_of(der));  // one that cannot be read helps no path
    }
    for (const auto& anchor : anchors) {
        add_to(*trusted, x509_of(anchor.der()));
    }
    if (X509_STORE_CTX_init(context.get(), nullptr, target.get(), untrusted.get()) != 1) {
        ERR_clear_error();
        return PathOutcome::unfit;
    }
    X509_STORE_CTX_set0_trusted_stack(context.get(), trusted.get());
    auto* parameters = X509_STORE_CTX_get0_param(context.get());
    X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_PARTIAL_CHAIN);
    X509_VERIFY_PARAM_set_depth(parameters, max_depth);
    X509_VERIFY_PARAM_set_auth_level(parameters, strength_level);
    X509_VERIFY_PARAM_set_time(parameters, at.time_since_epoch().count());

    const int verified = X509_verify_cert(context.get());
    const int error = X509_STORE_CTX_get_error(context.get());
    ERR_clear_error();  // a bad certificate is a finding, not a fault of ours
    if (verified != 1) {
        return error == X509_V_OK ? PathOutcome::unfit : outcome_of(error);
    }
    return PathOutcome::trusted;
}

}  // namespace mitome::pki
