// SPDX-License-Identifier: Apache-2.0
#include "cryptoki.hpp"
#include "der.hpp"
#include "signable.hpp"

#include <mitome/crypto/hsm.hpp>

#include <algorithm>
#include <array>
#include <mutex>
#include <string>

namespace mitome::crypto {
namespace {

constexpr std::size_t label_octets = 32;      // CK_TOKEN_INFO, blank padded
constexpr std::size_t largest_signature = 512;  // RSA-4096
constexpr std::size_t cmac_octets = 16;

constexpr auto p256_oid = "06082A8648CE3D030107"_hex;  // RFC 5480 §2.1.1.1, as CKA_EC_PARAMS
constexpr auto p384_oid = "06052B81040022"_hex;
constexpr auto public_exponent = "010001"_hex;

/// A session and the login it was opened under.
struct Session {
    CK_SESSION_HANDLE handle;
    std::uint64_t login;
};

}  // namespace

/// The token's sessions. One more than is ever lent stays open: a token forgets its login when
/// the last session closes (PKCS#11 §6.7.4).
struct Hsm::State {
    State(Module&& taken, std::string_view token_label, const Secret<64>& user_pin)
        : module(std::move(taken)), label(token_label), pin(user_pin.duplicate()) {}
    State(const State&) = delete;
    State& operator=(const State&) = delete;
    ~State() { close_all(); }

    CK_FUNCTION_LIST& call() const { return module.functions(); }

    /// Opens the token anew, unless another thread has done so since `seen`.
    Done log_in(std::uint64_t seen) {
        const std::scoped_lock lock{mutex};
        if (login != seen) return {};
        close_all();
        MITOME_TRY(found, find_token(call(), label));
        slot = found;
        MITOME_TRY(opened, open_session());
        const auto answer = pin.reveal([&](BytesView octets) {
            return call().C_Login(opened, CKU_USER, unconst(octets), octets.size());
        });
        if (answer != CKR_OK && answer != CKR_USER_ALREADY_LOGGED_IN) {
            call().C_CloseSession(opened);
            return from_module(answer, "hsm: not logged in");
        }
        anchor = opened;
        ++login;
        return {};
    }

    /// `seen` is set to the present login also when no session opens.
    Result<Session> borrow(std::uint64_t& seen) {
        const std::scoped_lock lock{mutex};
        seen = login;
        if (!idle.empty()) {
            const auto handle = idle.back();
            idle.pop_back();
            return Session{handle, login};
        }
        MITOME_TRY(opened, open_session());
        return Session{opened, login};
    }

    void give_back(Session session) {
        const std::scoped_lock lock{mutex};
        if (session.login == login)
            idle.push_back(session.handle);
        else
            call().C_CloseSession(session.handle);
    }

    /// Runs `use` in a session of its own thread; once more after a new login when the first
    /// was lost. `use` gives a CK_RV and leaves its results where its caller looks.
    Done with_session(Literal what, auto&& use) {
        std::uint64_t seen = 0;
        CK_RV answer = CKR_OK;
        for (int attempt = 0; attempt < 2; ++attempt) {
            if (attempt != 0) MITOME_CHECK(log_in(seen));
            auto session = borrow(seen);
            if (!session) {
                answer = session.error().code;
            } else {
                answer = use(*session);
                if (answer == CKR_OK) {
                    give_back(*session);
                    return {};
                }
                // An operation may be left half done in it, so it is not used again.
                if (!is_loss(answer) || answer == CKR_USER_NOT_LOGGED_IN)
                    call().C_CloseSession(session->handle);
            }
            if (!is_loss(answer)) break;
        }
        return from_module(answer, what);
    }

    Module module;
    std::string label;
    Secret<64> pin;  // kept for a new login after the token was lost

    std::mutex mutex;  // of all below
    CK_SLOT_ID slot = 0;
    std::uint64_t login = 0;
    CK_SESSION_HANDLE anchor = CK_INVALID_HANDLE;
    std::vector<CK_SESSION_HANDLE> idle;

    std::mutex making;  // between looking whether a label is free and taking it

private:
    Result<CK_SESSION_HANDLE> open_session() const {
        CK_SESSION_HANDLE opened = CK_INVALID_HANDLE;
        const auto answer = call().C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, nullptr,
                                                 nullptr, &opened);
        if (answer != CKR_OK) return from_module(answer, "hsm: no session");
        return opened;
    }

    void close_all() {
        for (const auto handle : idle) call().C_CloseSession(handle);
        idle.clear();
        if (anchor != CK_INVALID_HANDLE) call().C_CloseSession(anchor);
        anchor = CK_INVALID_HANDLE;
    }
};

