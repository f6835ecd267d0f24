// SPDX-License-Identifier: Apache-2.0
#pragma once

// Reading JSON bodies (RFC 8259) member by member. Writing them is Boost.JSON's own; sending
// them is here.

#include <mitome/base/bytes.hpp>
#include <mitome/base/clock.hpp>
#include <mitome/http/message.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace mitome::http {

/// A JSON object. Every getter answers `malformed` when the member is missing or of another
/// form; the `optional_` ones answer nothing when it is missing. Ask for all, then `finish`.
class JsonObject {
public:
    /// `malformed` for what is not one object: other values, octets behind it, a member that
    /// comes twice, nesting deeper than 16.
    [[nodiscard]] static Result<JsonObject> parse(BytesView json);

    JsonObject(JsonObject&&) noexcept;
    JsonObject& operator=(JsonObject&&) noexcept;
    ~JsonObject();

    [[nodiscard]] bool has(std::string_view name) const;
    [[nodiscard]] Result<std::string> text(std::string_view name);
    [[nodiscard]] Result<std::optional<std::string>> optional_text(std::string_view name);
    [[nodiscard]] Result<Bytes> base64(std::string_view name);
    [[nodiscard]] Result<Bytes> hex(std::string_view name);
    [[nodiscard]] Result<Time> time(std::string_view name);  ///< RFC 3339
    [[nodiscard]] Result<std::optional<Time>> optional_time(std::string_view name);
    [[nodiscard]] Result<std::uint64_t> number(std::string_view name);
    [[nodiscard]] Result<bool> flag(std::string_view name);
    [[nodiscard]] Result<JsonObject> object(std::string_view name);
    [[nodiscard]] Result<std::optional<JsonObject>> optional_object(std::string_view name);
    [[nodiscard]] Result<std::vector<JsonObject>> objects(std::string_view name);
    [[nodiscard]] Result<std::vector<std::string>> texts(std::string_view name);
    /// The names of all members.
    [[nodiscard]] std::vector<std::string> names() const;

    /// `malformed` when there is a member that nobody asked for.
    [[nodiscard]] Done finish() const;

private:
    struct Value;  // one value of the document, which all objects taken out of it own together
    explicit JsonObject(std::unique_ptr<Value> value);
    std::unique_ptr<Value> value_;
    std::set<std::string, std::less<>> asked_;
};

/// A document that no cache may keep.
[[nodiscard]] Response json_response(std::string_view json, unsigned status = 200);

}  // namespace mitome::http
