// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mitome/store/database.hpp>

#include <cstdint>
#include <span>

namespace mitome::store {

struct Schema {
    std::uint32_t application;          // PRAGMA application_id: what kind of file this is
    std::span<const char* const> steps;  // numbered from 1; a released one is never changed
};

}  // namespace mitome::store