namespace {

/// The one object of that class and label; CKR_OK and no object when there is none.
CK_RV find_object(CK_FUNCTION_LIST& functions, CK_SESSION_HANDLE session, CK_OBJECT_CLASS kind,
                  std::string_view label, std::optional<CK_OBJECT_HANDLE>& out) {
    Attributes wanted;
    wanted.number(CKA_CLASS, kind).octets(CKA_LABEL, view(label)).yes(CKA_TOKEN);
    auto answer = functions.C_FindObjectsInit(session, wanted.list(), wanted.count());
    if (answer != CKR_OK) return answer;
    CK_OBJECT_HANDLE found = CK_INVALID_HANDLE;
    CK_ULONG count = 0;
    answer = functions.C_FindObjects(session, &found, 1, &count);
    const auto ended = functions.C_FindObjectsFinal(session);
    out = count == 1 ? std::optional{found} : std::nullopt;
    if (answer != CKR_OK) return answer;
    if (ended != CKR_OK || out) return ended;
    // Without a login private objects are not refused but invisible.
    CK_SESSION_INFO session_state{};
    answer = functions.C_GetSessionInfo(session, &session_state);
    if (answer != CKR_OK) return answer;
    return session_state.state == CKS_RW_USER_FUNCTIONS ? CKR_OK : CKR_USER_NOT_LOGGED_IN;
}

/// CKA_EC_POINT is an OCTET STRING around the point; some modules give the bare point.
BytesView bare_point(BytesView point) {
    const bool wrapped = (point.size() == 67 || point.size() == 99) && point[0] == 0x04 &&
                         point[1] == point.size() - 2;
    return wrapped ? point.subspan(2) : point;
}

/// The SubjectPublicKeyInfo of a public key object; empty for a kind that is none of ours.
CK_RV read_public(CK_FUNCTION_LIST& functions, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                  Bytes& spki) {
    Bytes modulus;
    if (read_attribute(functions, session, object, CKA_MODULUS, modulus) == CKR_OK &&
        !modulus.empty()) {
        Bytes exponent;
        const auto answer =
            read_attribute(functions, session, object, CKA_PUBLIC_EXPONENT, exponent);
        if (answer == CKR_OK) spki = rsa_spki(modulus, exponent);
        return answer;
    }
    Bytes curve;
    Bytes point;
    auto answer = read_attribute(functions, session, object, CKA_EC_PARAMS, curve);
    if (answer == CKR_OK) answer = read_attribute(functions, session, object, CKA_EC_POINT, point);
    if (answer != CKR_OK) return answer;
    if (same(curve, p256_oid)) spki = ec_spki(KeyKind::ec_p256, bare_point(point));
    if (same(curve, p384_oid)) spki = ec_spki(KeyKind::ec_p384, bare_point(point));
    return CKR_OK;
}

/// Whether anything with that label would be taken for the other.
Result<bool> is_taken(Hsm::State& state, std::string_view label) {
    bool taken = false;
    MITOME_CHECK(state.with_session("hsm: label not looked up", [&](Session session) {
        for (const auto kind : {CKO_PRIVATE_KEY, CKO_PUBLIC_KEY, CKO_SECRET_KEY}) {
            std::optional<CK_OBJECT_HANDLE> found;
            const auto answer = find_object(state.call(), session.handle, kind, label, found);
            if (answer != CKR_OK) return answer;
            taken = taken || found;
        }
        return CK_RV{CKR_OK};
    }));
    return taken;
}

/// A key of the token. Object handles die with the login they were found under.
class KeyRef {
public:
    KeyRef(std::string_view label, CK_OBJECT_CLASS kind) : label_(label), kind_(kind) {}

    CK_RV in(CK_FUNCTION_LIST& functions, Session session, CK_OBJECT_HANDLE& out) {
        const std::scoped_lock lock{mutex_};
        if (login_ != session.login) {
            std::optional<CK_OBJECT_HANDLE> found;
            const auto answer = find_object(functions, session.handle, kind_, label_, found);
            if (answer != CKR_OK) return answer;
            if (!found) return CKR_KEY_CHANGED;  // for a key that is gone; a fault of `absent`
            handle_ = *found;
            login_ = session.login;
        }
        out = handle_;
        return CKR_OK;
    }

private:
    const std::string label_;
    const CK_OBJECT_CLASS kind_;
    std::mutex mutex_;
    CK_OBJECT_HANDLE handle_ = CK_INVALID_HANDLE;
    std::uint64_t login_ = 0;  // the first login is 1
};

Done sign_in_token(Hsm::State& state, KeyRef& key, CK_MECHANISM_TYPE mechanism, BytesView content,
                   Bytes& out) {
    return state.with_session("hsm: not signed", [&](Session session) {
        CK_OBJECT_HANDLE handle = CK_INVALID_HANDLE;
        auto answer = key.in(state.call(), session, handle);
        if (answer != CKR_OK) return answer;
        CK_MECHANISM how{mechanism, nullptr, 0};
        answer = state.call().C_SignInit(session.handle, &how, handle);
        if (answer != CKR_OK) return answer;
        out.resize(largest_signature);
        CK_ULONG size = out.size();
        answer = state.call().C_Sign(session.handle, unconst(content), content.size(), out.data(),
                                     &size);
        out.resize(answer == CKR_OK ? size : 0);
        return answer;
    });
}

class HsmSigner final : public Signer {
public:
    HsmSigner(std::shared_ptr<Hsm> token, Hsm::State& state, std::string_view label, KeyKind kind,
              Bytes spki)
        : token_(std::move(token)),
          state_(state),
          key_(label, CKO_PRIVATE_KEY),
          kind_(kind),
          spki_(std::move(spki)) {}

