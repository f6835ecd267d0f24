// SPDX-License-Identifier: Apache-2.0
#include "cryptoki.hpp"

#include <mitome/base/log.hpp>

#include <dlfcn.h>

#include <cstring>
#include <map>
#include <mutex>

namespace mitome::crypto {
namespace {

/// A module counts as one application per process (PKCS#11 §6.6), so its users are counted here.
struct Loaded {
    void* library = nullptr;
    CK_FUNCTION_LIST* functions = nullptr;
    std::size_t users = 0;
    bool initialised_by_us = false;
};

struct Shelf {
    std::mutex mutex;
    std::map<std::filesystem::path, Loaded> modules;
};

Shelf& shelf() {
    static Shelf one;
    return one;
}

Result<Loaded> load_and_initialise(const std::filesystem::path& path) {
    Loaded loaded{.library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL)};
    if (loaded.library == nullptr) {
        const char* const reason = ::dlerror();
        log(Level::error, "hsm: the module does not load",
            {{"reason", std::string_view{reason == nullptr ? "unknown" : reason}}});
        return fail(Fault::unavailable, "hsm: the module does not load");
    }
    const auto give_list =
        reinterpret_cast<CK_C_GetFunctionList>(::dlsym(loaded.library, "C_GetFunctionList"));
    if (give_list == nullptr || give_list(&loaded.functions) != CKR_OK) {
        ::dlclose(loaded.library);
        return fail(Fault::unavailable, "hsm: not a PKCS#11 module");
    }
    CK_C_INITIALIZE_ARGS threads{};
    threads.flags = CKF_OS_LOCKING_OK;
    const auto answer = loaded.functions->C_Initialize(&threads);
    if (answer != CKR_OK && answer != CKR_CRYPTOKI_ALREADY_INITIALIZED) {
        ::dlclose(loaded.library);
        return from_module(answer, "hsm: the module does not start");
    }
    loaded.initialised_by_us = answer == CKR_OK;
    return loaded;
}

std::string_view trimmed(std::string_view label) {
    const auto last = label.find_last_not_of(' ');
    return last == std::string_view::npos ? std::string_view{} : label.substr(0, last + 1);
}

/// The first slot whose token satisfies `wanted`, if any.
Result<std::optional<CK_SLOT_ID>> first_slot(CK_FUNCTION_LIST& functions, auto&& wanted) {
    CK_ULONG count = 0;
    auto answer = functions.C_GetSlotList(CK_TRUE, nullptr, &count);
    if (answer != CKR_OK) return from_module(answer, "hsm: no list of slots");
    std::vector<CK_SLOT_ID> slots(count);
    answer = functions.C_GetSlotList(CK_TRUE, slots.data(), &count);
    if (answer != CKR_OK) return from_module(answer, "hsm: no list of slots");
    slots.resize(count);
    for (const auto slot : slots) {
        CK_TOKEN_INFO token{};
        if (functions.C_GetTokenInfo(slot, &token) == CKR_OK && wanted(token))
            return std::optional{slot};
    }
    return std::optional<CK_SLOT_ID>{};
}

}  // namespace

Module::Module(std::filesystem::path path, CK_FUNCTION_LIST* functions)
    : path_(std::move(path)), functions_(functions) {}

Module::Module(Module&& other) noexcept
    : path_(std::move(other.path_)), functions_(std::exchange(other.functions_, nullptr)) {}

Result<Module> Module::load(const std::filesystem::path& path) {
    const std::scoped_lock lock{shelf().mutex};
    auto& entry = shelf().modules[path];
    if (entry.users == 0) {
        MITOME_TRY(loaded, load_and_initialise(path));
        entry = loaded;
    }
    ++entry.users;
    return Module{path, entry.functions};
}

Module::~Module() {
    if (functions_ == nullptr) return;
    const std::scoped_lock lock{shelf().mutex};
    auto& entry = shelf().modules[path_];
    if (--entry.users != 0) return;
    if (entry.initialised_by_us) entry.functions->C_Finalize(nullptr);
    ::dlclose(entry.library);
    entry = {};
}

