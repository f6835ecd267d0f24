// SPDX-License-Identifier: Apache-2.0
#include "cascade.hpp"

#include <mitome/base/log.hpp>

#include <algorithm>
#include <map>
#include <utility>

namespace mitome::registration {
namespace {

constexpr std::string_view changes_read = "authority-changes";
constexpr std::size_t ended_at_once = 500;  // cards in one look

/// Only what a phone holds, of the four.
constexpr std::array phone_cas{pki::Ca::phone_sign, pki::Ca::phone_auth};

bool is_phone(pki::Ca ca) { return std::ranges::find(phone_cas, ca) != phone_cas.end(); }

/// What becomes of a card on an event that concerns it.
store::CardState after(Event event, store::CardState now) {
    switch (event) {
        case Event::deceased:
        case Event::card_revoked: return store::CardState::revoked;
        case Event::card_ended:
            return now == store::CardState::valid ? store::CardState::retired : now;
        case Event::moved:
        case Event::renamed:
        case Event::card_changed:
        case Event::phone_erased: break;
    }
    return now;
}

std::string_view notice_of(const store::FeedEntry& line, bool superseded) {
    switch (line.happening) {
        case store::Happening::held: return "notice_held";
        case store::Happening::released: return "notice_released";
        case store::Happening::revoked: return superseded ? "notice_superseded" : "notice_revoked";
        case store::Happening::issued: break;
    }
    return {};
}

}  // namespace

/// Notices of one page. Both halves of a pair, when the same happens to them at once, are one.
struct Cascade::Told {
    void add(store::Notice notice, const std::string& why) {
        const std::string key = to_hex(notice.element) + notice.code + why +
                                std::to_string(notice.at.time_since_epoch().count());
        const auto [at, is_new] = places.emplace(key, notices.size());
        if (!is_new) {
            auto& detail = notices[at->second].detail;
            if (!detail.starts_with(notice.detail)) detail = "sign,auth" + why;
            return;
        }
        notice.detail += why;
        notices.push_back(std::move(notice));
    }

