// SPDX-License-Identifier: Apache-2.0
#include "stop_codes.hpp"

#include <mitome/crypto/cipher.hpp>

#include <utility>

namespace mitome::registration {
namespace {

using catalogue::Code;

constexpr std::size_t salt_octets = 16;
constexpr std::uint8_t unbiased = 250;  // octets from here on would favour small digits

/// Compared without saying where they differ.
bool equal(BytesView a, BytesView b) {
    if (a.size() != b.size()) return false;
    unsigned differences = 0;
    for (std::size_t i = 0; i < a.size(); ++i) differences |= static_cast<unsigned>(a[i] ^ b[i]);
    return differences == 0;
}

Result<Bytes> stretched(const Secret<StopCodes::digits>& code, BytesView salt) {
    MITOME_TRY(key, code.reveal([&](BytesView octets) { return crypto::stretch(octets, salt); }));
    return key.reveal([](BytesView octets) { return copy(octets); });
}

Secret<StopCodes::digits> draw(crypto::Random& random) {
    Secret<StopCodes::digits> code;
    while (code.size() < StopCodes::digits) {
        Bytes octet = random.octets(1);
        if (octet.front() < unbiased)
            static_cast<void>(code.append(static_cast<std::uint8_t>('0' + octet.front() % 10)));
        wipe(octet);
    }
    return code;
}

}  // namespace

Judged<Secret<StopCodes::digits>> StopCodes::make(BytesView element) {
    REGISTRATION_TRY(phone, office_.people.phone_of(element));
    if (!phone) return refuse(Code::certificate_absent, "this phone has no certificates");
    auto code = draw(office_.random);
    store::StopCode kept{.element = copy(element),
                         .resident = phone->resident,
                         .salt = office_.random.octets(salt_octets),
                         .stretched = {},
                         .wrong = 0,
                         .made = office_.clock.now()};
    {
        const std::lock_guard alone{stretching_};
        REGISTRATION_TRY(made, stretched(code, kept.salt));
        kept.stretched = std::move(made);
    }
    REGISTRATION_TRY(change, office_.database.begin());
    REGISTRATION_CHECK(casebook_.put(change, kept));
    REGISTRATION_CHECK(
        office_.note(change, "element", "stop_code.make", "element/" + to_hex(element)));
    REGISTRATION_CHECK(change.commit());
    return code;
}

Judged<bool> StopCodes::fits(BytesView salt, BytesView kept, const Secret<digits>& code) {
    const std::lock_guard alone{stretching_};
    REGISTRATION_TRY(made, stretched(code, salt));
    return equal(made, kept);
}

Judged<StopCodes::Stopped> StopCodes::stop(BytesView element, const Secret<digits>& code) {
    const Turns::Turn turn{office_.turns, Thing::element, element};
    REGISTRATION_TRY(kept, casebook_.stop_code(element));
    REGISTRATION_TRY(phone, office_.people.phone_of(element));
    // Another holder's code does not stop the phone of the one who has it now.
    if (!kept || !phone || phone->resident != kept->resident) {
        const Bytes none(salt_octets);
        REGISTRATION_TRY(never, fits(none, {}, code));  // takes as long as a wrong one
        static_cast<void>(never);
        return refuse(Code::stop_code_wrong, "the code is not that of the phone");
    }
    if (kept->wrong >= most_wrong) return refuse(Code::stop_code_locked, "the code is locked");

    const std::string subject = "element/" + to_hex(element);
    ++kept->wrong;
    {
        REGISTRATION_TRY(change, office_.database.begin());
        REGISTRATION_CHECK(casebook_.put(change, *kept));
        REGISTRATION_CHECK(change.commit());
    }
    REGISTRATION_TRY(right, fits(kept->salt, kept->stretched, code));
    if (!right) {
        REGISTRATION_TRY(change, office_.database.begin());
        REGISTRATION_CHECK(office_.note(change, "stop_code", "stop_code.wrong", subject,
                                        std::to_string(most_wrong - kept->wrong)));
        REGISTRATION_CHECK(change.commit());
        return Stopped{.at = {}, .held = {}, .tries_left = most_wrong - kept->wrong};
    }
    kept->wrong = 0;
    {
        REGISTRATION_TRY(change, office_.database.begin());
        REGISTRATION_CHECK(casebook_.put(change, *kept));
        REGISTRATION_CHECK(office_.note(change, "stop_code", "phone.hold", subject));
        REGISTRATION_CHECK(change.commit());
    }
    std::vector<Wanted> wanted;
    for (const auto kind : {pki::Kind::sign, pki::Kind::auth}) {
        const Bytes& serial = kind == pki::Kind::sign ? phone->sign_serial : phone->auth_serial;
        if (!serial.empty())
            wanted.push_back({phone_ca(kind), serial, pki::Reason::certificate_hold, "stop_code",
                              issuance::life::Actor::stop_code});
    }
    REGISTRATION_TRY(taken, batches_.withdraw(wanted));
    Stopped stopped{.at = office_.clock.now(), .held = {}, .tries_left = {}};
    for (std::size_t i = 0; i < taken.size(); ++i)
        if (taken[i] == Taken::changed || taken[i] == Taken::unchanged)
            stopped.held.push_back(pki::kind_of(wanted[i].ca));
    if (stopped.held.empty())
        return refuse(Code::hold_refused, "nothing of the phone can be put on hold");
    return stopped;
}

}  // namespace mitome::registration
