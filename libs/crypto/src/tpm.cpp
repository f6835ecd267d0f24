// SPDX-License-Identifier: Apache-2.0
#include "tpm.hpp"

#include "sealed_blob.hpp"

#include <mitome/crypto/openssl.hpp>

#include <tss2/tss2_esys.h>
#include <tss2/tss2_tctildr.h>

#include <algorithm>
#include <memory>
#include <optional>

namespace mitome::crypto {
namespace {

template <class T>
using Given = std::unique_ptr<T, Releases<Esys_Free>>;  // what ESYS allocates

/// TPM 2.0 Library part 2 §6.6: format-one codes carry the parameter's or handle's number in the
/// other bits.
std::optional<TPM2_RC> format_one(TSS2_RC code) {
    constexpr TSS2_RC number_of_error = 0x3F;
    if (!(code & TPM2_RC_FMT1)) return std::nullopt;
    return TPM2_RC_FMT1 | (code & number_of_error);
}

std::unexpected<Error> from_tpm(TSS2_RC code, Literal what) {
    const auto layer = code & TSS2_RC_LAYER_MASK;
    if (layer == TSS2_TPM_RC_LAYER || layer == TSS2_RESMGR_TPM_RC_LAYER) {
        const auto reason = format_one(code);
        if (!reason) return fail(Fault::unavailable, what, code);  // busy, locked out, failed
        switch (*reason) {
            case TPM2_RC_AUTH_FAIL:
            case TPM2_RC_BAD_AUTH: return fail(Fault::denied, what, code);
            default: return fail(Fault::unverified, what, code);
        }
    }
    // Somebody between us and the TPM changed its answer.
    if (code == TSS2_ESYS_RC_RSP_AUTH_FAILED) return fail(Fault::unverified, what, code);
    if (layer == TSS2_TCTI_RC_LAYER || layer == TSS2_RESMGR_RC_LAYER)
        return fail(Fault::unavailable, what, code);
    const auto reason = code & ~TSS2_RC_LAYER_MASK;
    if (reason == TSS2_BASE_RC_IO_ERROR || reason == TSS2_BASE_RC_NO_CONNECTION ||
        reason == TSS2_BASE_RC_MALFORMED_RESPONSE)
        return fail(Fault::unavailable, what, code);
    return fail(Fault::broken, what, code);
}

/// A conversation with one TPM. Ends with TPM2_Shutdown: a TPM that loses power without it counts
/// that against its dictionary-attack lock-out.
class Tpm {
public:
    static Result<std::unique_ptr<Tpm>> open(const std::string& tcti) {
        std::unique_ptr<Tpm> tpm{new Tpm};
        auto code = ::Tss2_TctiLdr_Initialize(tcti.c_str(), &tpm->transport_);
        if (code != TSS2_RC_SUCCESS) return fail(Fault::unavailable, "tpm: does not answer", code);
        code = ::Esys_Initialize(&tpm->context_, tpm->transport_, nullptr);
        if (code != TSS2_RC_SUCCESS) return from_tpm(code, "tpm: does not answer");
        return tpm;
    }
    Tpm(const Tpm&) = delete;
    Tpm& operator=(const Tpm&) = delete;
    ~Tpm() {
        if (context_ != nullptr) {
            ::Esys_Shutdown(context_, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, TPM2_SU_CLEAR);
            ::Esys_Finalize(&context_);
        }
        if (transport_ != nullptr) ::Tss2_TctiLdr_Finalize(&transport_);
    }

