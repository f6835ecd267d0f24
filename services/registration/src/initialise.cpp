// SPDX-License-Identifier: Apache-2.0
#include "initialise.hpp"

#include "sandbox_residents.hpp"

#include <mitome/base/file.hpp>
#include <mitome/base/log.hpp>
#include <mitome/store/register.hpp>

namespace mitome::registration {
namespace {

Done make_key(const crypto::Token& token) {
    MITOME_CHECK(crypto::make_token(token));
    MITOME_TRY(hsm, crypto::open_token(token));
    const auto made = hsm->generate(cmp_label, crypto::KeyKind::ec_p256);
    if (!made && made.error().fault != Fault::conflict) return std::unexpected{made.error()};
    return {};
}

Done seed(store::Database& database, Time now) {
    store::Register people{database};
    MITOME_TRY(change, database.begin());
    MITOME_TRY(present, people.residents(change));
    if (!present.empty()) return {};
    for (const auto& resident : sandbox_residents(day_in_japan(now))) {
        MITOME_TRY(id, people.add(change, resident));
        static_cast<void>(id);
    }
    return change.commit();
}

}  // namespace

Done initialise(const Config& config, Time now) {
    MITOME_CHECK(make_private_folder(config.folder));
    MITOME_CHECK(make_key(config.own));
    MITOME_TRY(database, store::Database::open(config.database(), store::registration_schema()));
    if (config.sandbox) MITOME_CHECK(seed(*database, now));
    log(Level::info, "initialised");
    return {};
}

}  // namespace mitome::registration
