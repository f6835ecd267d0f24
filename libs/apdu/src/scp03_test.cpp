// SPDX-License-Identifier: Apache-2.0
#include <mitome/apdu/scp03.hpp>
#include <mitome/base/file.hpp>

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <sstream>

namespace mitome::apdu::scp03 {
namespace {

const std::filesystem::path vectors =
    std::filesystem::path{MITOME_SOURCE_DIR} / "tests/vectors/scp03";

Bytes hex(std::string_view text) { return from_hex(text).value(); }

AesKey key(std::string_view digits) {
    AesKey out;
    EXPECT_TRUE(out.assign(hex(digits)));
    return out;
}

Bytes shown(const AesKey& secret) {
    return secret.reveal([](BytesView octets) { return copy(octets); });
}

struct Exchange {
    std::string plain, wrapped, answer, wrapped_answer;
};

struct Vector {
    std::map<std::string, std::string> field;
    std::vector<Exchange> exchanges;

    [[nodiscard]] Keyset keyset() const {
        return {.version = hex(field.at("greeting"))[10],
                .enc = key(field.at("enc")),
                .mac = key(field.at("mac")),
                .dek = key(field.at("dek"))};
    }
    [[nodiscard]] Bytes octets(const std::string& name) const { return hex(field.at(name)); }
    [[nodiscard]] Response greeting() const { return {.data = octets("greeting"), .sw = sw::ok}; }
    [[nodiscard]] Level level() const {
        return level_of(octets("external_authenticate")[2]).value();
    }
    [[nodiscard]] Card card() const {
        const auto parts = Greeting::decode(octets("greeting")).value();
        return Card::greet(keyset(), parts.i, parts.diversification, octets("host_challenge"),
                           parts.card_challenge, parts.counter)
            .value();
    }
};

Vector load(const std::filesystem::path& file) {
    Vector vector;
    const Bytes octets = read_file(file).value();
    std::istringstream lines{std::string{text(octets)}};
    for (std::string line; std::getline(lines, line);) {
        if (line.empty() || line[0] == '#') continue;
        std::istringstream words{line};
        std::string name;
        words >> name;
        if (name == "command") {
            Exchange exchange;
            words >> exchange.plain >> exchange.wrapped >> exchange.answer >>
                exchange.wrapped_answer;
            vector.exchanges.push_back(exchange);
        } else {
            words >> vector.field[name];
        }
    }
    return vector;
}

class Published : public testing::TestWithParam<std::string> {
protected:
    const Vector vector = load(vectors / (GetParam() + ".txt"));
};

TEST_P(Published, HostSendsTheRecordedOctets) {
    Host host{vector.keyset(), vector.octets("host_challenge")};

    const auto opening = host.external_authenticate(vector.greeting(), vector.level());

    ASSERT_TRUE(opening);
    EXPECT_EQ(opening->encode(), vector.octets("external_authenticate"));
    ASSERT_TRUE(host.authenticated({.data = {}, .sw = sw::ok}));
    for (const Exchange& each : vector.exchanges) {
        const auto wrapped = host.wrap(Command::decode(hex(each.plain)).value());
        ASSERT_TRUE(wrapped);
        if (each.wrapped != "-") {
            EXPECT_EQ(to_hex(wrapped->encode()), each.wrapped);
        }
    }
}

TEST_P(Published, HostReadsTheRecordedAnswers) {
    Host host{vector.keyset(), vector.octets("host_challenge")};
    ASSERT_TRUE(host.external_authenticate(vector.greeting(), vector.level()));
    for (const Exchange& each : vector.exchanges)
        ASSERT_TRUE(host.wrap(Command::decode(hex(each.plain)).value()));

    for (const Exchange& each : vector.exchanges) {
        if (each.wrapped_answer == "-") break;
        const auto answer = host.unwrap(Response::decode(hex(each.wrapped_answer)).value());
        ASSERT_TRUE(answer);
        if (each.answer[0] != '?') {
            EXPECT_EQ(to_hex(answer->encode()), each.answer);
        }
    }
}

TEST_P(Published, CardTakesTheRecordedOctets) {
    Card card = vector.card();
    EXPECT_EQ(card.greeting().encode(), vector.octets("greeting"));

    ASSERT_TRUE(card.external_authenticate(
        Command::decode(vector.octets("external_authenticate")).value()));
    for (const Exchange& each : vector.exchanges) {
        if (each.wrapped == "-") return;  // the source does not show this command
        const auto plain = card.unwrap(Command::decode(hex(each.wrapped)).value());
        ASSERT_TRUE(plain);
        EXPECT_EQ(to_hex(plain->encode()), each.plain);
        if (each.answer == "-") continue;
        const auto wrapped = card.wrap(Response::decode(hex(each.answer)).value());
        ASSERT_TRUE(wrapped);
        EXPECT_EQ(to_hex(wrapped->encode()), each.wrapped_answer);
    }
}

TEST_P(Published, SessionKeysAndChallengeAgree) {
    const auto parts = Greeting::decode(vector.octets("greeting")).value();
    const auto keys =
        session_keys(vector.keyset(), vector.octets("host_challenge"), parts.card_challenge);

    ASSERT_TRUE(keys);
    if (vector.field.contains("session_enc")) {
        EXPECT_EQ(shown(keys->enc), vector.octets("session_enc"));
    }
    if (vector.field.contains("session_mac")) {
        EXPECT_EQ(shown(keys->mac), vector.octets("session_mac"));
    }
    if (vector.field.contains("session_response_mac")) {
        EXPECT_EQ(shown(keys->response_mac), vector.octets("session_response_mac"));
    }
    if (vector.field.contains("aid")) {
        EXPECT_EQ(pseudo_random_challenge(key(vector.field.at("enc")), parts.counter,
                                          vector.octets("aid"), parts.width())
                      .value(),
                  parts.card_challenge);
    }
}

INSTANTIATE_TEST_SUITE_P(All, Published,
                         testing::Values("pysim-128-11", "pysim-128-03", "pysim-128-33",
                                         "pysim-192-11", "pysim-192-03", "pysim-192-33",
                                         "pysim-256-11", "pysim-256-03", "pysim-256-33",
                                         "kaoh-delete", "kaoh-status", "kaoh-mutual", "kaoh-long",
                                         "openscp-s8", "openscp-s16"));

TEST(Diversification, AgreesWithKdf3) {
    const Bytes file = read_file(vectors / "kdf3.txt").value();
    std::istringstream lines{std::string{text(file)}};
    int rows = 0;
    for (std::string line; std::getline(lines, line);) {
        if (line[0] == '#') continue;
        std::istringstream words{line};
        std::string master, enc, mac, dek;
        words >> master >> enc >> mac >> dek;

        const auto keys =
            diversify([&](BytesView content) { return crypto::aes_cmac(key(master), content); },
                      master.size() / 2, hex("00010203040506070809"));

        ASSERT_TRUE(keys);
        EXPECT_EQ(to_hex(key_check_value(keys->enc).value()), enc);
        EXPECT_EQ(to_hex(key_check_value(keys->mac).value()), mac);
        EXPECT_EQ(to_hex(key_check_value(keys->dek).value()), dek);
        ++rows;
    }
    EXPECT_EQ(rows, 3);
}

TEST(KeyCheckValue, AgreesWithPublishedOnes) {
    const Bytes file = read_file(vectors / "kcv.txt").value();
    std::istringstream lines{std::string{text(file)}};
    for (std::string line; std::getline(lines, line);) {
        if (line[0] == '#') continue;
        const auto blank = line.find(' ');
        EXPECT_EQ(to_hex(key_check_value(key(line.substr(0, blank))).value()),
                  line.substr(blank + 1));
    }
}

Keyset keyset(std::size_t size, std::uint8_t first = 1) {
    Keyset keys;
    for (AesKey* each : {&keys.enc, &keys.mac, &keys.dek})
        EXPECT_TRUE(each->assign(Bytes(size, first++)));
    return keys;
}

TEST(PutKey, WrapsAsThePublishedValue) {
    const auto field =
        wrap_key(key("202122232425262728292A2B2C2D2E2F"), key("000102030405060708090A0B0C0D0E0F"));

    EXPECT_EQ(to_hex(field.value()), "881110DB7CE67AF13DE57A95D922E5325ABF1303C35280");
}

TEST(PutKey, TakesBothLengthForms) {
    const AesKey dek = key("202122232425262728292A2B2C2D2E2F");
    const Bytes field = wrap_key(dek, key("000102030405060708090A0B0C0D0E0F")).value();
    Bytes without{0x88, 0x10};
    append(without, BytesView{field}.subspan(3));
    const Bytes version{0x31};

    for (const Bytes& each : {field, without}) {
        const auto keys = unwrap_keys(join({version, each, each, each}), dek);
        ASSERT_TRUE(keys);
        EXPECT_EQ(to_hex(shown(keys->enc)), "000102030405060708090A0B0C0D0E0F");
        EXPECT_EQ(keys->version, 0x31);
    }
}

TEST(PutKey, CarriesKeysOfEverySize) {
    for (const std::size_t size : {16U, 24U, 32U}) {
        const AesKey dek = key("202122232425262728292A2B2C2D2E2F");
        const Keyset keys = keyset(size);

        const auto command = put_key(0x30, keys, dek);

        ASSERT_TRUE(command);
        const auto read = unwrap_keys(command->data, dek);
        ASSERT_TRUE(read);
        EXPECT_EQ(shown(read->dek), shown(keys.dek));
    }
}

TEST(PutKey, RefusesAWrongCheckValue) {
    const AesKey dek = key("202122232425262728292A2B2C2D2E2F");
    auto command = put_key(0x30, keyset(16), dek).value();
    command.data.back() ^= 1;

    EXPECT_EQ(unwrap_keys(command.data, dek).error().fault, Fault::unverified);
}

// ── Both ends against each other ────────────────────────────────────────────────────────────

struct Pair {
    Host host;
    Card card;
};

Pair open(Level level, std::size_t key_size = 32, std::uint8_t i = i_ours, std::uint8_t seed = 1) {
    const std::size_t width = (i & i_s16) != 0 ? 16 : 8;
    const Bytes host_challenge(width, seed);
    Host host{keyset(key_size, seed), host_challenge};
    Card card = Card::greet(keyset(key_size, seed), i, Bytes(10, seed), host_challenge,
                            Bytes(width, 0x77), {})
                    .value();
    const auto opening =
        host.external_authenticate({.data = card.greeting().encode(), .sw = sw::ok}, level);
    EXPECT_TRUE(card.external_authenticate(opening.value()));
    EXPECT_TRUE(host.authenticated({.data = {}, .sw = sw::ok}));
    return {std::move(host), std::move(card)};
}

Command store(std::size_t size) {
    return {.cla = 0x80,
            .ins = 0xE2,
            .p1 = 0x89,
            .p2 = 0,
            .data = Bytes(size, 0x5A),
            .expected = 256,
            .extended = false};
}

TEST(Session, CarriesEverySizeAtEveryLevel) {
    for (const Level level :
         {Level::none, Level::mac, Level::mac_encryption, Level::mac_response_mac,
          Level::mac_encryption_response_mac, Level::all})
        for (const std::uint8_t i : {std::uint8_t{0x60}, std::uint8_t{0x61}}) {
            Pair pair = open(level, 24, i);
            for (const std::size_t size : {0U, 1U, 15U, 16U, 239U, 247U, 255U, 3000U}) {
                const auto wrapped = pair.host.wrap(store(size));
                ASSERT_TRUE(wrapped);
                const auto received = Command::decode(wrapped->encode());
                ASSERT_TRUE(received);
                const auto plain = pair.card.unwrap(*received);
                ASSERT_TRUE(plain);
                EXPECT_EQ(plain->data, Bytes(size, 0x5A));
                const auto answer = pair.card.wrap({.data = Bytes(size, 1), .sw = sw::ok});
                ASSERT_TRUE(answer);
                EXPECT_EQ(pair.host.unwrap(*answer)->data, Bytes(size, 1));
            }
        }
}

TEST(Session, LetsTheHostWrapAScriptBeforeTheFirstAnswer) {
    Pair pair = open(Level::all);
    const auto first = pair.host.wrap(store(10)).value();
    const auto second = pair.host.wrap(store(20)).value();

    ASSERT_TRUE(pair.card.unwrap(first));
    const auto one = pair.card.wrap({.data = Bytes(3, 1), .sw = sw::ok}).value();
    ASSERT_TRUE(pair.card.unwrap(second));
    const auto two = pair.card.wrap({.data = Bytes(4, 2), .sw = sw::ok}).value();

    EXPECT_EQ(pair.host.unwrap(one)->data, Bytes(3, 1));
    EXPECT_EQ(pair.host.unwrap(two)->data, Bytes(4, 2));
}

TEST(Session, TakesAnEncryptedEmptyCommand) {  // as yubikit sends it
    Pair pair = open(Level::all);
    Bytes host_challenge(8, 1);
    auto keys = session_keys(keyset(32), host_challenge, Bytes(8, 0x77)).value();
    Bytes counter(16, 0);
    counter[15] = 1;
    const Bytes iv = crypto::aes_block(keys.enc, counter).value();
    Bytes padding(16, 0);
    padding[0] = 0x80;
    // A second chain plays the host that pads; it is at the same MAC state after EXTERNAL
    // AUTHENTICATE.
    const Bytes sealed = crypto::aes_cbc_encrypt(keys.enc, iv, padding).value();
    Card card =
        Card::greet(keyset(32), i_ours, Bytes(10, 1), host_challenge, Bytes(8, 0x77), {}).value();
    Host host{keyset(32), host_challenge};
    const auto opening =
        host.external_authenticate({.data = card.greeting().encode(), .sw = sw::ok}, Level::all);
    ASSERT_TRUE(card.external_authenticate(opening.value()));
    const Bytes chaining =
        crypto::aes_cmac(keys.mac, join({Bytes(16, 0), Bytes{0x84, 0x82, 0x33, 0x00, 0x10},
                                         BytesView{opening->data}.first(8)}))
            .value();
    Command command{.cla = 0x84,
                    .ins = 0xF2,
                    .p1 = 0x80,
                    .p2 = 2,
                    .data = sealed,
                    .expected = 256,
                    .extended = false};
    const Bytes mac =
        crypto::aes_cmac(keys.mac, join({chaining, Bytes{0x84, 0xF2, 0x80, 0x02, 0x18}, sealed}))
            .value();
    append(command.data, BytesView{mac}.first(8));

    const auto plain = card.unwrap(command);

    ASSERT_TRUE(plain);
    EXPECT_TRUE(plain->data.empty());
}

TEST(Session, RefusesAReplayedCommandAndEnds) {
    Pair pair = open(Level::all);
    const auto wrapped = pair.host.wrap(store(10)).value();
    ASSERT_TRUE(pair.card.unwrap(wrapped));

    EXPECT_EQ(pair.card.unwrap(wrapped).error().fault, Fault::unverified);
    EXPECT_FALSE(pair.card.open());
    EXPECT_EQ(pair.card.unwrap(pair.host.wrap(store(1)).value()).error().fault, Fault::conflict);
}

TEST(Session, RefusesReorderedCommands) {
    Pair pair = open(Level::all);
    const auto first = pair.host.wrap(store(10)).value();
    const auto second = pair.host.wrap(store(20)).value();

    EXPECT_EQ(pair.card.unwrap(second).error().fault, Fault::unverified);
    EXPECT_EQ(pair.card.unwrap(first).error().fault, Fault::conflict);
}

TEST(Session, RefusesEveryFlippedBitOfACommand) {
    const auto probe = open(Level::all).host.wrap(store(4)).value().encode();
    for (std::size_t bit = 0; bit < probe.size() * 8; ++bit) {
        Pair pair = open(Level::all);
        Bytes octets = pair.host.wrap(store(4)).value().encode();
        octets[bit / 8] = static_cast<std::uint8_t>(octets[bit / 8] ^ (1U << (bit % 8)));
        const bool is_le = bit / 8 == octets.size() - 1;
        const bool is_channel = bit < 2;  // logical channel: not covered, Amendment D §6.2.4

        const auto command = Command::decode(octets);

        if (!command || is_le || is_channel) continue;
        EXPECT_FALSE(pair.card.unwrap(*command)) << bit;
    }
}

TEST(Session, RefusesTruncatedCommandsAndAnswers) {
    Pair pair = open(Level::all);
    auto command = pair.host.wrap(store(40)).value();
    ASSERT_TRUE(pair.card.unwrap(command));
    auto answer = pair.card.wrap({.data = Bytes(20, 1), .sw = sw::ok}).value();
    answer.data.pop_back();
    EXPECT_EQ(pair.host.unwrap(answer).error().fault, Fault::unverified);

    Pair other = open(Level::all);
    command = other.host.wrap(store(40)).value();
    command.data.resize(command.data.size() - 16);
    EXPECT_EQ(other.card.unwrap(command).error().fault, Fault::unverified);
}

TEST(Session, RefusesTheMessagesOfAnotherDevice) {
    Pair mine = open(Level::all, 32, i_ours, 1);
    Pair other = open(Level::all, 32, i_ours, 9);

    EXPECT_EQ(mine.card.unwrap(other.host.wrap(store(4)).value()).error().fault, Fault::unverified);
}

TEST(Session, RefusesAPlainCommand) {
    Pair pair = open(Level::mac);

    EXPECT_EQ(pair.card.unwrap(store(4)).error().fault, Fault::unverified);
    EXPECT_FALSE(pair.card.open());
}

TEST(Session, HostRefusesAForgedSuccess) {
    Pair pair = open(Level::all);
    ASSERT_TRUE(pair.host.wrap(store(4)));

    EXPECT_EQ(pair.host.unwrap({.data = {}, .sw = sw::ok}).error().fault, Fault::unverified);
    EXPECT_EQ(pair.host.wrap(store(4)).error().fault, Fault::conflict);
}

TEST(Session, HostReportsABareErrorAsUnproven) {
    Pair pair = open(Level::all);
    ASSERT_TRUE(pair.host.wrap(store(4)));

    const auto answer = pair.host.unwrap({.data = {}, .sw = sw::wrong_data});

    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().fault, Fault::denied);
    EXPECT_EQ(answer.error().code, sw::wrong_data);
}

TEST(Session, CardRefusesAWrongHostCryptogramOnce) {
    const Bytes challenge(8, 1);
    Card card = Card::greet(keyset(16), i_ours, Bytes(10, 0), challenge, Bytes(8, 2), {}).value();
    Host wrong{keyset(16, 5), challenge};
    Command guess{.cla = 0x84,
                  .ins = 0x82,
                  .p1 = 0x33,
                  .p2 = 0,
                  .data = Bytes(16, 0),
                  .expected = {},
                  .extended = false};

    EXPECT_EQ(card.external_authenticate(guess).error().fault, Fault::unverified);
    EXPECT_EQ(card.external_authenticate(guess).error().fault, Fault::conflict);
    EXPECT_EQ(
        wrong.external_authenticate({.data = card.greeting().encode(), .sw = sw::ok}, Level::all)
            .error()
            .fault,
        Fault::unverified);
}

TEST(Level, KnowsNoOtherValue) {
    EXPECT_EQ(level_of(0x33), Level::all);
    EXPECT_EQ(level_of(0x02), std::nullopt);
    EXPECT_EQ(level_of(0x30), std::nullopt);
}

}  // namespace
}  // namespace mitome::apdu::scp03
