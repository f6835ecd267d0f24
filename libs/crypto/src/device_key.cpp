// SPDX-License-Identifier: Apache-2.0
#include "tpm.hpp"

#include <mitome/base/file.hpp>
#include <mitome/crypto/device_key.hpp>
#include <mitome/crypto/random.hpp>

namespace mitome::crypto {
namespace {

constexpr auto sealed_name = "device-key.tpm";
constexpr auto plain_name = "device-key.raw";
constexpr std::size_t key_octets = 32;
constexpr std::size_t largest_file = 4096;

Result<AesKey> read_plain(const std::filesystem::path& path) {
    MITOME_TRY(content, read_secret_file(path, largest_file));
    AesKey key;
    const bool whole = content.size() == key_octets &&
                       content.reveal([&](BytesView octets) { return key.assign(octets); });
    if (!whole) return fail(Fault::malformed, "device key: not a key file");
    return key;
}

AesKey new_key() {
    AesKey key;
    auto drawn = SystemRandom{}.octets(key_octets);
    static_cast<void>(key.assign(drawn));  // fits: both are 32 octets
    wipe(drawn);
    return key;
}

}  // namespace

Result<DeviceKey> open_device_key(const std::filesystem::path& folder,
                                  const std::optional<std::string>& tcti) {
    const auto sealed = folder / sealed_name;
    const auto plain = folder / plain_name;

    const auto blob = read_file(sealed, largest_file);
    if (blob) {
        if (!tcti) return fail(Fault::unavailable, "device key: sealed by a TPM, none is named");
        MITOME_TRY(key, tpm_unseal(*tcti, *blob));
        return DeviceKey{std::move(key), DeviceKeyHome::tpm};
    }
    if (blob.error().fault != Fault::absent) return std::unexpected{blob.error()};

    auto kept = read_plain(plain);
    if (kept) return DeviceKey{std::move(*kept), DeviceKeyHome::file};
    if (kept.error().fault != Fault::absent) return std::unexpected{kept.error()};

    auto key = new_key();
    if (!tcti) {
        MITOME_CHECK(
            key.reveal([&](BytesView octets) { return write_file(plain, octets, Access::owner); }));
        return DeviceKey{std::move(key), DeviceKeyHome::file};
    }
    MITOME_TRY(made, tpm_seal(*tcti, key));
    // Opened once before anything depends on it.
    MITOME_TRY(opened, tpm_unseal(*tcti, made));
    MITOME_CHECK(write_file(sealed, made, Access::owner));
    return DeviceKey{std::move(opened), DeviceKeyHome::tpm};
}

}  // namespace mitome::crypto
