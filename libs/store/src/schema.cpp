// SPDX-License-Identifier: Apache-2.0
#include "schema.hpp"

#include <array>

namespace mitome::store {
namespace {

// Times are seconds since 1970. Enumerations are the numbers of their headers.

constexpr const char* authority_1 = R"sql(
CREATE TABLE serials(
    id INTEGER PRIMARY KEY,
    ca INTEGER NOT NULL,
    serial BLOB NOT NULL CHECK(length(serial) BETWEEN 1 AND 20),
    drawn_at INTEGER NOT NULL,
    UNIQUE(ca, serial));

CREATE TABLE intents(
    id INTEGER PRIMARY KEY REFERENCES serials(id),
    request BLOB NOT NULL UNIQUE CHECK(length(request) BETWEEN 1 AND 64),
    not_after INTEGER NOT NULL,
    intended_at INTEGER NOT NULL,
    tbs BLOB NOT NULL);

-- The octets of the certificate behind those of its intent: algorithm and signature.
CREATE TABLE certificates(
    id INTEGER PRIMARY KEY REFERENCES intents(id),
    issued_at INTEGER NOT NULL,
    rest BLOB NOT NULL);

-- Follows from the tables above, and keeps the search for what a crash left behind short.
CREATE TABLE open_intents(id INTEGER PRIMARY KEY REFERENCES intents(id));

CREATE TABLE events(
    seq INTEGER PRIMARY KEY,
    id INTEGER NOT NULL REFERENCES intents(id),
    ca INTEGER NOT NULL,
    serial BLOB NOT NULL,
    happening INTEGER NOT NULL,
    at INTEGER NOT NULL,
    not_after INTEGER NOT NULL,
    reason INTEGER NOT NULL,
    invalidity INTEGER,
    role TEXT NOT NULL,
    cause TEXT NOT NULL);
CREATE INDEX revocations ON events(ca, serial, seq, happening, at, not_after, reason, invalidity)
    WHERE happening <> 0;

CREATE TABLE crls(
    ca INTEGER NOT NULL,
    number INTEGER NOT NULL,
    drawn_at INTEGER NOT NULL,
    der BLOB,
    PRIMARY KEY(ca, number));

CREATE TRIGGER serials_stay BEFORE UPDATE ON serials BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER serials_last BEFORE DELETE ON serials BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER intents_stay BEFORE UPDATE ON intents BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER intents_last BEFORE DELETE ON intents BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER certificates_stay BEFORE UPDATE ON certificates
    BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER certificates_last BEFORE DELETE ON certificates
    BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER events_stay BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER events_last BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'append only'); END;
)sql";

constexpr const char* audit_1 = R"sql(
CREATE TABLE audit(
    seq INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    role TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL,
    previous BLOB NOT NULL,
    hash BLOB NOT NULL);
CREATE TRIGGER audit_stays BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER audit_lasts BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'append only'); END;
)sql";

constexpr const char* registration_1 = R"sql(
CREATE TABLE residents(
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    address TEXT NOT NULL,
    birth TEXT NOT NULL,
    sex INTEGER NOT NULL,
    name_substitutes TEXT NOT NULL,
    address_substitutes TEXT NOT NULL,
    municipality TEXT NOT NULL,
    my_number TEXT NOT NULL UNIQUE,
    state INTEGER NOT NULL);

CREATE TABLE cards(
    number INTEGER PRIMARY KEY,
    resident INTEGER NOT NULL REFERENCES residents(id),
    sign_serial BLOB NOT NULL,
    auth_serial BLOB NOT NULL,
    not_after INTEGER NOT NULL,
    state INTEGER NOT NULL);
CREATE INDEX cards_of_resident ON cards(resident);
CREATE UNIQUE INDEX cards_by_sign ON cards(sign_serial) WHERE length(sign_serial) > 0;
CREATE UNIQUE INDEX cards_by_auth ON cards(auth_serial) WHERE length(auth_serial) > 0;

CREATE TABLE devices(
    element BLOB PRIMARY KEY,
    common_name TEXT NOT NULL,
    state INTEGER NOT NULL,
    since INTEGER NOT NULL) WITHOUT ROWID;

CREATE TABLE orders(
    number INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    element BLOB NOT NULL,
    resident INTEGER REFERENCES residents(id),
    state INTEGER NOT NULL,
    created INTEGER NOT NULL,
    deadline INTEGER NOT NULL);
