// SPDX-License-Identifier: Apache-2.0
// toml++ in this one translation unit, from its headers: its shared object would be linked into
// every program, and throws.
#define TOML_EXCEPTIONS 0
#define TOML_HEADER_ONLY 1
#define TOML_ENABLE_FORMATTERS 0

#include <mitome/base/bytes.hpp>
#include <mitome/base/file.hpp>
#include <mitome/base/log.hpp>
#include <mitome/base/settings.hpp>

#include <toml++/toml.h>

#include <set>
#include <utility>

namespace mitome {

struct Settings::State {
    toml::table table;
    std::set<std::string, std::less<>> asked;
    bool sound = true;

    void refuse(Literal why, std::string_view key) {
        log(Level::error, why, {{"key", key}});
        sound = false;
    }

    toml::node_view<const toml::node> ask(std::string_view key) {
        asked.emplace(key);
        const auto node = std::as_const(table).at_path(key);
        return node;
    }

    void refuse_unasked(const toml::table& level, const std::string& before) {
        for (const auto& [name, node] : level) {
            const std::string key = before + std::string{name.str()};
            if (const auto* inner = node.as_table()) {
                refuse_unasked(*inner, key + '.');
            } else if (!asked.contains(key)) {
                refuse("setting unknown", key);
            }
        }
    }
};

Settings::Settings(std::unique_ptr<State> state) : state_(std::move(state)) {}
Settings::Settings(Settings&&) noexcept = default;
Settings& Settings::operator=(Settings&&) noexcept = default;
Settings::~Settings() = default;

Result<Settings> Settings::read(const std::filesystem::path& file) {
    constexpr std::size_t longest = std::size_t{1} << 20;
    MITOME_TRY(octets, read_file(file, longest));
    return parse(mitome::text(octets));
}

Result<Settings> Settings::parse(std::string_view toml) {
    auto parsed = toml::parse(toml);
    if (!parsed) {
        return fail(Fault::malformed, "settings: not TOML",
                    static_cast<std::uint32_t>(parsed.error().source().begin.line));
    }
    auto state = std::make_unique<State>();
    state->table = std::move(parsed).table();
    return Settings{std::move(state)};
}

std::string Settings::text(std::string_view key) {
    const auto node = state_->ask(key);
    const auto* value = node.as_string();
    if (value == nullptr || value->get().empty()) {
        state_->refuse(node ? Literal{"setting is no text"} : Literal{"setting missing"}, key);
        return {};
    }
    return value->get();
}

std::filesystem::path Settings::path(std::string_view key) {
    const std::filesystem::path path = text(key);
    if (!path.empty() && !path.is_absolute()) state_->refuse("setting is no absolute path", key);
    return path;
}

std::int64_t Settings::number(std::string_view key, std::int64_t least, std::int64_t most,
                              std::optional<std::int64_t> otherwise) {
    const auto node = state_->ask(key);
    if (!node && otherwise) return *otherwise;
    const auto* value = node.as_integer();
    if (value == nullptr) {
        state_->refuse(node ? Literal{"setting is no number"} : Literal{"setting missing"}, key);
        return {};
    }
    if (value->get() < least || value->get() > most) {
        state_->refuse("setting out of bounds", key);
        return {};
    }
    return value->get();
}

std::uint16_t Settings::port(std::string_view key) {
    return static_cast<std::uint16_t>(number(key, 1, 65'535));
}

bool Settings::flag(std::string_view key, std::optional<bool> otherwise) {
    const auto node = state_->ask(key);
    if (!node && otherwise) return *otherwise;
    const auto* value = node.as_boolean();
    if (value == nullptr) {
        state_->refuse(node ? Literal{"setting is no true or false"} : Literal{"setting missing"},
                       key);
        return false;
    }
    return value->get();
}

bool Settings::has(std::string_view key) const {
    return static_cast<bool>(std::as_const(state_->table).at_path(key));
}

Done Settings::finish() {
    state_->refuse_unasked(state_->table, {});
    if (!state_->sound) return fail(Fault::malformed, "settings: refused, see the log");
    return {};
}

}  // namespace mitome
