// SPDX-License-Identifier: Apache-2.0
#pragma once

// PKCS#11 2.40 as far as it is needed here: a module that is loaded and initialised once for
// all who use it, attribute lists, and its return values as faults.

#include <mitome/base/bytes.hpp>

#include <p11-kit/pkcs11.h>

#include <deque>
#include <filesystem>
#include <optional>
#include <vector>

namespace mitome::crypto {

/// One use of a module; the last one to go finalises and unloads it.
class Module {
public:
    /// `unavailable` when it does not load or initialise.
    [[nodiscard]] static Result<Module> load(const std::filesystem::path& path);
    Module(Module&& other) noexcept;
    Module& operator=(Module&&) = delete;
    ~Module();

    [[nodiscard]] CK_FUNCTION_LIST& functions() const { return *functions_; }

private:
    Module(std::filesystem::path path, CK_FUNCTION_LIST* functions);
    std::filesystem::path path_;
    CK_FUNCTION_LIST* functions_;
};

/// An attribute list that owns its values.
class Attributes {
public:
    Attributes& octets(CK_ATTRIBUTE_TYPE type, BytesView value);
    Attributes& number(CK_ATTRIBUTE_TYPE type, CK_ULONG value);
    Attributes& yes(CK_ATTRIBUTE_TYPE type);
    Attributes& no(CK_ATTRIBUTE_TYPE type);

    [[nodiscard]] CK_ATTRIBUTE* list() { return list_.data(); }
    [[nodiscard]] CK_ULONG count() const { return list_.size(); }

private:
    std::deque<Bytes> values_;  // addresses stay as it grows
    std::vector<CK_ATTRIBUTE> list_;
};

/// PKCS#11 declares what it only reads as non-const.
[[nodiscard]] inline CK_BYTE* unconst(BytesView octets) {
    return const_cast<CK_BYTE*>(octets.data());
}

/// True when the session, the login or the handles that went with them are gone and opening
/// them anew may help.
[[nodiscard]] bool is_loss(CK_RV answer);

/// The return value as an error; `answer` travels as its code.
[[nodiscard]] std::unexpected<Error> from_module(CK_RV answer, Literal what);

/// The value of one attribute.
[[nodiscard]] CK_RV read_attribute(CK_FUNCTION_LIST& functions, CK_SESSION_HANDLE session,
                                   CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, Bytes& out);

/// The slot whose initialised token has that label.
[[nodiscard]] Result<CK_SLOT_ID> find_token(CK_FUNCTION_LIST& functions, std::string_view label);

/// The first slot with a token that is not initialised.
[[nodiscard]] Result<CK_SLOT_ID> find_blank(CK_FUNCTION_LIST& functions);

}  // namespace mitome::crypto