-- States below 4 are open: one such order per device and per person.
CREATE UNIQUE INDEX open_orders_of_element ON orders(element) WHERE state < 4;
CREATE UNIQUE INDEX open_orders_of_resident ON orders(resident)
    WHERE state < 4 AND resident IS NOT NULL;
CREATE INDEX open_orders ON orders(deadline) WHERE state < 4;
CREATE INDEX orders_of_element ON orders(element);

CREATE TABLE order_keys(
    number INTEGER NOT NULL REFERENCES orders(number),
    kind INTEGER NOT NULL,
    spki BLOB NOT NULL,
    serial BLOB NOT NULL,
    certificate BLOB NOT NULL,
    confirmed INTEGER NOT NULL,
    PRIMARY KEY(number, kind));
-- A key belongs to one order for ever.
CREATE UNIQUE INDEX order_keys_by_spki ON order_keys(spki) WHERE length(spki) > 0;

CREATE TABLE exchanges(
    number INTEGER PRIMARY KEY,
    transaction_id BLOB NOT NULL UNIQUE CHECK(length(transaction_id) BETWEEN 1 AND 64),
    order_id BLOB NOT NULL,
    ca INTEGER NOT NULL,
    state INTEGER NOT NULL,
    request_id INTEGER NOT NULL,
    their_nonce BLOB NOT NULL,
    our_nonce BLOB NOT NULL,
    request_digest BLOB NOT NULL,
    answer BLOB NOT NULL,
    spki BLOB NOT NULL,
    serial BLOB NOT NULL,
    certificate BLOB NOT NULL,
    certificate_hash BLOB NOT NULL,
    signer BLOB NOT NULL,
    created INTEGER NOT NULL,
    deadline INTEGER NOT NULL);
CREATE INDEX exchanges_of_order ON exchanges(order_id) WHERE length(order_id) > 0;
CREATE INDEX answered_exchanges ON exchanges(deadline) WHERE state = 1;

CREATE TABLE phones(
    resident INTEGER PRIMARY KEY REFERENCES residents(id),
    element BLOB NOT NULL,
    order_id BLOB NOT NULL,
    sign_serial BLOB NOT NULL,
    auth_serial BLOB NOT NULL,
    since INTEGER NOT NULL);
CREATE UNIQUE INDEX phones_by_element ON phones(element);

CREATE TABLE dialogs(
    id BLOB PRIMARY KEY,
    element BLOB NOT NULL,
    order_id BLOB NOT NULL,
    step INTEGER NOT NULL,
    request_digest BLOB NOT NULL,
    answer BLOB NOT NULL,
    at INTEGER NOT NULL);
CREATE INDEX dialogs_by_age ON dialogs(at);

CREATE TABLE erase_orders(
    number INTEGER PRIMARY KEY,
    element BLOB NOT NULL,
    resident INTEGER REFERENCES residents(id),
    cause TEXT NOT NULL,
    state INTEGER NOT NULL,
    receipt BLOB NOT NULL,
    created INTEGER NOT NULL,
    changed INTEGER NOT NULL);
CREATE INDEX erase_orders_of_element ON erase_orders(element);
)sql";

// Renewal, revocation by the holder, new PINs, erasure with proof, leases, and what registration
// has seen of an element before.
constexpr const char* registration_2 = R"sql(
ALTER TABLE orders ADD COLUMN renewal INTEGER NOT NULL DEFAULT 0;
CREATE INDEX order_keys_by_serial ON order_keys(kind, serial) WHERE length(serial) > 0;

ALTER TABLE erase_orders ADD COLUMN order_id BLOB NOT NULL DEFAULT x'';
ALTER TABLE erase_orders ADD COLUMN challenge BLOB NOT NULL DEFAULT x'';
ALTER TABLE erase_orders ADD COLUMN signed_order BLOB NOT NULL DEFAULT x'';
CREATE INDEX erase_orders_of_resident ON erase_orders(resident) WHERE resident IS NOT NULL;

CREATE TABLE withdrawals(
    transaction_id BLOB NOT NULL,
    position INTEGER NOT NULL,
    ca INTEGER NOT NULL,
    serial BLOB NOT NULL,
    reason INTEGER NOT NULL,
    invalidity INTEGER,
    element BLOB NOT NULL,
    resident INTEGER NOT NULL REFERENCES residents(id),
    done INTEGER NOT NULL,
    PRIMARY KEY(transaction_id, position));
CREATE INDEX open_withdrawals ON withdrawals(transaction_id) WHERE done = 0;

CREATE TABLE reset_grants(
    order_id BLOB PRIMARY KEY,
    element BLOB NOT NULL,
    kinds INTEGER NOT NULL,
    state INTEGER NOT NULL,
    created INTEGER NOT NULL,
    expires INTEGER NOT NULL);
