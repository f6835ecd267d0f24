// SPDX-License-Identifier: Apache-2.0
#include <mitome/pki/crl.hpp>
#include <mitome/pki/der.hpp>

#include <cstdlib>

namespace {

using namespace mitome;
using namespace mitome::pki;

constexpr std::size_t max_size = 1 << 14;

void require(bool holds) {
    if (!holds) std::abort();
}

/// A CRL out of what the accessors say: it must be the one that was read.
Bytes again(const Crl& read) {
    Bytes list;
    for (const Extension& extension : read.extensions()) {
        append(list, der::sequence({der::oid(extension.oid),
                                    extension.critical ? der::boolean(true) : Bytes{},
                                    der::octet_string(extension.value)}));
    }
    const Bytes tbs = der::sequence(
        {der::integer(1), read.signature_algorithm(), read.issuer(), der::time(read.this_update()),
         read.next_update() ? der::time(*read.next_update()) : Bytes{},
         read.entries().empty() ? Bytes{} : der::sequence({read.entries()}),
         list.empty() ? Bytes{} : der::wrap(der::tag::constructed(0), der::sequence({list}))});
    return der::sequence({tbs, read.signature_algorithm(), der::bit_string(read.signature())});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
    if (size > max_size) return 0;
    const BytesView input{octets, size};
    const auto read = Crl::from_der(copy(input));
    if (!read) return 0;
    require(same(again(*read), input));

    // Every entry that stands there is found.
    std::size_t count = 0;
    der::Reader entries{read->entries()};
    while (!entries.at_end()) {
        auto parts = entries.enter(der::tag::sequence);
        require(parts.has_value());
        const auto serial = parts->next(der::tag::integer);
        require(serial && read->find(serial->value));
        ++count;
    }
    require(count == read->size());
    return 0;
}
