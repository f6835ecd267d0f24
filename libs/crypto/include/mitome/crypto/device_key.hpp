// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/crypto/cipher.hpp>

#include <filesystem>
#include <optional>
#include <string>

namespace mitome::crypto {

/// Where the key that encrypts an element's store is kept.
enum class DeviceKeyHome : std::uint8_t {
    tpm,   ///< sealed by a TPM 2.0: a copy of the folder is useless on another machine
    file,  ///< a file beside the store: whoever copies the folder has both. Say so to the holder.
};

struct DeviceKey {
    AesKey key;
    DeviceKeyHome home;
};

/// Opens the device key kept in `folder`, or makes one there. With `tcti` (a TCTI name such as
/// `swtpm:host=127.0.0.1,port=2321` or `device:/dev/tpmrm0`) the key is sealed by that TPM under
/// its owner hierarchy; without, it is a file. A key once made stays where it is: one in a file
/// is opened from there also when a TPM is named. `unavailable` when a sealed key's TPM does not
/// answer or none is named, `unverified` when another TPM sealed it, `malformed` for a file that
/// is no key. The files are `device-key.tpm` and `device-key.raw`; two processes that open a new
/// folder at once are the caller's to keep apart.
[[nodiscard]] Result<DeviceKey> open_device_key(const std::filesystem::path& folder,
                                                const std::optional<std::string>& tcti);

}  // namespace mitome::crypto