-- State 0 waits: one such grant per device.
CREATE UNIQUE INDEX waiting_grants ON reset_grants(element) WHERE state = 0;

CREATE TABLE leases(
    element BLOB PRIMARY KEY,
    signed_at INTEGER NOT NULL,
    until INTEGER NOT NULL) WITHOUT ROWID;

CREATE TABLE witnesses(
    element BLOB PRIMARY KEY,
    record INTEGER NOT NULL,
    local_receipt INTEGER NOT NULL,
    at INTEGER NOT NULL) WITHOUT ROWID;
)sql";

// What is decided and not carried out yet, what holders are to be told, codes that stop a phone,
// and what waits for a second person.
constexpr const char* registration_3 = R"sql(
CREATE TABLE tasks(
    number INTEGER PRIMARY KEY,
    ca INTEGER NOT NULL,
    serial BLOB NOT NULL,
    reason INTEGER NOT NULL,
    cause TEXT NOT NULL,
    created INTEGER NOT NULL,
    done INTEGER,
    UNIQUE(ca, serial));
CREATE INDEX waiting_tasks ON tasks(number) WHERE done IS NULL;

CREATE TABLE notices(
    number INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    element BLOB NOT NULL,
    resident INTEGER REFERENCES residents(id),
    code TEXT NOT NULL,
    detail TEXT NOT NULL,
    once_key TEXT UNIQUE);
CREATE INDEX notices_of_element ON notices(element, number) WHERE length(element) > 0;
CREATE INDEX notices_of_resident ON notices(resident, number) WHERE length(element) = 0;

CREATE TABLE stop_codes(
    element BLOB PRIMARY KEY,
    resident INTEGER NOT NULL REFERENCES residents(id),
    salt BLOB NOT NULL,
    stretched BLOB NOT NULL,
    wrong INTEGER NOT NULL,
    made INTEGER NOT NULL) WITHOUT ROWID;

CREATE TABLE approvals(
    id BLOB PRIMARY KEY,
    action INTEGER NOT NULL,
    resident INTEGER NOT NULL REFERENCES residents(id),
    element BLOB NOT NULL,
    proposer BLOB NOT NULL,
    state INTEGER NOT NULL,
    proposed INTEGER NOT NULL,
    deadline INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX waiting_approvals ON approvals(proposed) WHERE state = 0;

CREATE TABLE positions(name TEXT PRIMARY KEY, seq INTEGER NOT NULL) WITHOUT ROWID;

CREATE INDEX valid_cards ON cards(not_after) WHERE state = 0;
CREATE INDEX exchanges_of_signer ON exchanges(signer);
CREATE INDEX orders_of_resident ON orders(resident) WHERE resident IS NOT NULL;
CREATE INDEX done_erasures ON erase_orders(changed) WHERE state = 2;
)sql";

constexpr const char* status_1 = R"sql(
CREATE TABLE entries(
    ca INTEGER NOT NULL,
    serial BLOB NOT NULL,
    happening INTEGER NOT NULL,
    at INTEGER NOT NULL,
    not_after INTEGER NOT NULL,
    reason INTEGER NOT NULL,
    invalidity INTEGER,
    PRIMARY KEY(ca, serial)) WITHOUT ROWID;
CREATE TABLE position(only INTEGER PRIMARY KEY CHECK(only = 0), seq INTEGER NOT NULL);
INSERT INTO position VALUES(0, 0);
CREATE TABLE crls(ca INTEGER PRIMARY KEY, der BLOB NOT NULL);
CREATE TABLE kept(name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
)sql";

constexpr std::array authority_steps{authority_1, audit_1};
constexpr std::array registration_steps{registration_1, audit_1, registration_2, registration_3};
constexpr std::array status_steps{status_1};
constexpr std::array maker_steps{audit_1};
constexpr std::array history_steps{audit_1};

// "Mit" and a letter; application_id is what file(1) and a careless hand can tell files by.
constexpr Schema authority{0x4D697441, authority_steps};
constexpr Schema registration{0x4D697452, registration_steps};
constexpr Schema status{0x4D697453, status_steps};
constexpr Schema maker{0x4D69744D, maker_steps};
constexpr Schema history{0x4D697448, history_steps};

}  // namespace

const Schema& authority_schema() { return authority; }
const Schema& registration_schema() { return registration; }
const Schema& status_schema() { return status; }
const Schema& maker_schema() { return maker; }
const Schema& history_schema() { return history; }

}  // namespace mitome::store
