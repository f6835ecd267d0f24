// SPDX-License-Identifier: Apache-2.0
#include <mitome/http/json.hpp>

#include <boost/json.hpp>

#include <utility>

namespace mitome::http {
namespace {

namespace json = boost::json;

constexpr std::size_t deepest = 16;

// Boost.JSON lets the last of two equal names win; here the document is refused, since another
// reader might choose the first.
class Names {
public:
    explicit Names(std::string_view text) : text_(text) {}

    [[nodiscard]] bool unique() {
        std::vector<std::set<std::string>> open;
        std::vector<bool> is_object;
        std::string last;
        for (std::size_t at = 0; at < text_.size(); ++at) {
            switch (text_[at]) {
                case '{':
                    open.emplace_back();
                    is_object.push_back(true);
                    break;
                case '[': is_object.push_back(false); break;
                case '}':
                    open.pop_back();
                    is_object.pop_back();
                    break;
                case ']': is_object.pop_back(); break;
                case '"': last = string_at(at); break;
                case ':':
                    if (!open.back().insert(decoded(last)).second) return false;
                    break;
                default: break;
            }
        }
        return true;
    }

private:
    // With its quotes; leaves `at` on the closing one. The text is known to be JSON.
    [[nodiscard]] std::string string_at(std::size_t& at) const {
        const std::size_t begin = at;
        for (++at; text_[at] != '"'; ++at) {
            if (text_[at] == '\\') ++at;
        }
        return std::string{text_.substr(begin, at - begin + 1)};
    }

    [[nodiscard]] static std::string decoded(const std::string& quoted) {
        if (quoted.find('\\') == std::string::npos) return quoted;
        json::error_code error;
        const json::value value = json::parse(quoted, error);
        return error ? quoted : '"' + std::string{value.as_string()} + '"';
    }

    std::string_view text_;
};

}  // namespace

struct JsonObject::Value {
    std::shared_ptr<const json::value> document;
    const json::object* object;

    [[nodiscard]] const json::value* find(std::string_view name) const {
        return object->if_contains(json::string_view{name.data(), name.size()});
    }
};

JsonObject::JsonObject(std::unique_ptr<Value> value) : value_(std::move(value)) {}
JsonObject::JsonObject(JsonObject&&) noexcept = default;
JsonObject& JsonObject::operator=(JsonObject&&) noexcept = default;
JsonObject::~JsonObject() = default;

Result<JsonObject> JsonObject::parse(BytesView octets) {
    json::parse_options options;
    options.max_depth = deepest;
    json::error_code error;
    const std::string_view source = mitome::text(octets);
    auto document = std::make_shared<const json::value>(
        json::parse(json::string_view{source.data(), source.size()}, error, {}, options));
    if (error) return fail(Fault::malformed, "json: not JSON");
    const json::object* object = document->if_object();
    if (object == nullptr) return fail(Fault::malformed, "json: not an object");
    if (!Names{source}.unique()) return fail(Fault::malformed, "json: a name comes twice");
    return JsonObject{std::make_unique<Value>(Value{std::move(document), object})};
}

bool JsonObject::has(std::string_view name) const { return value_->find(name) != nullptr; }

Result<std::string> JsonObject::text(std::string_view name) {
    asked_.emplace(name);
    const json::value* value = value_->find(name);
    const json::string* found = value == nullptr ? nullptr : value->if_string();
    if (found == nullptr) return fail(Fault::malformed, "json: text expected");
    return std::string{found->data(), found->size()};
}

Result<std::optional<std::string>> JsonObject::optional_text(std::string_view name) {
    asked_.emplace(name);
    if (!has(name)) return std::optional<std::string>{};
    MITOME_TRY(found, text(name));
    return std::optional{std::move(found)};
}

Result<Bytes> JsonObject::base64(std::string_view name) {
    MITOME_TRY(encoded, text(name));
    return from_base64(encoded);
}

Result<Bytes> JsonObject::hex(std::string_view name) {
    MITOME_TRY(encoded, text(name));
    return from_hex(encoded);
}

Result<Time> JsonObject::time(std::string_view name) {
    MITOME_TRY(written, text(name));
    return from_rfc3339(written);
}

Result<std::optional<Time>> JsonObject::optional_time(std::string_view name) {
    asked_.emplace(name);
    if (!has(name)) return std::optional<Time>{};
    MITOME_TRY(found, time(name));
    return std::optional{found};
}

Result<std::uint64_t> JsonObject::number(std::string_view name) {
    asked_.emplace(name);
    const json::value* value = value_->find(name);
    if (value != nullptr && value->is_uint64()) return value->get_uint64();
    if (value == nullptr || !value->is_int64() || value->get_int64() < 0) {
        return fail(Fault::malformed, "json: whole number expected");
    }
    return static_cast<std::uint64_t>(value->get_int64());
}

Result<bool> JsonObject::flag(std::string_view name) {
    asked_.emplace(name);
    const json::value* value = value_->find(name);
    const bool* found = value == nullptr ? nullptr : value->if_bool();
    if (found == nullptr) return fail(Fault::malformed, "json: true or false expected");
    return *found;
}

Result<JsonObject> JsonObject::object(std::string_view name) {
    asked_.emplace(name);
    const json::value* value = value_->find(name);
    const json::object* found = value == nullptr ? nullptr : value->if_object();
    if (found == nullptr) return fail(Fault::malformed, "json: object expected");
    return JsonObject{std::make_unique<Value>(Value{value_->document, found})};
}

Result<std::optional<JsonObject>> JsonObject::optional_object(std::string_view name) {
    asked_.emplace(name);
    if (!has(name)) return std::optional<JsonObject>{};
    MITOME_TRY(found, object(name));
    return std::optional{std::move(found)};
}

Result<std::vector<JsonObject>> JsonObject::objects(std::string_view name) {
    asked_.emplace(name);
    const json::value* value = value_->find(name);
    const json::array* found = value == nullptr ? nullptr : value->if_array();
    if (found == nullptr) return fail(Fault::malformed, "json: array expected");
    std::vector<JsonObject> objects;
    objects.reserve(found->size());
    for (const json::value& item : *found) {
        const json::object* object = item.if_object();
        if (object == nullptr) return fail(Fault::malformed, "json: object expected");
        objects.push_back(JsonObject{std::make_unique<Value>(Value{value_->document, object})});
    }
    return objects;
}

Result<std::vector<std::string>> JsonObject::texts(std::string_view name) {
    asked_.emplace(name);
    const json::value* value = value_->find(name);
    const json::array* found = value == nullptr ? nullptr : value->if_array();
    if (found == nullptr) return fail(Fault::malformed, "json: array expected");
    std::vector<std::string> texts;
    texts.reserve(found->size());
    for (const json::value& item : *found) {
        const json::string* one = item.if_string();
        if (one == nullptr) return fail(Fault::malformed, "json: text expected");
        texts.emplace_back(one->data(), one->size());
    }
    return texts;
}

std::vector<std::string> JsonObject::names() const {
    std::vector<std::string> names;
    names.reserve(value_->object->size());
    for (const auto& member : *value_->object) names.emplace_back(member.key());
    return names;
}

Done JsonObject::finish() const {
    for (const auto& member : *value_->object) {
        if (!asked_.contains(std::string_view{member.key().data(), member.key().size()})) {
            return fail(Fault::malformed, "json: a member that is not known");
        }
    }
    return {};
}

Response json_response(std::string_view json, unsigned status) {
    Response response;
    response.status = status;
    response.headers = {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}};
    response.body = copy(view(json));
    return response;
}

}  // namespace mitome::http
