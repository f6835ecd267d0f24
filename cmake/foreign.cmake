# SPDX-License-Identifier: Apache-2.0
# Everything foreign that a room may name under FOREIGN, found once. A missing one stops the build
# only when a room names it. Which room may include which header is checked by tests/structure.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)                                      # Threads::Threads
find_package(OpenSSL 3.0 QUIET)                                     # OpenSSL::Crypto OpenSSL::SSL
find_package(SQLite3 QUIET)                                         # SQLite::SQLite3
find_package(Boost 1.81 QUIET OPTIONAL_COMPONENTS json)             # Boost::headers Boost::json
find_package(fmt QUIET)                                             # fmt::fmt
find_package(CLI11 QUIET)                                           # CLI11::CLI11
find_package(tomlplusplus QUIET)                                    # tomlplusplus::tomlplusplus
pkg_check_modules(pcsc QUIET IMPORTED_TARGET libpcsclite)           # PkgConfig::pcsc
pkg_check_modules(p11kit QUIET IMPORTED_TARGET p11-kit-1)           # PkgConfig::p11kit
pkg_check_modules(tss2 QUIET IMPORTED_TARGET                        # PkgConfig::tss2
  tss2-esys tss2-mu tss2-rc tss2-tctildr)