    std::vector<store::Notice> notices;
    std::map<std::string, std::size_t> places;
};

std::string_view name_of(Event event) {
    switch (event) {
        case Event::moved: return "moved";
        case Event::renamed: return "renamed";
        case Event::deceased: return "deceased";
        case Event::card_revoked: return "card_revoked";
        case Event::card_changed: return "card_changed";
        case Event::card_ended: return "card_ended";
        case Event::phone_erased: return "phone_erased";
    }
    return {};
}

Done Cascade::add(store::Transaction& in, std::vector<store::Task>& made, store::Task task) {
    task.created = office_.clock.now();
    MITOME_TRY(is_new, casebook_.add(in, task));
    if (!is_new) return {};
    MITOME_CHECK(office_.note(in, "registration", "task.add",
                              certificate_reference(task.ca, task.serial), task.cause));
    made.push_back(std::move(task));
    return {};
}

Done Cascade::add(store::Transaction& in, std::vector<store::Task>& made, Event event, pki::Ca ca,
                  BytesView serial) {
    const Effect* effect = effect_of(event, ca);
    if (effect == nullptr || serial.empty()) return {};
    return add(in, made,
               {.number = 0,
                .ca = ca,
                .serial = copy(serial),
                .reason = effect->reason,
                .cause = std::string{name_of(event)},
                .created = {}});
}

Result<std::vector<store::Task>> Cascade::card(store::Transaction& in, Event event,
                                               store::Card card) {
    std::vector<store::Task> made;
    MITOME_CHECK(add(in, made, event, pki::Ca::card_sign, card.sign_serial));
    MITOME_CHECK(add(in, made, event, pki::Ca::card_auth, card.auth_serial));
    // All that the card has ever asked for, not only the pair that counts: what was issued and is
    // not confirmed yet has to go as well. What is dead already stays dead.
    MITOME_TRY(certified, casebook_.certified_by(card.sign_serial, in));
    for (const auto& one : certified) MITOME_CHECK(add(in, made, event, one.ca, one.serial));
    if (const auto state = after(event, card.state); state != card.state) {
        card.state = state;
        MITOME_CHECK(office_.people.change(in, card));
        MITOME_CHECK(office_.note(in, "registration", "card.end",
                                  "card/" + std::to_string(card.number), name_of(event)));
    }
    return made;
}

Result<std::vector<store::Task>> Cascade::person(store::Transaction& in, Event event,
                                                 std::uint64_t resident) {
    MITOME_TRY(cards, office_.people.cards_of(resident, in));
    std::vector<store::Task> made;
    for (const auto& one : cards) {
        if (one.state == store::CardState::retired) continue;  // ended before
        MITOME_TRY(more, card(in, event, one));
        std::ranges::move(more, std::back_inserter(made));
    }
    MITOME_TRY(active, office_.people.phone_of(resident, in));
    if (active) {
        MITOME_TRY(more, phone(in, event, *active));
        std::ranges::move(more, std::back_inserter(made));
    }
    return made;
}

Result<std::vector<store::Task>> Cascade::phone(store::Transaction& in, Event event,
                                                const store::ActivePhone& phone) {
    std::vector<store::Task> made;
    MITOME_CHECK(add(in, made, event, pki::Ca::phone_sign, phone.sign_serial));
    MITOME_CHECK(add(in, made, event, pki::Ca::phone_auth, phone.auth_serial));
    return made;
}

Result<std::vector<store::Task>> Cascade::revoke(store::Transaction& in, pki::Ca ca,
                                                 BytesView serial, pki::Reason reason,
                                                 std::string_view cause) {
    std::vector<store::Task> made;
    MITOME_CHECK(add(in, made,
                     {.number = 0,
                      .ca = ca,
                      .serial = copy(serial),
                      .reason = reason,
                      .cause = std::string{cause},
                      .created = {}}));
    return made;
}

Done Cascade::carry_out() {
    const std::lock_guard alone{carrying_};
    while (true) {
        MITOME_TRY(tasks, casebook_.waiting_tasks(Batches::largest));
        if (tasks.empty()) return {};
        std::vector<Wanted> wanted;
        wanted.reserve(tasks.size());
        for (const auto& task : tasks)
            wanted.push_back({task.ca, task.serial, task.reason, task.cause,
                              task.cause == desk_cause ? issuance::life::Actor::resident_desk
                                                       : issuance::life::Actor::registration});
        MITOME_TRY(taken, batches_.withdraw(wanted));
        office_.interruption.reached(Step::batch_revoked);

        const Time now = office_.clock.now();
        std::size_t missed = 0;
        MITOME_TRY(change, office_.database.begin());
        for (std::size_t i = 0; i < tasks.size(); ++i) {
            MITOME_CHECK(casebook_.finish(change, tasks[i].number, now));
            if (taken[i] != Taken::unknown && taken[i] != Taken::refused) continue;
            ++missed;
            MITOME_CHECK(office_.note(change, "registration", "certificate.not_revoked",
                                      certificate_reference(tasks[i].ca, tasks[i].serial),
                                      taken[i] == Taken::unknown ? "unknown" : "refused"));
        }
        MITOME_CHECK(office_.note(change, "registration", "tasks.done",
                                  "tasks/" + std::to_string(tasks.front().number) + "-" +
                                      std::to_string(tasks.back().number),
                                  std::to_string(tasks.size() - missed)));
        MITOME_CHECK(change.commit());
        log(missed == 0 ? Level::info : Level::warning, "tasks carried out",
            {{"count", static_cast<std::int64_t>(tasks.size())},
             {"missed", static_cast<std::int64_t>(missed)}});
    }
}

Done Cascade::follow() {
    while (true) {
        MITOME_TRY(from, casebook_.position(changes_read));
        MITOME_TRY(page, batches_.changes(from));
        if (page.next == from) return {};
        MITOME_TRY(change, office_.database.begin());
        Told told;
        for (const auto& line : page.lines) MITOME_CHECK(take(change, line, told));
        for (const auto& notice : told.notices) MITOME_CHECK(casebook_.add(change, notice));
        MITOME_CHECK(casebook_.set_position(change, changes_read, page.next));
        MITOME_CHECK(change.commit());
        for (const auto& notice : told.notices) push_.hint(notice.element);
    }
}

Done Cascade::take(store::Transaction& in, const store::FeedEntry& line, Told& told) {
    if (is_phone(line.ca)) return tell(in, line, told);
    if (line.ca != pki::Ca::card_sign || line.happening != store::Happening::revoked) return {};
    MITOME_TRY(found, office_.people.card_of(pki::Kind::sign, line.serial, in));
    if (!found) return {};
    const Event event =
        line.reason == pki::Reason::affiliation_changed ? Event::card_changed : Event::card_revoked;
    MITOME_TRY(made, card(in, event, *std::move(found)));
    static_cast<void>(made);  // the next round carries them out
    return {};
}

Done Cascade::tell(store::Transaction& in, const store::FeedEntry& line, Told& told) const {
    const pki::Kind kind = pki::kind_of(line.ca);
    MITOME_TRY(order, office_.people.order_with_serial(kind, line.serial, in));
    // A key file is nobody's phone; what an order has not put into its phone nobody ever had.
    if (!order || order->state != store::OrderState::completed) return {};
    bool superseded = false;
    if (line.happening == store::Happening::revoked && line.reason == pki::Reason::superseded &&
        order->resident) {
        MITOME_TRY(newest, casebook_.newest_element_of(*order->resident, in));
        if (newest && *newest == order->element) return {};  // renewed in the same phone
        superseded = newest.has_value();
    }
    const std::string code{notice_of(line, superseded)};
    const std::string kinds{pki::name_of(kind)};
    const std::string why =
        code == "notice_revoked" ? " " + std::string{pki::name_of(line.reason)} : std::string{};
    told.add({.number = 0,
              .at = line.at,
              .element = order->element,
              .resident = order->resident,
              .code = code,
              .detail = kinds},
             why);
    return {};
}

Done Cascade::look_at_ended_cards() {
    while (true) {
        MITOME_TRY(numbers, casebook_.ended_cards(office_.clock.now(), ended_at_once));
        if (numbers.empty()) return {};
        MITOME_TRY(change, office_.database.begin());
        for (const auto number : numbers) {
            MITOME_TRY(found, office_.people.card(number, change));
            if (!found) return fail(Fault::broken, "cascade: a card is gone");
            MITOME_TRY(made, card(change, Event::card_ended, *std::move(found)));
            static_cast<void>(made);  // the next round carries them out
        }
        MITOME_CHECK(change.commit());
    }
}

}  // namespace mitome::registration