    KeyKind kind() const override { return kind_; }
    const Bytes& spki() const override { return spki_; }

    Result<Bytes> sign_digest(Hash hash, BytesView digest) override {
        MITOME_CHECK(check_signable(hash, digest));
        Bytes signature;
        if (is_rsa(kind_)) {
            MITOME_CHECK(
                sign_in_token(state_, key_, CKM_RSA_PKCS, digest_info(hash, digest), signature));
            return signature;
        }
        // FIPS 186-5 §6.4.1 takes the leftmost bits; PKCS#11 leaves the cutting to the caller.
        const std::size_t order = kind_ == KeyKind::ec_p384 ? 48 : 32;
        MITOME_CHECK(sign_in_token(state_, key_, CKM_ECDSA,
                                   digest.first(std::min(digest.size(), order)), signature));
        if (signature.size() != 2 * order)
            return fail(Fault::broken, "hsm: not a signature of that curve");
        return ecdsa_der(signature);
    }

private:
    const std::shared_ptr<Hsm> token_;  // the token stays open as long as its signers live
    Hsm::State& state_;  // inside *token_
    KeyRef key_;
    const KeyKind kind_;
    const Bytes spki_;
};

/// What every key of ours is and is not allowed.
void add_custody(Attributes& key, std::string_view label) {
    key.octets(CKA_LABEL, view(label))
        .octets(CKA_ID, view(label))
        .yes(CKA_TOKEN)
        .yes(CKA_PRIVATE)
        .yes(CKA_SENSITIVE)
        .no(CKA_EXTRACTABLE)
        .yes(CKA_SIGN)
        .no(CKA_DECRYPT)
        .no(CKA_UNWRAP);
}

Done make_pair(Hsm::State& state, std::string_view label, KeyKind kind) {
    Attributes shown;
    shown.octets(CKA_LABEL, view(label))
        .octets(CKA_ID, view(label))
        .yes(CKA_TOKEN)
        .no(CKA_PRIVATE)
        .yes(CKA_VERIFY);
    const auto rsa = [&](CK_ULONG bits) {
        shown.number(CKA_MODULUS_BITS, bits).octets(CKA_PUBLIC_EXPONENT, public_exponent);
    };
    switch (kind) {
        case KeyKind::rsa_2048: rsa(2048); break;
        case KeyKind::rsa_3072: rsa(3072); break;
        case KeyKind::rsa_4096: rsa(4096); break;
        case KeyKind::ec_p256: shown.octets(CKA_EC_PARAMS, p256_oid); break;
        case KeyKind::ec_p384: shown.octets(CKA_EC_PARAMS, p384_oid); break;
    }
    Attributes kept;
    add_custody(kept, label);
    return state.with_session("hsm: no key made", [&](Session session) {
        CK_MECHANISM how{is_rsa(kind) ? CKM_RSA_PKCS_KEY_PAIR_GEN : CKM_EC_KEY_PAIR_GEN, nullptr,
                         0};
        CK_OBJECT_HANDLE public_key = CK_INVALID_HANDLE;
        CK_OBJECT_HANDLE private_key = CK_INVALID_HANDLE;
        return state.call().C_GenerateKeyPair(session.handle, &how, shown.list(), shown.count(),
                                              kept.list(), kept.count(), &public_key, &private_key);
    });
}

Result<std::array<std::uint8_t, label_octets>> padded(std::string_view label) {
    if (label.empty() || label.size() > label_octets || label.back() == ' ')
        return fail(Fault::malformed, "hsm: not a token label");
    std::array<std::uint8_t, label_octets> out{};
    out.fill(' ');
    std::ranges::copy(label, out.begin());
    return out;
}

}  // namespace

