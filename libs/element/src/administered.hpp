// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sample.hpp"

#include <mitome/crypto/random.hpp>

namespace mitome::element::sample {

namespace administration = apdu::administration;
namespace scp03 = apdu::scp03;

inline constexpr administration::Order first_order{1};
inline constexpr administration::Order second_order{2};

/// What registration does with an element, over a connection of its own.
class Registrar {
public:
    explicit Registrar(World& world, scp03::Keyset keys = keyset(),
                       scp03::Level level = scp03::Level::all)
        : world_(world), host_(std::move(keys), crypto::SystemRandom{}.octets(8)) {
        (void)send({.cla = 0,
                    .ins = 0xA4,
                    .p1 = 4,
                    .p2 = 0,
                    .data = copy(administration::security_domain_aid),
                    .expected = 256,
                    .extended = false});
        const auto opening = host_.external_authenticate(send(host_.initialize_update()), level);
        if (opening) open = host_.authenticated(send(*opening)).has_value();
    }

    apdu::Response send(const apdu::Command& command) {
        return apdu::Response::decode(world_.element->answer(connection_, command.encode()))
            .value();
    }
    Result<apdu::Response> ask(const apdu::Command& command) {
        MITOME_TRY(wrapped, host_.wrap(command));
        return host_.unwrap(send(wrapped));
    }
    /// 9000 or the bare word.
    std::uint16_t word(const apdu::Command& command) {
        const auto answer = ask(command);
        return answer ? answer->sw : static_cast<std::uint16_t>(answer.error().code);
    }
    void install() { (void)ask(administration::install_for_personalization()); }
    std::uint16_t word(const administration::Operation& operation) {
        return word(administration::store(operation));
    }
    Bytes generate(Kind kind) {
        return administration::decode_generated(
                   ask(administration::store(administration::Generate{kind}))->data)
            ->spki;
    }
    administration::State state() {
        return administration::decode_state(
                   ask(administration::store(administration::AskState{}))->data)
            .value();
    }

    /// The receipt, or nothing when it is refused.
    Bytes erase(const administration::Erase& order) {
        const auto answer = ask(administration::store(order));
        if (!answer || !answer->ok()) return {};
        return administration::decode_erased(answer->data).value().receipt;
    }

    bool open = false;
    scp03::Host& host() { return host_; }
    Connection& connection() { return connection_; }

private:
    World& world_;
    scp03::Host host_;
    Connection connection_;
};

inline constexpr auto select_jpki = "00A4040C0AD392F000260100000001"_hex;
inline constexpr auto select_domain = "00A4040C08A000000151000000"_hex;

inline constexpr administration::Erase erase_order{
    .order = {0xE1}, .number = 1, .challenge = {0xC1}, .signed_order = {0x51}};

/// The whole way of an order up to its swap, with P-256 keys.
inline void fill(World& world, Registrar& registrar, const administration::Order& order,
                 std::string_view pin = "9876", std::string_view password = "XYZ789") {
    registrar.install();
    (void)registrar.word(administration::Begin{order, 3, administration::Algorithm::ec_p256});
    for (const Kind kind : administration::kinds) {
        const Bytes spki = registrar.generate(kind);
        for (const auto role : {administration::Role::holder, administration::Role::issuer})
            (void)registrar.word(
                administration::StoreCertificate{kind, role, certificate_shape(spki)});
    }
    world.ask(select_jpki);
    (void)world.ask(administration::set_pending_pin(Kind::auth, view(pin)));
    (void)world.ask(administration::set_pending_pin(Kind::sign, view(password)));
}

/// A phone with both certificates, PIN 9876 and password XYZ789. Made once, then copied.
inline World issued_phone() {
    static const Slots made = [] {
        World world = phone();
        Registrar registrar{world};
        fill(world, registrar, first_order);
        if (registrar.word(administration::Swap{first_order}) != apdu::sw::ok) std::abort();
        return *world.slots;
    }();
    return World{made};
}

}  // namespace mitome::element::sample
