// SPDX-License-Identifier: Apache-2.0
#include "blocking_calls.hpp"
#include "whole_answer.hpp"

#include <mitome/reader/pcsc.hpp>

#include <reader.h>
#include <winscard.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>

namespace mitome::reader {
namespace {

using std::chrono::milliseconds;
using Timer = std::chrono::steady_clock;

constexpr milliseconds quick{5'000};  // for calls that only ask the daemon
constexpr char reader_change[] = R"(\\?PnP?\Notification)";  // stands for "the list of readers"

[[nodiscard]] constexpr std::uint32_t code_of(LONG rv) { return static_cast<std::uint32_t>(rv); }

[[nodiscard]] std::unexpected<Error> failure(LONG rv) {
    const std::uint32_t number = code_of(rv);
    switch (number) {
        case code::unknown_reader:
            return fail(Fault::absent, "reader: no reader of that name", number);
        case code::no_card:
            return fail(Fault::unavailable, "reader: no card in the reader", number);
        case code::removed: return fail(Fault::unavailable, "reader: the card has gone", number);
        case code::mute_card:
        case code_of(SCARD_W_UNPOWERED_CARD):
            return fail(Fault::unavailable, "reader: the card does not answer", code::mute_card);
        case code::in_use:
            return fail(Fault::unavailable, "reader: another program keeps the card", number);
        case code::reset:
            return fail(Fault::conflict, "reader: another program reset the card", number);
        case code_of(SCARD_E_PROTO_MISMATCH):
        case code_of(SCARD_W_UNSUPPORTED_CARD):
            return fail(Fault::conflict, "reader: the card speaks no protocol of ours", number);
        case code::no_service:
        case code_of(SCARD_E_SERVICE_STOPPED):
        case code_of(SCARD_E_INVALID_HANDLE):
        case code_of(SCARD_F_INTERNAL_ERROR):
            return fail(Fault::unavailable, "reader: pcscd does not run", code::no_service);
        default: return fail(Fault::unavailable, "reader: the reader failed", number);
    }
}

[[nodiscard]] std::unexpected<Error> not_returned(BlockingCalls::Ending ending) {
    if (ending == BlockingCalls::Ending::stopped) {
        return fail(Fault::unavailable, "reader: the wait was stopped", code::stopped);
    }
    return fail(Fault::unavailable, "reader: no answer in time", code::timed_out);
}

[[nodiscard]] std::unexpected<Error> in_use() {
    return fail(Fault::unavailable, "reader: another program keeps the card", code::in_use);
}

/// One SCARDCONTEXT: one connection to the daemon.
struct Context {
    SCARDCONTEXT handle = 0;
    bool open = false;

    Context() = default;
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;
    ~Context() { close(); }

    [[nodiscard]] LONG establish() {
        if (open) {
            return SCARD_S_SUCCESS;
        }
        const LONG rv = SCardEstablishContext(SCARD_SCOPE_SYSTEM, nullptr, nullptr, &handle);
        open = rv == SCARD_S_SUCCESS;
        return rv;
    }

    void close() {
        if (open) {
            SCardReleaseContext(handle);
            open = false;
        }
    }
};

[[nodiscard]] ReaderState read_state(const SCARD_READERSTATE& state) {
    const auto mute = (state.dwEventState & SCARD_STATE_MUTE) != 0;
    const auto present = (state.dwEventState & SCARD_STATE_PRESENT) != 0;
    const auto atr_size = std::min<std::size_t>(state.cbAtr, sizeof state.rgbAtr);
    return {.name = state.szReader,
            .presence = mute      ? Presence::mute
                        : present ? Presence::present
                                  : Presence::empty,
            .atr = present ? Bytes(state.rgbAtr, state.rgbAtr + atr_size) : Bytes{},
            // pcsc-lite counts insertions and removals in the upper half.
            .events = static_cast<std::uint32_t>(state.dwEventState >> 16 & 0xFFFFu)};
}

/// The readers and what is in them. A context that the daemon no longer knows is opened anew once.
[[nodiscard]] LONG list_readers(Context& context, std::vector<ReaderState>& readers) {
    for (bool again = context.open;; again = false) {
        readers.clear();
        LONG rv = context.establish();
        Bytes names;
        if (rv == SCARD_S_SUCCESS) {
            DWORD size = 0;
            rv = SCardListReaders(context.handle, nullptr, nullptr, &size);
            if (rv == SCARD_S_SUCCESS) {
                names.resize(size);
                rv = SCardListReaders(context.handle, nullptr,
                                      reinterpret_cast<char*>(names.data()), &size);
                names.resize(rv == SCARD_S_SUCCESS ? size : 0);
            }
        }
        if (rv == SCARD_E_NO_READERS_AVAILABLE) {
            return SCARD_S_SUCCESS;
        }
        if (rv == SCARD_E_INSUFFICIENT_BUFFER) {
            continue;  // a reader came between the two questions
        }
        std::vector<SCARD_READERSTATE> states;
        // Names end in NUL each, the list in one more.
        for (std::size_t at = 0; at < names.size() && names[at] != 0;) {
            const auto end =
                std::ranges::find(names.begin() + static_cast<std::ptrdiff_t>(at), names.end(), 0);
            if (end == names.end()) {
                break;
            }
            SCARD_READERSTATE state{};
            state.szReader = reinterpret_cast<const char*>(names.data() + at);
            state.dwCurrentState = SCARD_STATE_UNAWARE;
            states.push_back(state);
            at = static_cast<std::size_t>(end - names.begin()) + 1;
        }
        if (rv == SCARD_S_SUCCESS && !states.empty()) {
            rv = SCardGetStatusChange(context.handle, 0, states.data(), DWORD{states.size()});
        }
        if (rv == SCARD_S_SUCCESS || rv == SCARD_E_TIMEOUT) {
            for (const SCARD_READERSTATE& state : states) {
                readers.push_back(read_state(state));
            }
            return SCARD_S_SUCCESS;
        }
        if (rv == SCARD_E_UNKNOWN_READER && again) {
            continue;  // a reader went between the two questions
        }
        context.close();
        if (!again) {
            return rv;
        }
    }
}

/// Blocks until something about `known` may have changed.
[[nodiscard]] LONG await_change(Context& context, const std::vector<ReaderState>& known,
                                milliseconds limit) {
    std::vector<SCARD_READERSTATE> states;
    for (const ReaderState& reader : known) {
        SCARD_READERSTATE state{};
        state.szReader = reader.name.c_str();
        state.dwCurrentState = DWORD{reader.events} << 16;
        switch (reader.presence) {
            case Presence::empty: state.dwCurrentState |= SCARD_STATE_EMPTY; break;
            case Presence::present: state.dwCurrentState |= SCARD_STATE_PRESENT; break;
            case Presence::mute:
                state.dwCurrentState |= SCARD_STATE_PRESENT | SCARD_STATE_MUTE;
                break;
        }
        states.push_back(state);
    }
    SCARD_READERSTATE change{};
    change.szReader = reader_change;
    change.dwCurrentState = DWORD{known.size()} << 16;
    states.push_back(change);
    return SCardGetStatusChange(context.handle, static_cast<DWORD>(limit.count()), states.data(),
                                DWORD{states.size()});
}

[[nodiscard]] constexpr DWORD disposition_of(Disposition disposition) {
    switch (disposition) {
        case Disposition::leave: return SCARD_LEAVE_CARD;
        case Disposition::reset: return SCARD_RESET_CARD;
        case Disposition::unpower: return SCARD_UNPOWER_CARD;
    }
    return SCARD_UNPOWER_CARD;
}

/// One SCARDHANDLE with a context of its own, so that a call on another card never waits for it.
struct Card {
    Context context;
    SCARDHANDLE handle = 0;
    DWORD share = SCARD_SHARE_SHARED;
    DWORD protocol = SCARD_PROTOCOL_T1;
    std::atomic<DWORD> at_close = SCARD_LEAVE_CARD;  // set while an abandoned call may run
    bool open = false;
    bool exclusive = false;
    Bytes out;
    Bytes in;

    Card() = default;
    Card(const Card&) = delete;
    Card& operator=(const Card&) = delete;
    ~Card() {
        wipe(out);
        if (open) {
            end_exclusive();
            SCardDisconnect(handle, at_close);
        }
    }

    [[nodiscard]] LONG connect(const std::string& reader) {
        if (const LONG rv = context.establish(); rv != SCARD_S_SUCCESS) {
            return rv;
        }
        const LONG rv = SCardConnect(context.handle, reader.c_str(), share,
                                     SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1, &handle, &protocol);
        open = rv == SCARD_S_SUCCESS;
        if (open) {
            in.resize(MAX_BUFFER_SIZE_EXTENDED);
        }
        return rv;
    }

    /// PC/SC part 10, §2.6.14: 0 and 256 mean short commands only. A driver that does not say is
    /// believed to carry extended ones; T=0 never does (ISO/IEC 7816-3:2006 §12.2).
    [[nodiscard]] std::uint32_t read_largest_response() const {
        if (protocol == SCARD_PROTOCOL_T0) {
            return 256;
        }
        constexpr std::uint32_t everything = 65'536;
        std::array<std::uint8_t, 256> features{};
        DWORD size = 0;
        if (SCardControl(handle, CM_IOCTL_GET_FEATURE_REQUEST, nullptr, 0, features.data(),
                         features.size(), &size) != SCARD_S_SUCCESS) {
            return everything;
        }
        for (std::size_t at = 0; at + 6 <= size && at + 6 <= features.size(); at += 6) {
            if (features[at] != FEATURE_GET_TLV_PROPERTIES) {
                continue;
            }
            DWORD control = 0;
            for (std::size_t i = at + 2; i < at + 6; ++i) {
                control = control << 8 | features[i];
            }
            std::array<std::uint8_t, 256> properties{};
            if (SCardControl(handle, control, nullptr, 0, properties.data(), properties.size(),
                             &size) != SCARD_S_SUCCESS) {
                return everything;
            }
            const std::size_t end = std::min<std::size_t>(size, properties.size());
            for (std::size_t place = 0; place + 2 <= end; place += 2u + properties[place + 1]) {
                if (properties[place] == PCSCv2_PART10_PROPERTY_dwMaxAPDUDataSize &&
                    properties[place + 1] == 4 && place + 6 <= end) {
                    std::uint32_t octets = 0;
                    for (std::size_t i = place + 6; i > place + 2; --i) {
                        octets = octets << 8 | properties[i - 1];
                    }
                    return octets <= 256 ? 256 : everything;
                }
            }
        }
        return everything;
    }

    [[nodiscard]] LONG begin_exclusive() {
        const LONG rv = SCardBeginTransaction(handle);
        exclusive = rv == SCARD_S_SUCCESS;
        return rv;
    }

    void end_exclusive() {
        if (exclusive) {
            SCardEndTransaction(handle, SCARD_LEAVE_CARD);
            exclusive = false;
        }
    }

    /// After another program's reset the handle works again only once we have said that we know.
    [[nodiscard]] LONG accept_reset() {
        const LONG rv = SCardReconnect(handle, share, SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1,
                                       SCARD_LEAVE_CARD, &protocol);
        if (rv != SCARD_S_SUCCESS || !exclusive) {
            return rv;
        }
        return begin_exclusive();
    }

    /// Sends `out`; the answer is the first `size` octets of `in`.
    [[nodiscard]] LONG transmit(DWORD& size) {
        size = DWORD{in.size()};
        const SCARD_IO_REQUEST* const control =
            protocol == SCARD_PROTOCOL_T0 ? SCARD_PCI_T0 : SCARD_PCI_T1;
        const LONG rv = SCardTransmit(handle, control, out.data(), DWORD{out.size()}, nullptr,
                                      in.data(), &size);
        wipe(out);
        if (rv == SCARD_W_RESET_CARD) {
            const LONG accepted = accept_reset();
            return accepted == SCARD_S_SUCCESS ? rv : accepted;
        }
        return rv;
    }
};

class PcscChannel final : public Channel {
public:
    PcscChannel(std::shared_ptr<Card> card, std::unique_ptr<BlockingCalls> calls,
                PcscOptions options)
        : card_(std::move(card)),
          calls_(std::move(calls)),
          options_(std::move(options)),
          t0_(card_->protocol == SCARD_PROTOCOL_T0) {}

    PcscChannel(const PcscChannel&) = delete;
    PcscChannel& operator=(const PcscChannel&) = delete;

    ~PcscChannel() override {
        if (calls_->lost()) {
            return;  // whoever still holds the card closes it
        }
        // Closed on that thread, and no longer ours when it blocks.
        (void)calls_->make([card = std::move(card_)]() mutable { card.reset(); }, quick, {});
    }

    Result<apdu::Response> transmit(const apdu::Command& command) override {
        return whole_answer(command, [this](const apdu::Command& asked) { return once(asked); });
    }

    /// Asked on demand: the question waits while another program has its turn.
    [[nodiscard]] std::uint32_t largest_response() const override {
        if (!largest_response_ && !dead_ && !calls_->lost()) {
            const auto octets = std::make_shared<std::uint32_t>(0);
            const auto ending =
                calls_->make([octets, card = card_] { *octets = card->read_largest_response(); },
                             options_.limits.command, options_.stop);
            if (ending == BlockingCalls::Ending::returned) {
                largest_response_ = *octets;
            }
        }
        return largest_response_.value_or(256);
    }
    [[nodiscard]] Count count() const override { return count_; }

    Done begin_exclusive() override {
        if (dead_ || calls_->lost()) {
            return dead();
        }
        LONG rv = SCARD_S_SUCCESS;
        // The library asks the daemon again and again while another program has its turn. It lets
        // go of the context in between, so that releasing the context is what ends the wait.
        const auto ending = make([](Card& card) { return card.begin_exclusive(); }, rv,
                                 [of = card_->context.handle] { SCardReleaseContext(of); });
        if (ending != BlockingCalls::Ending::returned) {
            dead_ = true;
            return ending == BlockingCalls::Ending::timed_out && !calls_->lost()
                       ? in_use()
                       : not_returned(ending);
        }
        if (rv == SCARD_W_RESET_CARD) {
            return accept_reset();
        }
        if (rv != SCARD_S_SUCCESS) {
            dead_ = true;
            return failure(rv);
        }
        return {};
    }

    void end_exclusive() noexcept override {
        if (!dead_ && !calls_->lost()) {
            LONG rv = SCARD_S_SUCCESS;
            (void)make([](Card& card) { return card.end_exclusive(), SCARD_S_SUCCESS; }, rv);
        }
    }

    void at_close(Disposition disposition) noexcept override {
        card_->at_close = disposition_of(disposition);
    }

private:
    [[nodiscard]] static std::unexpected<Error> dead() {
        return fail(Fault::unavailable, "reader: the conversation has ended", code::removed);
    }

    /// The reset came while nobody asked anything: nothing is lost that anybody has yet.
    Done accept_reset() {
        LONG rv = SCARD_S_SUCCESS;
        const auto ending = make(
            [](Card& card) {
                const LONG accepted = card.accept_reset();
                return accepted == SCARD_S_SUCCESS ? card.begin_exclusive() : accepted;
            },
            rv);
        if (ending != BlockingCalls::Ending::returned || rv != SCARD_S_SUCCESS) {
            dead_ = true;
            return ending != BlockingCalls::Ending::returned ? not_returned(ending) : failure(rv);
        }
        return {};
    }

    template <class Call>
    BlockingCalls::Ending make(const Call& call, LONG& rv,
                               const std::function<void()>& interrupt = {}) {
        // Shared with the call, which may outlive this frame.
        const auto outcome = std::make_shared<LONG>(SCARD_F_INTERNAL_ERROR);
        const auto ending = calls_->make([card = card_, outcome, call] { *outcome = call(*card); },
                                         options_.limits.command, options_.stop, interrupt);
        rv = ending == BlockingCalls::Ending::returned ? *outcome : SCARD_E_TIMEOUT;
        return ending;
    }

    Result<apdu::Response> once(const apdu::Command& asked) {
        if (options_.stop.stop_requested()) {
            dead_ = true;
            return not_returned(BlockingCalls::Ending::stopped);
        }
        if (dead_ || calls_->lost()) {
            return dead();
        }
        if (!encode(asked)) {
            return fail(Fault::malformed, "reader: the card takes short commands only");
        }
        ++count_.commands;
        count_.octets_out += card_->out.size();

        LONG rv = SCARD_S_SUCCESS;
        DWORD size = 0;
        if (options_.waiting == Waiting::direct) {
            rv = card_->transmit(size);
        } else {
            const auto answered = std::make_shared<DWORD>(0);
            const auto ending =
                make([answered](Card& card) { return card.transmit(*answered); }, rv);
            if (ending != BlockingCalls::Ending::returned) {
                dead_ = true;
                return not_returned(ending);
            }
            size = *answered;
        }
        if (rv == SCARD_W_RESET_CARD) {
            return failure(rv);
        }
        if (rv != SCARD_S_SUCCESS) {
            dead_ = true;
            return failure(rv);
        }
        if (size == 0) {
            // How some drivers tell that the card left in mid-command.
            dead_ = true;
            return failure(SCARD_W_REMOVED_CARD);
        }
        count_.octets_in += size;
        return apdu::Response::decode(BytesView{card_->in}.first(size));
    }

    /// False when the protocol cannot carry it. T=0 sends no Le behind data
    /// (ISO/IEC 7816-3:2006 §12.2.5): the card says 61xx.
    [[nodiscard]] bool encode(const apdu::Command& asked) {
        if (!t0_) {
            card_->out = asked.encode();
            return true;
        }
        apdu::Command carried = asked;
        carried.extended = false;
        if (!carried.data.empty()) {
            carried.expected.reset();
        } else if (carried.expected.value_or(0) > 256) {
            carried.expected = 256;
        }
        const bool fits = carried.data.size() <= 255;
        if (fits) {
            card_->out = carried.encode();
        }
        wipe(carried.data);
        return fits;
    }

    std::shared_ptr<Card> card_;  // an abandoned call is the other owner
    std::unique_ptr<BlockingCalls> calls_;
    PcscOptions options_;
    mutable std::optional<std::uint32_t> largest_response_;
    bool t0_;
    bool dead_ = false;
    Count count_;
};

}  // namespace

struct Pcsc::State {
    std::shared_ptr<Context> context = std::make_shared<Context>();
    std::unique_ptr<BlockingCalls> calls = std::make_unique<BlockingCalls>();