Hsm::Hsm(std::unique_ptr<State> state) : state_(std::move(state)) {}
Hsm::~Hsm() = default;

Result<std::shared_ptr<Hsm>> Hsm::open(const std::filesystem::path& module,
                                       std::string_view token_label, const Secret<64>& user_pin) {
    MITOME_TRY(loaded, Module::load(module));
    auto state = std::make_unique<State>(std::move(loaded), token_label, user_pin);
    MITOME_CHECK(state->log_in(0));
    return std::shared_ptr<Hsm>{new Hsm{std::move(state)}};
}

Done Hsm::create_token(const std::filesystem::path& module, std::string_view token_label,
                       const Secret<64>& security_officer_pin, const Secret<64>& user_pin) {
    MITOME_TRY(label, padded(token_label));
    MITOME_TRY(loaded, Module::load(module));
    auto& call = loaded.functions();
    if (const auto taken = find_token(call, token_label))
        return fail(Fault::conflict, "hsm: a token has that label");
    else if (taken.error().fault != Fault::absent)
        return std::unexpected{taken.error()};

    MITOME_TRY(blank, find_blank(call));
    auto answer = security_officer_pin.reveal([&](BytesView pin) {
        return call.C_InitToken(blank, unconst(pin), pin.size(), label.data());
    });
    if (answer != CKR_OK) return from_module(answer, "hsm: token not initialised");

    MITOME_TRY(slot, find_token(call, token_label));
    CK_SESSION_HANDLE session = CK_INVALID_HANDLE;
    answer =
        call.C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, nullptr, nullptr, &session);
    if (answer != CKR_OK) return from_module(answer, "hsm: no session");
    answer = security_officer_pin.reveal(
        [&](BytesView pin) { return call.C_Login(session, CKU_SO, unconst(pin), pin.size()); });
    if (answer == CKR_OK) {
        answer = user_pin.reveal(
            [&](BytesView pin) { return call.C_InitPIN(session, unconst(pin), pin.size()); });
        call.C_Logout(session);
    }
    call.C_CloseSession(session);
    if (answer != CKR_OK) return from_module(answer, "hsm: user PIN not set");
    return {};
}

Result<std::unique_ptr<Signer>> Hsm::generate(std::string_view label, KeyKind kind) {
    const std::scoped_lock lock{state_->making};
    MITOME_TRY(taken, is_taken(*state_, label));
    if (taken) return fail(Fault::conflict, "hsm: a key has that label");
    MITOME_CHECK(make_pair(*state_, label, kind));
    return find(label);
}

Result<std::unique_ptr<Signer>> Hsm::find(std::string_view label) {
    Bytes spki;
    bool found = false;
    MITOME_CHECK(state_->with_session("hsm: key not looked up", [&](Session session) {
        std::optional<CK_OBJECT_HANDLE> private_key;
        std::optional<CK_OBJECT_HANDLE> public_key;
        auto answer =
            find_object(state_->call(), session.handle, CKO_PRIVATE_KEY, label, private_key);
        if (answer == CKR_OK)
            answer = find_object(state_->call(), session.handle, CKO_PUBLIC_KEY, label, public_key);
        if (answer != CKR_OK || !private_key || !public_key) return answer;
        found = true;
        return read_public(state_->call(), session.handle, *public_key, spki);
    }));
    if (!found) return fail(Fault::absent, "hsm: no key has that label");
    const auto parts = read_spki(spki);
    if (!parts) return fail(Fault::broken, "hsm: a key of a kind that is not used here");
    return std::make_unique<HsmSigner>(shared_from_this(), *state_, label, parts->kind, spki);
}

Done Hsm::generate_mac_key(std::string_view label) {
    const std::scoped_lock lock{state_->making};
    MITOME_TRY(taken, is_taken(*state_, label));
    if (taken) return fail(Fault::conflict, "hsm: a key has that label");
    Attributes kept;
    add_custody(kept, label);
    kept.number(CKA_VALUE_LEN, 32).no(CKA_ENCRYPT).no(CKA_WRAP);
    return state_->with_session("hsm: no key made", [&](Session session) {
        CK_MECHANISM how{CKM_AES_KEY_GEN, nullptr, 0};
        CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
        return state_->call().C_GenerateKey(session.handle, &how, kept.list(), kept.count(), &key);
    });
}

Result<Bytes> Hsm::cmac(std::string_view label, BytesView content) {
    Bytes mac;
    KeyRef key{label, CKO_SECRET_KEY};
    MITOME_CHECK(sign_in_token(*state_, key, CKM_AES_CMAC, content, mac));
    if (mac.size() != cmac_octets) return fail(Fault::broken, "hsm: not an AES-CMAC");
    return mac;
}

}  // namespace mitome::crypto