    ESYS_CONTEXT* context() const { return context_; }

private:
    Tpm() = default;
    TSS2_TCTI_CONTEXT* transport_ = nullptr;
    ESYS_CONTEXT* context_ = nullptr;
};

/// An object or session in the TPM, which has room for three and no one to swap them.
class Loaded {
public:
    Loaded(ESYS_CONTEXT* context, ESYS_TR handle) : context_(context), handle_(handle) {}
    Loaded(Loaded&& other) noexcept
        : context_(other.context_), handle_(std::exchange(other.handle_, ESYS_TR_NONE)) {}
    Loaded& operator=(Loaded&&) = delete;
    ~Loaded() {
        if (handle_ != ESYS_TR_NONE) ::Esys_FlushContext(context_, handle_);
    }
    ESYS_TR handle() const { return handle_; }

private:
    ESYS_CONTEXT* context_;
    ESYS_TR handle_;
};

constexpr TPMT_SYM_DEF_OBJECT aes_128_cfb{
    .algorithm = TPM2_ALG_AES, .keyBits = {.aes = 128}, .mode = {.aes = TPM2_ALG_CFB}};

/// The storage key's template, after the TCG's for ECC P-256 (TCG EK Credential Profile, SRK).
/// The same template gives the same key each time, as long as the TPM has the same owner.
TPM2B_PUBLIC storage_key() {
    TPM2B_PUBLIC wanted{};
    auto& area = wanted.publicArea;
    area.type = TPM2_ALG_ECC;
    area.nameAlg = TPM2_ALG_SHA256;
    area.objectAttributes = TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT | TPMA_OBJECT_FIXEDTPM |
                            TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN |
                            TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_NODA;
    area.parameters.eccDetail.symmetric = aes_128_cfb;
    area.parameters.eccDetail.scheme.scheme = TPM2_ALG_NULL;
    area.parameters.eccDetail.curveID = TPM2_ECC_NIST_P256;
    area.parameters.eccDetail.kdf.scheme = TPM2_ALG_NULL;
    return wanted;
}

/// A sealed key leaves this TPM under no parent, and guessing at it counts for no lock-out.
TPM2B_PUBLIC sealed_object() {
    TPM2B_PUBLIC wanted{};
    auto& area = wanted.publicArea;
    area.type = TPM2_ALG_KEYEDHASH;
    area.nameAlg = TPM2_ALG_SHA256;
    area.objectAttributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |
                            TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_NODA;
    area.parameters.keyedHashDetail.scheme.scheme = TPM2_ALG_NULL;
    return wanted;
}

Result<Loaded> load_storage_key(const Tpm& tpm) {
    const auto wanted = storage_key();
    constexpr TPM2B_SENSITIVE_CREATE no_password{};
    constexpr TPM2B_DATA no_outside{};
    constexpr TPML_PCR_SELECTION no_registers{};
    ESYS_TR handle = ESYS_TR_NONE;
    const auto code = ::Esys_CreatePrimary(
        tpm.context(), ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &no_password,
        &wanted, &no_outside, &no_registers, &handle, nullptr, nullptr, nullptr, nullptr);
    if (code != TSS2_RC_SUCCESS) return from_tpm(code, "tpm: no storage key");
    return Loaded{tpm.context(), handle};
}

/// A session salted with the storage key, so that the secret crosses the bus enciphered.
Result<Loaded> start_session(const Tpm& tpm, const Loaded& storage, TPMA_SESSION enciphered) {
    constexpr TPMT_SYM_DEF aes{
        .algorithm = TPM2_ALG_AES, .keyBits = {.aes = 128}, .mode = {.aes = TPM2_ALG_CFB}};
    ESYS_TR handle = ESYS_TR_NONE;
    auto code = ::Esys_StartAuthSession(tpm.context(), storage.handle(), ESYS_TR_NONE, ESYS_TR_NONE,
                                        ESYS_TR_NONE, ESYS_TR_NONE, nullptr, TPM2_SE_HMAC, &aes,
                                        TPM2_ALG_SHA256, &handle);
    if (code != TSS2_RC_SUCCESS) return from_tpm(code, "tpm: no session");
    Loaded session{tpm.context(), handle};
    code = ::Esys_TRSess_SetAttributes(tpm.context(), handle,
                                       enciphered | TPMA_SESSION_CONTINUESESSION, 0xFF);
    if (code != TSS2_RC_SUCCESS) return from_tpm(code, "tpm: no session");
    return session;
}

Result<Given<TPM2B_NAME>> name_of(const Tpm& tpm, const Loaded& object) {
    TPM2B_NAME* name = nullptr;
    const auto code = ::Esys_TR_GetName(tpm.context(), object.handle(), &name);
    if (code != TSS2_RC_SUCCESS) return from_tpm(code, "tpm: no name");
    return Given<TPM2B_NAME>{name};
}

BytesView view_of(const TPM2B_NAME& name) { return {name.name, name.size}; }

template <class T>
void wipe_object(T& object) {
    wipe({reinterpret_cast<std::uint8_t*>(&object), sizeof object});
}

}  // namespace

Result<Bytes> tpm_seal(const std::string& tcti, const AesKey& key) {
    MITOME_TRY(tpm, Tpm::open(tcti));
    MITOME_TRY(storage, load_storage_key(*tpm));
    MITOME_TRY(session, start_session(*tpm, storage, TPMA_SESSION_DECRYPT));
    MITOME_TRY(name, name_of(*tpm, storage));

    TPM2B_SENSITIVE_CREATE content{};
    key.reveal([&](BytesView octets) {
        std::ranges::copy(octets, content.sensitive.data.buffer);
        content.sensitive.data.size = static_cast<UINT16>(octets.size());
    });
    const auto wanted = sealed_object();
    constexpr TPM2B_DATA no_outside{};
    constexpr TPML_PCR_SELECTION no_registers{};
    TPM2B_PRIVATE* kept = nullptr;
    TPM2B_PUBLIC* shown = nullptr;
    const auto code = ::Esys_Create(tpm->context(), storage.handle(), session.handle(),
                                    ESYS_TR_NONE, ESYS_TR_NONE, &content, &wanted, &no_outside,
                                    &no_registers, &kept, &shown, nullptr, nullptr, nullptr);
    wipe_object(content);
    if (code != TSS2_RC_SUCCESS) return from_tpm(code, "tpm: not sealed");
    const Given<TPM2B_PRIVATE> kept_owner{kept};
    const Given<TPM2B_PUBLIC> shown_owner{shown};
    return write_sealed_blob({*name, *shown, *kept});
}

Result<AesKey> tpm_unseal(const std::string& tcti, BytesView octets) {
    MITOME_TRY(blob, read_sealed_blob(octets));
    MITOME_TRY(tpm, Tpm::open(tcti));
    MITOME_TRY(storage, load_storage_key(*tpm));
    MITOME_TRY(name, name_of(*tpm, storage));
    // Also keeps a device on the bus from putting a storage key of its own in place of this one.
    if (!same(view_of(*name), view_of(blob.storage)))
        return fail(Fault::unverified, "tpm: another TPM sealed this key");
    ESYS_TR loaded = ESYS_TR_NONE;
    auto code = ::Esys_Load(tpm->context(), storage.handle(), ESYS_TR_PASSWORD, ESYS_TR_NONE,
                            ESYS_TR_NONE, &blob.kept, &blob.shown, &loaded);
    if (code != TSS2_RC_SUCCESS) return from_tpm(code, "tpm: the sealed key does not load");
    const Loaded object{tpm->context(), loaded};

    MITOME_TRY(session, start_session(*tpm, storage, TPMA_SESSION_ENCRYPT));
    TPM2B_SENSITIVE_DATA* content = nullptr;
    code = ::Esys_Unseal(tpm->context(), object.handle(), session.handle(), ESYS_TR_NONE,
                         ESYS_TR_NONE, &content);
    if (code != TSS2_RC_SUCCESS) return from_tpm(code, "tpm: not unsealed");
    const Given<TPM2B_SENSITIVE_DATA> owner{content};
    AesKey key;
    const bool whole =
        content->size == AesKey::capacity() && key.assign({content->buffer, content->size});
    wipe_object(*content);
    if (!whole) return fail(Fault::malformed, "tpm: not a sealed key");
    return key;
}

}  // namespace mitome::crypto
