// SPDX-License-Identifier: Apache-2.0
#include "reply.hpp"

#include <mitome/base/file.hpp>
#include <mitome/base/log.hpp>
#include <mitome/crypto/digest.hpp>
#include <mitome/wallet/sync.hpp>

namespace mitome::wallet {
namespace {

using catalogue::Code;
namespace administration = apdu::administration;

/// The last receipt of that kind; nothing where there is none.
Reply<std::optional<Bytes>> receipt_in(reader::Channel& element, administration::ReceiptOf which) {
    WALLET_CHECK(select_application(element));
    WALLET_TRY(response, ask(element, administration::read_receipt(which)));
    if (response.sw == apdu::sw::reference_not_found) return std::nullopt;
    if (!response.ok()) return std::unexpected{trouble(Code::administration_refused)};
    WALLET_TRY(erased, administration::decode_erased(response.data));
    return std::move(erased.receipt);
}

class Contacting {
public:
    explicit Contacting(const SyncPorts& ports) : ports_(ports) {}

    Result<std::variant<Synced, Refusal>> run() {
        auto state = SyncState::handing_over;
        while (state != SyncState::done && state != SyncState::stopped) {
            const auto event = settle(act(state));
            const auto to = next(state, event);
            if (!to) return fail(Fault::broken, "sync: a move that is not in the table");
            state = *to;
        }
        // A dialog that broke off is told in the end, after what could be saved was.
        if (!trouble_) return std::move(synced_);
        if (const auto* error = std::get_if<Error>(&*trouble_)) return std::unexpected{*error};
        return std::get<Refusal>(*trouble_);
    }

private:
    Reply<SyncEvent> act(SyncState state) {
        switch (state) {
            case SyncState::handing_over: return hand_over();
            case SyncState::administering: return administer();
            case SyncState::keeping: return keep();
            case SyncState::asking: return ask_standing();
            case SyncState::done:
            case SyncState::stopped: break;
        }
        return std::unexpected{trouble(Code::broken)};
    }

    SyncEvent settle(Reply<SyncEvent> reply) {
        if (reply) return *reply;
        if (!trouble_) trouble_ = std::move(reply).error();
        return SyncEvent::trouble;
    }

    Reply<SyncEvent> hand_over() {
        WALLET_TRY(receipt, receipt_in(ports_.element, administration::ReceiptOf::local));
        if (receipt) {
            const auto taken = ports_.contact.hand_over(*receipt);
            const auto* refusal = taken ? nullptr : std::get_if<Refusal>(&taken.error());
            // One that registration will never take must not keep the phone from its orders.
            if (refusal != nullptr && refusal->code == Code::receipt_bad)
                synced_.receipt_refused = true;
            else if (!taken)
                return std::unexpected{taken.error()};
        }
        return SyncEvent::handed_over;
    }

    Reply<SyncEvent> administer() {
        WALLET_TRY(more, ports_.registration.administer(relay_to(ports_.element)));
        return more == More::yes && ++dialogs_ < most_dialogs ? SyncEvent::more
                                                              : SyncEvent::nothing_left;
    }

    Reply<SyncEvent> keep() {
        for (const auto which :
             {administration::ReceiptOf::order, administration::ReceiptOf::local}) {
            WALLET_TRY(receipt, receipt_in(ports_.element, which));
            if (!receipt) continue;
            if (ports_.receipts.has(*receipt)) continue;
            // What is on the shelf went with the erasure: it names the holder. First, since the
            // kept receipt says that all of it was done.
            WALLET_CHECK(ports_.shelf.clear());
            WALLET_TRY(file, ports_.receipts.keep(*receipt));
            synced_.receipts.push_back(std::move(file));
        }
        return SyncEvent::kept;
    }

    Reply<SyncEvent> ask_standing() {
        WALLET_TRY(standing, ports_.contact.standing());
        synced_.standing = std::move(standing);
        return SyncEvent::answered;
    }

    const SyncPorts& ports_;
    Synced synced_;
    int dialogs_ = 0;
    std::optional<Trouble> trouble_;
};

Reply<std::filesystem::path> try_to_erase(reader::Channel& element, Shelf& shelf,
                                          const Receipts& receipts) {
    WALLET_CHECK(select_application(element));
    WALLET_TRY(response, ask(element, administration::erase_locally()));
    if (response.sw == apdu::sw::reference_not_found)
        return std::unexpected{trouble(Code::certificate_absent)};
    if (response.sw == apdu::sw::memory_failure) return std::unexpected{trouble(Code::disk_full)};
    if (!response.ok()) return std::unexpected{trouble(Code::administration_refused)};
    WALLET_TRY(erased, administration::decode_erased(response.data));
    WALLET_CHECK(shelf.clear());
    WALLET_TRY(file, receipts.keep(erased.receipt));
    return file;
}

}  // namespace

std::filesystem::path Receipts::file_of(BytesView receipt) const {
    return folder_ / (to_hex(crypto::digest(crypto::Hash::sha256, receipt)).substr(0, 16) + ".p7s");
}

bool Receipts::has(BytesView receipt) const { return read_file(file_of(receipt)).has_value(); }

Result<std::filesystem::path> Receipts::keep(BytesView receipt) const {
    auto file = file_of(receipt);
    if (has(receipt)) return file;
    std::error_code error;
    std::filesystem::create_directories(folder_, error);
    std::filesystem::permissions(folder_, std::filesystem::perms::owner_all, error);
    MITOME_CHECK(write_file(file, receipt));
    return file;
}

Result<std::variant<Synced, Refusal>> sync(const SyncPorts& ports) {
    return Contacting{ports}.run();
}

Result<std::variant<std::filesystem::path, Refusal>> erase_here(reader::Channel& element,
                                                                Shelf& shelf,
                                                                const Receipts& receipts) {
    auto done = try_to_erase(element, shelf, receipts);
    if (done) return std::move(*done);
    if (const auto* refusal = std::get_if<Refusal>(&done.error())) return *refusal;
    return std::unexpected{std::get<Error>(done.error())};
}

}  // namespace mitome::wallet
