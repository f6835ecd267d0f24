// SPDX-License-Identifier: Apache-2.0
#include "sealed_blob.hpp"

#include <tss2/tss2_mu.h>

#include <algorithm>

namespace mitome::crypto {
namespace {

constexpr std::string_view first_line = "mitome tpm sealed key 1\n";
constexpr std::size_t largest_blob = first_line.size() + sizeof(SealedBlob);

}  // namespace

Result<Bytes> write_sealed_blob(const SealedBlob& blob) {
    Bytes out(largest_blob);
    std::ranges::copy(view(first_line), out.begin());
    std::size_t at = first_line.size();
    auto code = ::Tss2_MU_TPM2B_NAME_Marshal(&blob.storage, out.data(), out.size(), &at);
    if (code == TSS2_RC_SUCCESS)
        code = ::Tss2_MU_TPM2B_PUBLIC_Marshal(&blob.shown, out.data(), out.size(), &at);
    if (code == TSS2_RC_SUCCESS)
        code = ::Tss2_MU_TPM2B_PRIVATE_Marshal(&blob.kept, out.data(), out.size(), &at);
    if (code != TSS2_RC_SUCCESS) return fail(Fault::broken, "tpm: blob not written", code);
    out.resize(at);
    return out;
}

Result<SealedBlob> read_sealed_blob(BytesView octets) {
    if (octets.size() < first_line.size() || octets.size() > largest_blob ||
        text(octets.first(first_line.size())) != first_line)
        return fail(Fault::malformed, "tpm: not a sealed key");
    SealedBlob blob{};
    std::size_t at = first_line.size();
    auto code = ::Tss2_MU_TPM2B_NAME_Unmarshal(octets.data(), octets.size(), &at, &blob.storage);
    if (code == TSS2_RC_SUCCESS)
        code = ::Tss2_MU_TPM2B_PUBLIC_Unmarshal(octets.data(), octets.size(), &at, &blob.shown);
    if (code == TSS2_RC_SUCCESS)
        code = ::Tss2_MU_TPM2B_PRIVATE_Unmarshal(octets.data(), octets.size(), &at, &blob.kept);
    if (code != TSS2_RC_SUCCESS || at != octets.size())
        return fail(Fault::malformed, "tpm: not a sealed key", code);
    // The library reads over a TPM2B_PUBLIC whose inner length is wrong.
    blob.shown.size = 0;
    const auto again = write_sealed_blob(blob);
    if (!again || !same(*again, octets)) return fail(Fault::malformed, "tpm: not a sealed key");
    return blob;
}

}  // namespace mitome::crypto
