// SPDX-License-Identifier: Apache-2.0
#include "lint_parts.hpp"

#include <mitome/pki/lint.hpp>

#include <algorithm>

namespace mitome::pki {

namespace {

const Lint structure{
    "rfc5280_structure",
    "RFC 5280 §4.1; X.690",
    "The octets are one TBSCertificate in DER and nothing else.",
    {Shape::authority, Shape::end_entity, Shape::ocsp_responder, Shape::registration}};

const std::vector<linting::Rule>& rules() {
    static const std::vector<linting::Rule> all = [] {
        std::vector<linting::Rule> list = linting::rfc_rules();
        std::ranges::move(linting::jpki_rules(), std::back_inserter(list));
        return list;
    }();
    return all;
}

}  // namespace

std::span<const Lint> lints() {
    static const std::vector<Lint> all = [] {
        std::vector<Lint> list{structure};
        for (const linting::Rule& rule : rules()) list.push_back(rule.lint);
        return list;
    }();
    return all;
}

LintReport lint(BytesView tbs, const LintContext& context) {
    LintReport report;
    auto parts = linting::take_apart(tbs);
    if (!parts || context.profile == nullptr) {
        report.failed.push_back(structure.name);
        return report;
    }
    linting::Look look{.parts = *std::move(parts),
                       .context = &context,
                       .issuer_key = {},
                       .key_identifier = {},
                       .items = {}};
    const BytesView issuer_key = context.shape == Shape::authority || context.ca == nullptr
                                     ? look.parts.spki.whole
                                     : context.ca->spki();
    look.issuer_key = linting::key_kind_of(issuer_key);
    look.key_identifier = key_identifier(look.parts.spki.whole).value_or(Bytes{});

    look.items = linting::four_items_of(look.parts);

    for (const linting::Rule& rule : rules()) {
        const bool applies =
            std::ranges::find(rule.lint.shapes, context.shape) != rule.lint.shapes.end();
        if (applies && !rule.holds(look)) report.failed.push_back(rule.lint.name);
    }
    return report;
}

}  // namespace mitome::pki