    /// After a call that never came back everything starts anew.
    void renew_if_lost() {
        if (calls->lost()) {
            context = std::make_shared<Context>();
            calls = std::make_unique<BlockingCalls>();
        }
    }
};

Pcsc::Pcsc() : state_(std::make_unique<State>()) {}
Pcsc::Pcsc(Pcsc&&) noexcept = default;
Pcsc& Pcsc::operator=(Pcsc&&) noexcept = default;
Pcsc::~Pcsc() = default;

Result<std::vector<ReaderState>> Pcsc::readers() {
    struct Listing {
        LONG rv = SCARD_F_INTERNAL_ERROR;
        std::vector<ReaderState> readers;
    };
    state_->renew_if_lost();
    const auto listing = std::make_shared<Listing>();
    const auto ending = state_->calls->make(
        [listing, context = state_->context] {
            listing->rv = list_readers(*context, listing->readers);
        },
        quick, {});
    if (ending != BlockingCalls::Ending::returned) {
        return not_returned(ending);
    }
    if (listing->rv != SCARD_S_SUCCESS) {
        return failure(listing->rv);
    }
    return std::move(listing->readers);
}

Result<std::vector<ReaderState>> Pcsc::wait_for_change(const std::vector<ReaderState>& known,
                                                       milliseconds limit,
                                                       const std::stop_token& stop) {
    const auto end = Timer::now() + limit;
    for (;;) {
        if (stop.stop_requested()) {
            return not_returned(BlockingCalls::Ending::stopped);
        }
        MITOME_TRY(present, readers());
        const auto left = std::chrono::duration_cast<milliseconds>(end - Timer::now());
        if (present != known || left <= milliseconds{0}) {
            return present;
        }

        const auto rv = std::make_shared<LONG>(SCARD_F_INTERNAL_ERROR);
        const std::shared_ptr<Context> context = state_->context;
        const auto ending = state_->calls->make(
            [rv, context, known, left] { *rv = await_change(*context, known, left); }, left + quick,
            stop, [context] { SCardCancel(context->handle); });
        if (ending != BlockingCalls::Ending::returned) {
            return not_returned(ending);
        }
        if (*rv == SCARD_E_CANCELLED) {
            return not_returned(BlockingCalls::Ending::stopped);
        }
        // Another program's use of a reader wakes us too; the list above tells what it was.
        if (*rv != SCARD_S_SUCCESS && *rv != SCARD_E_TIMEOUT && *rv != SCARD_E_UNKNOWN_READER) {
            context->close();
            return failure(*rv);
        }
    }
}

Result<ReaderState> Pcsc::wait_for_card(std::optional<std::string> reader, milliseconds limit,
                                        const std::stop_token& stop) {
    const auto end = Timer::now() + limit;
    MITOME_TRY(known, readers());
    for (;;) {
        const auto found = std::ranges::find_if(known, [&](const ReaderState& state) {
            return state.presence == Presence::present && (!reader || state.name == *reader);
        });
        if (found != known.end()) {
            return *found;
        }
        const auto left = std::chrono::duration_cast<milliseconds>(end - Timer::now());
        if (left <= milliseconds{0}) {
            return fail(Fault::unavailable, "reader: no card came", code::no_card);
        }
        MITOME_TRY(present, wait_for_change(known, left, stop));
        known = std::move(present);
    }
}

Result<std::unique_ptr<Channel>> Pcsc::connect(const std::string& reader,
                                               const PcscOptions& options) {
    const auto card = std::make_shared<Card>();
    card->share =
        options.sharing == Sharing::exclusive ? SCARD_SHARE_EXCLUSIVE : SCARD_SHARE_SHARED;
    card->at_close = disposition_of(options.at_close);
    auto calls = std::make_unique<BlockingCalls>();
    const auto rv = std::make_shared<LONG>(SCARD_F_INTERNAL_ERROR);
    const auto ending = calls->make([card, rv, reader] { *rv = card->connect(reader); },
                                    options.limits.connect, options.stop);
    // A daemon that answers others at once waits here for another program's turn to end. Nothing
    // ends that wait for us: the call is left behind.
    if (ending == BlockingCalls::Ending::timed_out && readers()) {
        return in_use();
    }
    if (ending != BlockingCalls::Ending::returned) {
        return not_returned(ending);
    }
    if (*rv != SCARD_S_SUCCESS) {
        return failure(*rv);
    }
    return std::make_unique<PcscChannel>(card, std::move(calls), options);
}

}  // namespace mitome::reader
