// SPDX-License-Identifier: Apache-2.0
#include "places.hpp"

#include <array>

namespace mitome::registration {
namespace {

struct Row {
    std::string_view code, prefecture, municipality;
};

constexpr std::array rows{
    Row{"01100", "Hokkaido", "Sapporo-shi"},      Row{"04100", "Miyagi-ken", "Sendai-shi"},
    Row{"13221", "Tokyo-to", "Kiyose-shi"},       Row{"14100", "Kanagawa-ken", "Yokohama-shi"},
    Row{"17201", "Ishikawa-ken", "Kanazawa-shi"}, Row{"26100", "Kyoto-fu", "Kyoto-shi"},
    Row{"27100", "Osaka-fu", "Osaka-shi"},        Row{"40130", "Fukuoka-ken", "Fukuoka-shi"},
};

}  // namespace

std::optional<pki::Place> place_of(std::string_view municipality) {
    for (const Row& row : rows)
        if (row.code == municipality)
            return pki::Place{.prefecture = std::string{row.prefecture},
                              .municipality = std::string{row.municipality},
                              .code = std::string{row.code}};
    return std::nullopt;
}

}  // namespace mitome::registration
