// SPDX-License-Identifier: Apache-2.0
#include <mitome/crypto/digest.hpp>
#include <mitome/pki/cmp_server.hpp>
#include <mitome/pki/trusted_issuers.hpp>

#include <algorithm>
#include <mutex>
#include <utility>
#include <vector>

namespace mitome::pki::cmp {
namespace {

// A transaction is over in seconds, so the last few are enough. About 600 octets each.
constexpr std::size_t most_remembered = 256;

std::unexpected<Refusal> refuse(Failure failure, Literal what) {
    return std::unexpected{Refusal{failure, what}};
}

// A certificate that an anchor signed.
struct Known {
    crypto::PublicKey key;
    std::size_t anchor;
};

}  // namespace

struct Protectors::State {
    explicit State(TrustedIssuers given) : issuers(std::move(given)) {}

    struct Remembered {
        Bytes digest;                       // of the whole certificate
        std::shared_ptr<const Known> known;  // also that of the request being judged
    };

    TrustedIssuers issuers;
    mutable std::mutex mutex;
    std::vector<Remembered> remembered;
    std::size_t oldest = 0;

    std::shared_ptr<const Known> find(BytesView digest) const {
        const std::scoped_lock lock{mutex};
        const auto found = std::ranges::find_if(
            remembered, [&](const Remembered& one) { return same(one.digest, digest); });
        return found == remembered.end() ? nullptr : found->known;
    }

    void remember(Bytes digest, std::shared_ptr<const Known> known) {
        const std::scoped_lock lock{mutex};
        if (remembered.size() < most_remembered) {
            remembered.push_back({std::move(digest), std::move(known)});
            return;
        }
        remembered[oldest] = {std::move(digest), std::move(known)};
        oldest = (oldest + 1) % most_remembered;
    }
};

Protectors::Protectors(std::unique_ptr<State> state) : state_(std::move(state)) {}
Protectors::Protectors(Protectors&&) noexcept = default;
Protectors& Protectors::operator=(Protectors&&) noexcept = default;
Protectors::~Protectors() = default;

Result<Protectors> Protectors::create(Anchors anchors) {
    MITOME_TRY(issuers, TrustedIssuers::create(anchors));
    return Protectors{std::make_unique<State>(std::move(issuers))};
}

Judged<Protector> Protectors::judge(const Request& request, Time at) const {
    constexpr std::uint16_t no_more = 0;  // what CMP wants of the usage, the candidates have
    bool signature_failed = false;
    bool expired = false;
    for (auto& candidate : protection_candidates(request.message)) {
        Bytes digest = crypto::digest(crypto::Hash::sha256, candidate.der());
        auto known = state_->find(digest);
        PathVerdict verdict{};
        if (known) {
            verdict = state_->issuers.judge_known(candidate, known->anchor, at, no_more);
        } else {
            const PathAnswer path = state_->issuers.judge(candidate, at, no_more);
            if (path.issuer == nullptr) continue;
            auto key = crypto::PublicKey::from_spki(candidate.spki());
            if (!key) continue;
            verdict = path.verdict;
            known = std::make_shared<const Known>(*std::move(key), path.place);
            state_->remember(std::move(digest), known);
        }
        const bool over = verdict == PathVerdict::expired || verdict == PathVerdict::issuer_expired;
        if (verdict != PathVerdict::valid && !over) continue;
        if (!verify_protection(request.message, known->key)) {
            signature_failed = true;
        } else if (over) {
            expired = true;
        } else {
            return Protector{std::move(candidate), known->anchor};
        }
    }
    if (expired) {
        return refuse(Failure::not_authorized, "the protecting certificate has expired");
    }
    if (signature_failed) {
        return refuse(Failure::bad_message_check, "the protection does not verify");
    }
    return refuse(Failure::signer_not_trusted, "the protecting certificate is not trusted");
}

Judged<Protector> protector_of(const Request& request, Anchors anchors, Time at) {
    const auto protectors = Protectors::create(anchors);
    if (!protectors) {
        return refuse(Failure::signer_not_trusted, "there is no CA to trust");
    }
    return protectors->judge(request, at);
}

Judged<Certificate> protected_by(const Request& request, Anchors anchors, Time at) {
    auto protector = protector_of(request, anchors, at);
    if (!protector) {
        return std::unexpected{protector.error()};
    }
    return std::move(protector->certificate);
}

}  // namespace mitome::pki::cmp