Attributes& Attributes::octets(CK_ATTRIBUTE_TYPE type, BytesView value) {
    auto& kept = values_.emplace_back(copy(value));
    list_.push_back({type, kept.data(), kept.size()});
    return *this;
}

Attributes& Attributes::number(CK_ATTRIBUTE_TYPE type, CK_ULONG value) {
    Bytes raw(sizeof value);
    std::memcpy(raw.data(), &value, sizeof value);
    return octets(type, raw);
}

Attributes& Attributes::yes(CK_ATTRIBUTE_TYPE type) { return octets(type, Bytes{CK_TRUE}); }

Attributes& Attributes::no(CK_ATTRIBUTE_TYPE type) { return octets(type, Bytes{CK_FALSE}); }

bool is_loss(CK_RV answer) {
    switch (answer) {
        case CKR_SESSION_HANDLE_INVALID:
        case CKR_SESSION_CLOSED:
        case CKR_USER_NOT_LOGGED_IN:
        case CKR_KEY_HANDLE_INVALID:
        case CKR_OBJECT_HANDLE_INVALID:
        case CKR_DEVICE_ERROR:
        case CKR_DEVICE_REMOVED:
        case CKR_TOKEN_NOT_PRESENT: return true;
        default: return false;
    }
}

std::unexpected<Error> from_module(CK_RV answer, Literal what) {
    const auto code = static_cast<std::uint32_t>(answer);
    if (is_loss(answer)) return fail(Fault::unavailable, what, code);
    switch (answer) {
        case CKR_PIN_INCORRECT:
        case CKR_PIN_INVALID:
        case CKR_PIN_LEN_RANGE:
        case CKR_PIN_EXPIRED:
        case CKR_PIN_LOCKED:
        case CKR_USER_PIN_NOT_INITIALIZED:
        case CKR_TOKEN_WRITE_PROTECTED:
        case CKR_ACTION_PROHIBITED:
        case CKR_FUNCTION_REJECTED: return fail(Fault::denied, what, code);
        case CKR_KEY_CHANGED: return fail(Fault::absent, what, code);
        case CKR_GENERAL_ERROR:
        case CKR_FUNCTION_FAILED:
        case CKR_FUNCTION_CANCELED:
        case CKR_HOST_MEMORY:
        case CKR_DEVICE_MEMORY:
        case CKR_SESSION_COUNT:
        case CKR_TOKEN_NOT_RECOGNIZED:
        case CKR_CRYPTOKI_NOT_INITIALIZED:
        case CKR_LIBRARY_LOAD_FAILED: return fail(Fault::unavailable, what, code);
        default: return fail(Fault::broken, what, code);
    }
}

CK_RV read_attribute(CK_FUNCTION_LIST& functions, CK_SESSION_HANDLE session,
                     CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, Bytes& out) {
    CK_ATTRIBUTE asked{type, nullptr, 0};
    auto answer = functions.C_GetAttributeValue(session, object, &asked, 1);
    if (answer != CKR_OK) return answer;
    if (asked.ulValueLen == ~CK_ULONG{0}) return CKR_ATTRIBUTE_SENSITIVE;
    out.resize(asked.ulValueLen);
    asked.pValue = out.data();
    answer = functions.C_GetAttributeValue(session, object, &asked, 1);
    out.resize(answer == CKR_OK ? asked.ulValueLen : 0);
    return answer;
}

Result<CK_SLOT_ID> find_token(CK_FUNCTION_LIST& functions, std::string_view label) {
    MITOME_TRY(slot, first_slot(functions, [&](const CK_TOKEN_INFO& token) {
                   return (token.flags & CKF_TOKEN_INITIALIZED) != 0 &&
                          trimmed(text({token.label, sizeof token.label})) == label;
               }));
    if (!slot) return fail(Fault::absent, "hsm: no token has that label");
    return *slot;
}

Result<CK_SLOT_ID> find_blank(CK_FUNCTION_LIST& functions) {
    MITOME_TRY(slot, first_slot(functions, [](const CK_TOKEN_INFO& token) {
                   return (token.flags & CKF_TOKEN_INITIALIZED) == 0;
               }));
    if (!slot) return fail(Fault::absent, "hsm: no free slot");
    return *slot;
}

}  // namespace mitome::crypto
