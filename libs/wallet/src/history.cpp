// SPDX-License-Identifier: Apache-2.0
#include <mitome/wallet/history.hpp>

#include <array>
#include <chrono>
#include <thread>
#include <utility>

namespace mitome::wallet {
namespace {

constexpr std::array names{
    std::pair{Deed::signed_document, std::string_view{"signed_document"}},
    std::pair{Deed::authenticated, std::string_view{"authenticated"}},
    std::pair{Deed::issued, std::string_view{"issued"}},
    std::pair{Deed::renewed, std::string_view{"renewed"}},
    std::pair{Deed::released, std::string_view{"released"}},
    std::pair{Deed::held, std::string_view{"held"}},
    std::pair{Deed::revoked, std::string_view{"revoked"}},
    std::pair{Deed::pin_changed, std::string_view{"pin_changed"}},
    std::pair{Deed::pin_reset, std::string_view{"pin_reset"}},
    std::pair{Deed::erased, std::string_view{"erased"}},
    std::pair{Deed::failed, std::string_view{"failed"}},
};

constexpr std::string_view holder = "holder";
constexpr std::size_t longest_with = 200;
constexpr std::chrono::milliseconds pause{20};
constexpr int most_tries = 250;  // five seconds for another program to finish its line

/// `sign/0A1B`, `auth/…`; `-/` where no certificate was used.
std::string subject_of(std::optional<pki::Kind> kind, BytesView serial) {
    return std::string{kind ? pki::name_of(*kind) : "-"} + "/" + to_hex(serial);
}

std::string_view whole_characters(std::string_view text) {
    if (text.size() <= longest_with) return text;
    std::size_t end = longest_with;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    return text.substr(0, end);
}

Result<HistoryLine> line_of(const store::AuditRow& row) {
    const auto deed = deed_of(row.event.action);
    const auto slash = row.event.subject.find('/');
    if (!deed || slash == std::string::npos)
        return fail(Fault::broken, "history: a line that is none");
    const std::string_view subject = row.event.subject;
    auto serial = from_hex(subject.substr(slash + 1));
    if (!serial) return fail(Fault::broken, "history: a line that is none");
    HistoryLine line{.number = row.seq,
                     .at = row.event.at,
                     .deed = *deed,
                     .kind = {},
                     .serial = *std::move(serial),
                     .with = row.event.detail,
                     .hash = row.hash};
    for (const auto kind : {pki::Kind::sign, pki::Kind::auth})
        if (subject.substr(0, slash) == pki::name_of(kind)) line.kind = kind;
    return line;
}

}  // namespace

std::string_view name_of(Deed deed) {
    for (const auto& [each, name] : names)
        if (each == deed) return name;
    return {};
}

std::optional<Deed> deed_of(std::string_view name) {
    for (const auto& [deed, each] : names)
        if (each == name) return deed;
    return std::nullopt;
}

Result<History> History::open(const std::filesystem::path& file) {
    for (int tries = 1;; ++tries) {
        auto database = store::Database::open(file, store::history_schema());
        if (database) return History{*std::move(database)};
        if (database.error().fault != Fault::conflict || tries == most_tries)
            return std::unexpected{database.error()};
        std::this_thread::sleep_for(pause);
    }
}

Done History::note(Time at, Deed deed, std::optional<pki::Kind> kind, BytesView serial,
                   std::string_view with) {
    store::Audit lines{*database_};
    MITOME_TRY(change, database_->begin());
    MITOME_CHECK(lines.append(change, {.at = at,
                                       .role = std::string{holder},
                                       .action = std::string{name_of(deed)},
                                       .subject = subject_of(kind, serial),
                                       .detail = std::string{whole_characters(with)}}));
    return change.commit();
}

Result<std::vector<HistoryLine>> History::page(std::uint64_t after, std::size_t limit) const {
    const store::Audit kept{*database_};
    MITOME_TRY(rows, kept.page(after, limit));
    std::vector<HistoryLine> lines;
    lines.reserve(rows.size());
    for (const auto& row : rows) {
        MITOME_TRY(line, line_of(row));
        lines.push_back(std::move(line));
    }
    return lines;
}

Result<std::optional<std::uint64_t>> History::first_broken() const {
    const store::Audit kept{*database_};
    MITOME_TRY(verdict, kept.verify());
    return verdict.broken_at;
}

}  // namespace mitome::wallet
