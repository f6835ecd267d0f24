// SPDX-License-Identifier: Apache-2.0
#include "sample_world.hpp"

#include <mitome/pki/der.hpp>
#include <mitome/pki/lint.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <set>

namespace mitome::pki {
namespace {

using testing::Contains;
using testing::IsEmpty;

/// A TBSCertificate in pieces that a defect may change.
struct Draft {
    Bytes version = hex("A003020102");
    Bytes serial, algorithm, issuer, not_before, not_after, subject, spki;
    Bytes unique_identifiers;
    std::vector<NewExtension> extensions;
    bool write_default = false;
    Bytes behind;

    static Bytes hex(std::string_view text) { return from_hex(text).value(); }

    NewExtension& extension(std::string_view oid) {
        return *std::ranges::find(extensions, oid, &NewExtension::oid);
    }
    void remove(std::string_view oid) {
        std::erase_if(extensions, [&](const NewExtension& e) { return e.oid == oid; });
    }

    [[nodiscard]] Bytes tbs() const {
        Bytes list;
        for (const NewExtension& e : extensions) {
            const Bytes flag = e.critical      ? der::boolean(true)
                               : write_default ? der::boolean(false)
                                               : Bytes{};
            append(list, der::sequence({der::oid(e.oid), flag, der::octet_string(e.value)}));
        }
        return join({der::sequence({version, serial, algorithm, issuer,
                                    der::sequence({not_before, not_after}), subject, spki,
                                    unique_identifiers,
                                    der::wrap(der::tag::constructed(3), der::sequence({list}))}),
                     behind});
    }
};

Draft draft_of(const Certificate& certificate) {
    Draft draft;
    draft.serial = der::wrap(der::tag::integer, certificate.serial());
    draft.algorithm = copy(certificate.signature_algorithm());
    draft.issuer = copy(certificate.issuer());
    draft.not_before = der::time(certificate.not_before());
    draft.not_after = der::time(certificate.not_after());
    draft.subject = copy(certificate.subject());
    draft.spki = copy(certificate.spki());
    for (const Extension& extension : certificate.extensions()) {
        draft.extensions.push_back({extension.oid, extension.critical, copy(extension.value)});
    }
    return draft;
}

Template service_of(Shape shape) {
    const auto& by = sample::world(Ca::phone_sign);
    const Bytes name = make_name({{attribute::common_name, "Mitome service"}});
    const Validity validity{sample::time_of("2025-10-27T00:00:00Z"),
                            sample::time_of("2026-10-27T00:00:00Z")};
    const Bytes serial(16, 0x21);
    const auto& spki = sample::person_key().spki();
    return shape == Shape::registration
               ? registration_template(by.issuer, name, spki, serial, validity).value()
               : ocsp_responder_template(by.issuer, name, spki, serial, validity).value();
}

Ca ca_of_shape(Shape shape, Kind kind) {
    if (shape == Shape::end_entity && kind == Kind::auth) return Ca::phone_auth;
    return Ca::phone_sign;
}

Draft good(Shape shape, Kind kind) {
    const Ca ca = ca_of_shape(shape, kind);
    switch (shape) {
        case Shape::authority: return draft_of(sample::world(ca).ca);
        case Shape::end_entity: return draft_of(sample::person(ca));
        case Shape::ocsp_responder:
        case Shape::registration:
            return draft_of(sample::sign(sample::world(ca), certificate_tbs(service_of(shape))));
    }
    return {};
}

LintReport report_on(const Bytes& tbs, Shape shape, Kind kind) {
    const auto& world = sample::world(ca_of_shape(shape, kind));
    return lint(tbs, {.shape = shape,
                      .profile = &world.profile,
                      .ca = shape == Shape::authority ? nullptr : &world.ca,
                      .latest_not_after = sample::time_of("2030-02-17T14:59:59Z")});
}

Bytes items_with(const std::function<void(BasicFourItems&)>& change) {
    BasicFourItems items = sample::items();
    change(items);
    return to_subject_alt_name(items);
}

Bytes replaced(Bytes in, std::string_view from, std::string_view to) {
    std::string whole{text(in)};
    const auto at = whole.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    if (at != std::string::npos) whole.replace(at, from.size(), to);
    return copy(view(whole));
}

struct Defect {
    std::string_view lint;
    Shape shape = Shape::end_entity;
    std::function<void(Draft&)> make;
    Kind kind = Kind::sign;
};

const std::vector<Defect>& defects() {
    using enum Shape;
    static const std::vector<Defect> all{
        {"rfc5280_structure", end_entity, [](Draft& d) { d.behind = {0}; }},
        {"rfc5280_version_3", end_entity, [](Draft& d) { d.version = {}; }},
        {"rfc5280_serial_positive", end_entity,
         [](Draft& d) { d.serial = Draft::hex("0204FF000001"); }},
        {"rfc5280_serial_at_most_20_octets", end_entity,
         [](Draft& d) { d.serial = der::integer(Bytes(21, 0x11)); }},
        {"rfc5280_signature_algorithm_known", end_entity,  // SHA-1 with RSA
         [](Draft& d) { d.algorithm = Draft::hex("300D06092A864886F70D0101050500"); }},
        {"rfc5280_issuer_not_empty", end_entity, [](Draft& d) { d.issuer = der::sequence({}); }},
        {"rfc5280_names_well_formed", end_entity,
         [](Draft& d) { d.subject = replaced(d.subject, "Kiyose", "Ki\xFFose"); }},
        {"rfc5280_string_lengths", end_entity,
         [](Draft& d) {
             d.subject = make_name({{attribute::country, "JP"},
                                    {attribute::locality, "Tokyo-to"},
                                    {attribute::locality, "Kiyose-shi"},
                                    {attribute::common_name, std::string(65, '1')}});
         }},
        {"rfc5280_time_encoding", end_entity,
         [](Draft& d) {
             d.not_after = der::generalized_time(sample::time_of("2030-02-17T14:59:59Z"));
         }},
        {"rfc5280_validity_order", end_entity,
         [](Draft& d) { d.not_after = der::time(sample::time_of("2025-10-26T14:59:59Z")); }},
        {"rfc5280_subject_not_empty", end_entity, [](Draft& d) { d.subject = der::sequence({}); }},
        {"rfc5280_key_readable", end_entity, [](Draft& d) { d.spki[d.spki.size() - 65] = 0x02; }},
        {"rfc5280_no_unique_identifiers", end_entity,
         [](Draft& d) { d.unique_identifiers = Draft::hex("81020001"); }},
        {"rfc5280_extensions_unique", end_entity,
         [](Draft& d) { d.extensions.push_back(d.extensions.back()); }},
        {"rfc5280_no_default_written", end_entity, [](Draft& d) { d.write_default = true; }},
        {"rfc5280_critical_known", end_entity,
         [](Draft& d) { d.extension("2.5.29.31").critical = true; }},
        {"rfc5280_authority_key_identifier", end_entity, [](Draft& d) { d.remove("2.5.29.35"); }},
        {"rfc5280_subject_key_identifier", end_entity,
         [](Draft& d) { d.extension("2.5.29.14").value.back() ^= 1; }},
        {"rfc5280_key_usage_sound", end_entity,
         [](Draft& d) { d.extension("2.5.29.15").critical = false; }},
        {"rfc5280_cert_sign_as_ca", end_entity,
         [](Draft& d) { d.extension("2.5.29.15").value = Draft::hex("030202C4"); }},
        {"rfc5280_no_ca", registration,
         [](Draft& d) { d.extension("2.5.29.19").value = Draft::hex("30030101FF"); }},
        {"rfc5280_issuer_is_ca_subject", end_entity,
         [](Draft& d) { d.issuer = replaced(d.issuer, "Sandbox", "sandbox"); }},
        {"rfc5280_self_issued", authority,
         [](Draft& d) { d.issuer = replaced(d.issuer, "Sandbox", "sandbox"); }},
        {"rfc5280_within_ca_validity", end_entity,
         [](Draft& d) { d.not_before = der::time(sample::time_of("2025-07-16T00:59:59Z")); }},
        {"rfc6960_ocsp_signing_alone", ocsp_responder,
         [](Draft& d) {
             d.extension("2.5.29.37") =
                 extension::extended_key_usage({purpose::ocsp_signing, purpose::client_auth});
         }},
        {"rfc6960_no_check", ocsp_responder, [](Draft& d) { d.remove("1.3.6.1.5.5.7.48.1.5"); }},
        {"rfc6402_cmc_ra_alone", registration,
         [](Draft& d) {
             d.extension("2.5.29.37") = extension::extended_key_usage({purpose::client_auth});
         }},
        {"jpki_serial_at_least_4_octets", end_entity,
         [](Draft& d) { d.serial = der::integer(0xFFFFFF); }},
        {"jpki_signature_algorithm_of_issuer", end_entity,
         [](Draft& d) {
             d.algorithm = signature_algorithm(crypto::KeyKind::ec_p256, crypto::Hash::sha384);
         }},
        {"jpki_subject_key", end_entity,
         [](Draft& d) {
             d.spki = sample::new_key(crypto::KeyKind::ec_p384)->spki();
             d.extension("2.5.29.14").value = der::octet_string(key_identifier(d.spki).value());
         }},
        {"jpki_key_usage_exact", end_entity,
         [](Draft& d) { d.extension("2.5.29.15").value = Draft::hex("03020780"); }},
        {"jpki_no_basic_constraints", end_entity,
         [](Draft& d) { d.extensions.push_back(extension::no_authority()); }},
        {"jpki_no_extended_key_usage", end_entity,
         [](Draft& d) {
             d.extensions.push_back(extension::extended_key_usage({purpose::client_auth}));
         }},
        {"jpki_ca_basic_constraints_exact", authority,
         [](Draft& d) { d.extension("2.5.29.19") = extension::authority(0); }},
        {"jpki_policies_critical", end_entity,
         [](Draft& d) { d.extension("2.5.29.32").critical = false; }},
        {"jpki_policy_exact", end_entity,
         [](Draft& d) {
             auto& value = d.extension("2.5.29.32").value;
             value = replaced(value, "cps.html", "cps.htm~");
         }},
        {"jpki_issuer_alt_name_exact", end_entity,
         [](Draft& d) {
             auto& value = d.extension("2.5.29.18").value;
             value = replaced(value, "Sandbox", "sandbox");
         }},
        {"jpki_ca_alt_name_exact", authority,
         [](Draft& d) {
             auto& value = d.extension("2.5.29.17").value;
             value = replaced(value, "Sandbox", "sandbox");
         }},
        {"jpki_distribution_point_exact", end_entity,
         [](Draft& d) {
             auto& value = d.extension("2.5.29.31").value;
             value = replaced(value, "http:", "ldap:");
         }},
        {"jpki_distribution_point_of_place", end_entity,
         [](Draft& d) {
             auto& value = d.extension("2.5.29.31").value;
             value = replaced(value, "Kiyose", "Komae-");
         }},
        {"jpki_ca_distribution_point_exact", authority,
         [](Draft& d) {
             auto& value = d.extension("2.5.29.31").value;
             value = replaced(value, "Sandbox", "sandbox");
         }},
        {"jpki_access_exact", end_entity,
         [](Draft& d) {
             auto& value = d.extension("1.3.6.1.5.5.7.1.1").value;
             value = replaced(value, "ocsp", "ocsq");
         }},
        {"jpki_authority_key_identifier_exact", end_entity,
         [](Draft& d) { d.extension("2.5.29.35").value.back() ^= 1; }},
        {"jpki_extension_order", end_entity,
         [](Draft& d) { std::swap(d.extensions[6], d.extensions[7]); }},
        {"jpki_extension_order", ocsp_responder,
         [](Draft& d) { std::swap(d.extensions[0], d.extensions[1]); }},
        {"jpki_string_types", end_entity,
         [](Draft& d) { d.subject = replaced(d.subject, "\x0C\x08Tokyo-to", "\x13\x08Tokyo-to"); }},
        {"jpki_ca_name_exact", authority,
         [](Draft& d) {
             d.subject = replaced(d.subject, "Sandbox", "sandbox");
             d.issuer = d.subject;
             d.extension("2.5.29.31").value =
                 replaced(d.extension("2.5.29.31").value, "Sandbox", "sandbox");
         }},
        {"jpki_subject_shape", end_entity,
         [](Draft& d) {
             d.subject = make_name({{attribute::country, "JP"},
                                    {attribute::locality, "Tokyo-to"},
                                    {attribute::common_name, "2025102714304513221001S"}});
         }},
        {"jpki_subject_shape", end_entity,
         [](Draft& d) {
             d.subject = make_name({{attribute::country, "JP"},
                                    {attribute::locality, "Tokyo-to"},
                                    {attribute::common_name, "0123456789ABCD13221001A"}});
         },
         Kind::auth},
        {"jpki_common_name_shape", end_entity,
         [](Draft& d) { d.subject = replaced(d.subject, "001S", "001A"); }},
        {"jpki_other_names", end_entity,
         [](Draft& d) {
             auto& value = d.extension("2.5.29.17").value;  // .5 and .6 change places
             value = replaced(value, "\x05\x05\x05", "\x05\x05\x06");
         }},
        {"jpki_other_names", end_entity,
         [](Draft& d) {
             d.extensions.push_back({"2.5.29.17", false, to_subject_alt_name(sample::items())});
         },
         Kind::auth},
        {"jpki_name_not_empty", end_entity,
         [](Draft& d) {
             d.extension("2.5.29.17").value =
                 items_with([](auto& items) { items.name = items.name_substitutes = ""; });
         }},
        {"jpki_birth_date", end_entity,
         [](Draft& d) {
             d.extension("2.5.29.17").value =
                 items_with([](auto& items) { items.birth.era = Era::heisei; });
         }},
        {"jpki_sex", end_entity,
         [](Draft& d) {
             auto& value = d.extension("2.5.29.17").value;
             value = replaced(value, "\x0C\x01\x31", "\x0C\x01\x39");
         }},
        {"jpki_address_length", end_entity,
         [](Draft& d) {
             d.extension("2.5.29.17").value = items_with([](auto& items) {
                 items.address = std::string(201, 'a');
                 items.address_substitutes = std::string(201, '0');
             });
         }},
        {"jpki_name_substitutes", end_entity,
         [](Draft& d) {
             d.extension("2.5.29.17").value =
                 items_with([](auto& items) { items.name_substitutes = "1000"; });
         }},
        {"jpki_address_substitutes", end_entity,
         [](Draft& d) {
             d.extension("2.5.29.17").value =
                 items_with([](auto& items) { items.address_substitutes[3] = '2'; });
         }},
        {"jpki_long_form", end_entity,
         [](Draft& d) {
             d.extensions.clear();
             d.issuer = d.subject;
             d.serial = der::integer(0x11223344);
         },
         Kind::auth},
        {"jpki_not_after_limit", end_entity,
         [](Draft& d) { d.not_after = der::time(sample::time_of("2030-02-18T14:59:59Z")); }},
        {"jpki_ends_with_a_day", end_entity,
         [](Draft& d) { d.not_after = der::time(sample::time_of("2030-02-17T14:59:58Z")); }},
        {"jpki_at_most_six_years", end_entity,
         [](Draft& d) { d.not_after = der::time(sample::time_of("2031-10-28T14:59:59Z")); }},
    };
    return all;
}

class GoodCertificate : public testing::TestWithParam<std::pair<Shape, Kind>> {};

TEST_P(GoodCertificate, HasNoFinding) {
    const auto [shape, kind] = GetParam();

    EXPECT_THAT(report_on(good(shape, kind).tbs(), shape, kind).failed, IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Shapes, GoodCertificate,
                         testing::Values(std::pair{Shape::authority, Kind::sign},
                                         std::pair{Shape::end_entity, Kind::sign},
                                         std::pair{Shape::end_entity, Kind::auth},
                                         std::pair{Shape::ocsp_responder, Kind::sign},
                                         std::pair{Shape::registration, Kind::sign}));

TEST(GoodCertificates, OfEveryCaHaveNoFinding) {
    for (const Ca ca : all_cas) {
        const auto& world = sample::world(ca);
        EXPECT_THAT(lint(sample::person(ca).tbs(), {.shape = Shape::end_entity,
                                                    .profile = &world.profile,
                                                    .ca = &world.ca,
                                                    .latest_not_after = {}})
                        .failed,
                    IsEmpty());
    }
}

class DefectiveCertificate : public testing::TestWithParam<Defect> {};

TEST_P(DefectiveCertificate, IsFound) {
    const Defect& defect = GetParam();
    Draft draft = good(defect.shape, defect.kind);
    defect.make(draft);

    EXPECT_THAT(report_on(draft.tbs(), defect.shape, defect.kind).failed, Contains(defect.lint));
}

INSTANTIATE_TEST_SUITE_P(Defects, DefectiveCertificate, testing::ValuesIn(defects()),
                         [](const auto& instance) {
                             return std::string{instance.param.lint} + "_" +
                                    std::to_string(instance.index);
                         });

TEST(Lints, CanEachFail) {
    std::set<std::string_view> found;
    for (const Defect& defect : defects()) found.insert(defect.lint);
    for (const Lint& each : lints()) {
        EXPECT_TRUE(found.contains(each.name)) << each.name << " has no defect that shows it";
    }
}

TEST(Lints, HaveNamesOfTheirOwn) {
    std::set<std::string_view> names;
    for (const Lint& each : lints()) {
        EXPECT_TRUE(names.insert(each.name).second) << each.name;
    }
}

std::string_view word_of(Shape shape) {
    switch (shape) {
        case Shape::authority: return "CA";
        case Shape::end_entity: return "person";
        case Shape::ocsp_responder: return "OCSP";
        case Shape::registration: return "CMP";
    }
    return {};
}

/// The list as docs/lints.md shows it.
std::string lint_table() {
    std::string out = "| lint | of | says | clause |\n|---|---|---|---|\n";
    for (const Lint& each : lints()) {
        std::string shapes;
        for (const Shape shape : each.shapes) {
            shapes += shapes.empty() ? "" : ", ";
            shapes += word_of(shape);
        }
        out += "| `" + std::string{each.name} + "` | " + shapes + " | " + std::string{each.says} +
               " | " + std::string{each.clause} + " |\n";
    }
    return out;
}

TEST(Lints, AreThoseOfTheDocument) {
    std::ifstream file{std::string{MITOME_SOURCE_DIR} + "/docs/lints.md"};
    const std::string document{std::istreambuf_iterator<char>{file}, {}};

    EXPECT_TRUE(document.contains(lint_table())) << "docs/lints.md must hold exactly this table:\n"
                                                 << lint_table();
}

}  // namespace
}  // namespace mitome::pki
