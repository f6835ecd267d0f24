// SPDX-License-Identifier: Apache-2.0
// Requests and answers, whole and in two pieces. What is read must be writable again, and read
// the same from that.
#include "text.hpp"
#include "wire.hpp"

#include <cstdlib>

namespace {

using namespace mitome;
using namespace mitome::http;

constexpr Bounds bounds{2048, 1024};

void require(bool holds) {
    if (!holds) std::abort();
}

// Feeds `input` as a connection would, `first` octets ahead of the rest.
bool read(RequestReader& reader, BytesView input, std::size_t first) {
    Bytes waiting = copy(input.first(first));
    bool more = true;
    while (true) {
        const auto used = reader.take(waiting);
        if (!used) {
            require(used.error().code >= 400 && used.error().code < 600);
            return false;
        }
        require(*used <= waiting.size());
        waiting.erase(waiting.begin(), waiting.begin() + static_cast<std::ptrdiff_t>(*used));
        if (reader.complete()) return true;
        if (!more) return false;
        append(waiting, input.subspan(first));
        more = false;
    }
}

void check_request(BytesView input, std::size_t first) {
    RequestReader reader{bounds};
    const bool complete = read(reader, input, first);
    const Request& request = reader.request();
    require(request.body.size() <= bounds.body);
    if (!complete) return;

    RequestReader whole{bounds};
    require(read(whole, input, input.size()) || first != input.size());
    std::string again;
    if (!append_head(again, request, "host")) return;  // an obsolete fold, or a control in a value
    again += text(request.body);
    RequestReader second{{std::size_t{64} << 10, bounds.body}};
    require(read(second, view(again), again.size()));
    require(second.request().method == request.method && second.request().path == request.path &&
            second.request().query == request.query && second.request().body == request.body);
}

void check_response(BytesView input) {
    ResponseReader reader{bounds, "GET"};
    const auto used = reader.take(input);
    if (!used) return;
    require(*used <= input.size());
    if (!reader.complete() && !reader.end()) return;
    require(reader.response().body.size() <= bounds.body);
    require(reader.response().status >= 200);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
    if (size < 2 || size > 8192) return 0;
    // The first two octets choose where the stream is cut.
    const BytesView input{octets + 2, size - 2};
    const std::size_t cut = (std::size_t{octets[0]} << 8U | octets[1]) % (input.size() + 1);
    check_request(input, cut);
    check_response(input);
    return 0;
}
