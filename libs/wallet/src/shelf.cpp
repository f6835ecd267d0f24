// SPDX-License-Identifier: Apache-2.0
#include <mitome/base/file.hpp>
#include <mitome/wallet/shelf.hpp>

#include <cerrno>

namespace mitome::wallet {

std::filesystem::path Shelf::path_of(pki::Kind kind) const {
    return folder_ / (std::string{pki::name_of(kind)} + ".cer");
}

Result<pki::Certificate> Shelf::find(pki::Kind kind) const {
    MITOME_TRY(der, read_file(path_of(kind), std::size_t{64} << 10));
    return pki::Certificate::from_der(std::move(der));
}

Done Shelf::put(pki::Kind kind, const pki::Certificate& certificate) {
    MITOME_CHECK(make_private_folder(folder_));
    return write_file(path_of(kind), certificate.der(), Access::owner);
}

Done Shelf::clear() {
    for (const auto kind : {pki::Kind::sign, pki::Kind::auth}) {
        std::error_code error;
        std::filesystem::remove(path_of(kind), error);
        if (error)
            return fail(Fault::unavailable, "shelf: not cleared",
                        static_cast<std::uint32_t>(error.value()));
    }
    return {};
}

}  // namespace mitome::wallet
