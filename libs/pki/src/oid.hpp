// SPDX-License-Identifier: Apache-2.0
#pragma once

// Object identifiers that more than one file of this room names. Private to this room.

#include <mitome/base/bytes.hpp>

#include <array>
#include <string_view>

namespace mitome::pki::oid {

inline constexpr std::string_view subject_key_identifier = "2.5.29.14";
inline constexpr std::string_view key_usage = "2.5.29.15";
inline constexpr std::string_view subject_alt_name = "2.5.29.17";
inline constexpr std::string_view issuer_alt_name = "2.5.29.18";
inline constexpr std::string_view basic_constraints = "2.5.29.19";
inline constexpr std::string_view crl_number = "2.5.29.20";
inline constexpr std::string_view crl_reason = "2.5.29.21";
inline constexpr std::string_view invalidity_date = "2.5.29.24";
inline constexpr std::string_view delta_crl_indicator = "2.5.29.27";
inline constexpr std::string_view issuing_distribution_point = "2.5.29.28";
inline constexpr std::string_view crl_distribution_points = "2.5.29.31";
inline constexpr std::string_view certificate_policies = "2.5.29.32";
inline constexpr std::string_view authority_key_identifier = "2.5.29.35";
inline constexpr std::string_view extended_key_usage = "2.5.29.37";
inline constexpr std::string_view authority_information_access = "1.3.6.1.5.5.7.1.1";
inline constexpr std::string_view cps_qualifier = "1.3.6.1.5.5.7.2.1";
inline constexpr std::string_view ocsp = "1.3.6.1.5.5.7.48.1";
inline constexpr std::string_view ocsp_basic = "1.3.6.1.5.5.7.48.1.1";
inline constexpr std::string_view ocsp_nonce = "1.3.6.1.5.5.7.48.1.2";
inline constexpr std::string_view ocsp_no_check = "1.3.6.1.5.5.7.48.1.5";
inline constexpr std::string_view ca_issuers = "1.3.6.1.5.5.7.48.2";

/// 1.2.392.200149.8.5.5.{1 name, 4 birth date, 3 sex, 5 address, 2 substitutes of the name,
/// 6 substitutes of the address} as whole elements, in the order of JPKI's certificates.
inline constexpr auto four_items_name = "060A2A83088C9B5508050501"_hex;
inline constexpr auto four_items_birth = "060A2A83088C9B5508050504"_hex;
inline constexpr auto four_items_sex = "060A2A83088C9B5508050503"_hex;
inline constexpr auto four_items_address = "060A2A83088C9B5508050505"_hex;
inline constexpr auto four_items_name_substitutes = "060A2A83088C9B5508050502"_hex;
inline constexpr auto four_items_address_substitutes = "060A2A83088C9B5508050506"_hex;
inline constexpr std::array<BytesView, 6> four_items_in_order{four_items_name,
                                                              four_items_birth,
                                                              four_items_sex,
                                                              four_items_address,
                                                              four_items_name_substitutes,
                                                              four_items_address_substitutes};

}  // namespace mitome::pki::oid
