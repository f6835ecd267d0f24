// SPDX-License-Identifier: Apache-2.0
#pragma once

// For tests: a SoftHSM2 with a token folder of its own.

#include <mitome/base/file.hpp>
#include <mitome/crypto/hsm.hpp>

#include <dlfcn.h>
#include <p11-kit/pkcs11.h>

#include <cstdlib>
#include <filesystem>

namespace mitome::crypto {

inline const std::filesystem::path softhsm_module{"/usr/lib/softhsm/libsofthsm2.so"};

inline Secret<64> pin(std::string_view digits) {
    Secret<64> made;
    static_cast<void>(made.assign(view(digits)));
    return made;
}

/// Points SoftHSM2 at a new empty folder, which goes with the object. Hold it longer than any
/// `Hsm`: the module reads its configuration when it is loaded.
class SoftHsmFolder {
public:
    SoftHsmFolder() {
        auto name = (std::filesystem::temp_directory_path() / "mitome-hsm.XXXXXX").string();
        path_ = ::mkdtemp(name.data());
        std::filesystem::create_directory(path_ / "tokens");
        const auto configuration = path_ / "softhsm2.conf";
        static_cast<void>(
            write_file(configuration, view("directories.tokendir = " + (path_ / "tokens").string() +
                                           "\nlog.level = ERROR\n")));
        ::setenv("SOFTHSM2_CONF", configuration.c_str(), 1);
    }
    SoftHsmFolder(const SoftHsmFolder&) = delete;
    SoftHsmFolder& operator=(const SoftHsmFolder&) = delete;
    ~SoftHsmFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

/// A token called `test` with the user PIN 5678, open.
inline std::shared_ptr<Hsm> new_token() {
    if (!Hsm::create_token(softhsm_module, "test", pin("12345678"), pin("5678"))) return nullptr;
    return Hsm::open(softhsm_module, "test", pin("5678")).value_or(nullptr);
}

/// The module as another user of this process has it.
class Intruder {
public:
    Intruder() : library_(::dlopen(softhsm_module.c_str(), RTLD_NOW | RTLD_NOLOAD)) {
        const auto give =
            reinterpret_cast<CK_C_GetFunctionList>(::dlsym(library_, "C_GetFunctionList"));
        give(&functions_);
        CK_ULONG count = 1;
        functions_->C_GetSlotList(CK_TRUE, &slot_, &count);
    }
    Intruder(const Intruder&) = delete;
    Intruder& operator=(const Intruder&) = delete;
    ~Intruder() { ::dlclose(library_); }

    void close_all_sessions() { functions_->C_CloseAllSessions(slot_); }
    void log_out() {
        CK_SESSION_HANDLE session = 0;
        functions_->C_OpenSession(slot_, CKF_SERIAL_SESSION, nullptr, nullptr, &session);
        functions_->C_Logout(session);
        functions_->C_CloseSession(session);
    }

private:
    void* library_;
    CK_FUNCTION_LIST* functions_ = nullptr;
    CK_SLOT_ID slot_ = 0;
};

}  // namespace mitome::crypto
