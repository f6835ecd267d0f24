// SPDX-License-Identifier: Apache-2.0
#include <mitome/pki/attestation.hpp>
#include <mitome/pki/der.hpp>
#include <mitome/pki/path.hpp>

#include <array>

namespace mitome::pki {
namespace {

// Android key attestation, schema of KeyMint 1. The number tells readers which schema to expect.
constexpr std::uint64_t schema_version = 100;
constexpr std::size_t max_challenge_octets = 128;
constexpr std::size_t max_certificates = 6;

// origin [702] EXPLICIT INTEGER { generated (0), … }: the one tag of AuthorizationList that says
// what we rely on. 702 needs the high form of X.690 §8.1.2.4, which the DER reader refuses.
constexpr std::array<std::uint8_t, 3> origin_tag{0xBF, 0x85, 0x3E};
constexpr std::array<std::uint8_t, 4> origin_generated{0x03, 0x02, 0x01, 0x00};

struct Tagged {
    BytesView tag;
    BytesView value;
};

/// An element with a tag of one to four octets and a definite length under 64 KiB.
Result<Tagged> next_tagged(BytesView& left) {
    std::size_t tag_size = 1;
    if (!left.empty() && (left[0] & 0x1F) == 0x1F) {
        do {
            ++tag_size;
        } while (tag_size < 4 && tag_size <= left.size() && (left[tag_size - 1] & 0x80) != 0);
    }
    if (left.size() < tag_size + 1 || (tag_size > 1 && (left[tag_size - 1] & 0x80) != 0)) {
        return fail(Fault::malformed, "attestation: element cut short");
    }
    std::size_t at = tag_size;
    std::size_t size = left[at++];
    if (size > 0x82 || size == 0x80) {
        return fail(Fault::malformed, "attestation: element too long");
    }
    if (size > 0x80) {
        const std::size_t count = size & 0x7F;
        if (left.size() - at < count) {
            return fail(Fault::malformed, "attestation: element cut short");
        }
        size = 0;
        for (std::size_t i = 0; i < count; ++i) {
            size = size << 8 | left[at++];
        }
    }
    if (left.size() - at < size) {
        return fail(Fault::malformed, "attestation: element cut short");
    }
    const Tagged element{left.first(tag_size), left.subspan(at, size)};
    left = left.subspan(at + size);
    return element;
}

Result<bool> says_generated(BytesView authorizations) {
    bool generated = false;
    while (!authorizations.empty()) {
        MITOME_TRY(element, next_tagged(authorizations));
        if (same(element.tag, origin_tag)) {
            MITOME_TRY(origin, der::only(element.value, der::tag::integer));
            MITOME_TRY(number, der::to_number(origin));
            generated = number == 0;
        }
    }
    return generated;
}

}  // namespace

// KeyDescription ::= SEQUENCE { attestationVersion INTEGER, attestationSecurityLevel ENUMERATED,
//     keyMintVersion INTEGER, keyMintSecurityLevel ENUMERATED, attestationChallenge OCTET STRING,
//     uniqueId OCTET STRING, softwareEnforced SEQUENCE, hardwareEnforced SEQUENCE }
Bytes key_description(BytesView challenge) {
    const auto software = der::wrap(der::tag::enumerated, std::array<std::uint8_t, 1>{0});
    const auto origin = join({origin_tag, origin_generated});
    return der::sequence({der::integer(schema_version), software, der::integer(schema_version),
                          software, der::octet_string(challenge), der::octet_string({}),
                          der::wrap(der::tag::sequence, origin), der::sequence({})});
}

Result<KeyDescription> parse_key_description(BytesView value) {
    MITOME_TRY(sequence, der::only(value, der::tag::sequence));
    der::Reader reader{sequence.value};
    KeyDescription description;
    MITOME_TRY(version, reader.next(der::tag::integer));
    MITOME_CHECK(der::to_number(version));
    MITOME_TRY(level_element, reader.next(der::tag::enumerated));
    MITOME_TRY(level, der::to_number(level_element));
    if (level > 2) {
        return fail(Fault::malformed, "attestation: no such security level");
    }
    description.security_level = static_cast<std::uint8_t>(level);
    MITOME_TRY(key_version, reader.next(der::tag::integer));
    MITOME_CHECK(der::to_number(key_version));
    MITOME_TRY(key_level, reader.next(der::tag::enumerated));
    MITOME_CHECK(der::to_number(key_level));
    MITOME_TRY(challenge, reader.next(der::tag::octet_string));
    if (challenge.value.size() > max_challenge_octets) {
        return fail(Fault::malformed, "attestation: challenge too long");
    }
    description.challenge = copy(challenge.value);
    MITOME_TRY(unique_id, reader.next(der::tag::octet_string));
    static_cast<void>(unique_id);
    MITOME_TRY(software, reader.next(der::tag::sequence));
    MITOME_TRY(hardware, reader.next(der::tag::sequence));
    MITOME_CHECK(reader.finish());
    MITOME_TRY(by_software, says_generated(software.value));
    MITOME_TRY(by_hardware, says_generated(hardware.value));
    description.generated = by_software || by_hardware;
    return description;
}

// AttestationBundle ::= SEQUENCE { attestations SEQUENCE SIZE (1..MAX) OF AttestationStatement,
//     certs SEQUENCE SIZE (1..MAX) OF CertificateChoices OPTIONAL }
// AttestationStatement ::= SEQUENCE { type OBJECT IDENTIFIER, stmt ANY DEFINED BY type }
Bytes attestation_bundle(std::span<const Bytes> certificates) {
    const auto statement =
        der::sequence({der::oid(id_key_description),
                       certificates.empty() ? BytesView{} : BytesView{certificates.front()}});
    Bytes issuers;
    for (std::size_t i = 1; i < certificates.size(); ++i) {
        append(issuers, certificates[i]);
    }
    if (!issuers.empty()) {
        issuers = der::wrap(der::tag::sequence, issuers);
    }
    return der::sequence({der::sequence({statement}), issuers});
}

Result<AttestationBundle> parse_attestation_bundle(BytesView value) {
    MITOME_TRY(sequence, der::only(value, der::tag::sequence));
    der::Reader reader{sequence.value};
    AttestationBundle bundle;
    MITOME_TRY(statements, reader.enter(der::tag::sequence));
    MITOME_TRY(statement, statements.enter(der::tag::sequence));
    MITOME_CHECK(statements.finish());
    MITOME_TRY(type, statement.next(der::tag::oid));
    MITOME_TRY(dotted, der::to_dotted(type.value));
    if (dotted != id_key_description) {
        return fail(Fault::malformed, "attestation: a statement of another type");
    }
    MITOME_TRY(attested, statement.next(der::tag::sequence));
    MITOME_CHECK(statement.finish());
    bundle.certificates.push_back(copy(attested.whole));
    MITOME_TRY(issuers, reader.next_if(der::tag::sequence));
    MITOME_CHECK(reader.finish());
    if (issuers) {
        der::Reader list{issuers->value};
        do {
            MITOME_TRY(issuer, list.next(der::tag::sequence));
            bundle.certificates.push_back(copy(issuer.whole));
        } while (!list.at_end() && bundle.certificates.size() < max_certificates);
        MITOME_CHECK(list.finish());
    }
    return bundle;
}

Result<std::optional<AttestationBundle>> attestation_in(const crmf::Template& wanted) {
    const auto* extension = wanted.extension(id_aa_attestation);
    if (extension == nullptr) {
        return std::optional<AttestationBundle>{};
    }
    MITOME_TRY(bundle, parse_attestation_bundle(extension->value));
    return std::optional{std::move(bundle)};
}

Result<AttestedKey> verify_attestation(const AttestationBundle& bundle, BytesView spki,
                                       BytesView challenge, const Certificate& maker_root,
                                       Time at) {
    if (bundle.certificates.size() < 2) {
        return fail(Fault::unverified, "attestation: no element vouches");
    }
    MITOME_TRY(attested, Certificate::from_der(bundle.certificates.front()));
    MITOME_TRY(element, Certificate::from_der(bundle.certificates[1]));
    // The key's own issuer is the element: a key attested by the maker itself, or by something
    // further down, is not what the maker vouches for.
    if (!same(attested.issuer(), element.subject()) ||
        !same(element.issuer(), maker_root.subject())) {
        return fail(Fault::unverified, "attestation: not maker, element, key");
    }
    const auto others = std::span{bundle.certificates}.subspan(1, 1);
    if (check_path(attested, others, Anchors{&maker_root, 1}, at) != PathOutcome::trusted) {
        return fail(Fault::unverified, "attestation: does not lead to the maker");
    }
    if (!same(attested.spki(), spki)) {
        return fail(Fault::unverified, "attestation: is for another key");
    }
    const auto* extension = attested.extension(id_key_description);
    if (extension == nullptr) {
        return fail(Fault::unverified, "attestation: describes no key");
    }
    MITOME_TRY(description, parse_key_description(extension->value));
    if (!same_in_constant_time(description.challenge, challenge)) {
        return fail(Fault::unverified, "attestation: made for another challenge");
    }
    if (!description.generated) {
        return fail(Fault::unverified, "attestation: the key was not generated inside");
    }
    return AttestedKey{description.security_level, element.der()};
}

}  // namespace mitome::pki
