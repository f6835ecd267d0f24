// SPDX-License-Identifier: Apache-2.0
// Requests and answers, whole and in two pieces. What is read must be writable again, and read
// the same from that.
#include "text.hpp"
#include "wire.hpp"

#include <algorithm>
#include <cstdlib>

namespace {

using namespace mitome;
using namespace mitome::http;

constexpr Bounds bounds{2048, 1024};

void require(bool holds) {
    if (!holds) std::abort();
}

// Feeds `input` as a connection would: `first` octets, then `step` at a time.
template <class Reader>
bool read(Reader& reader, BytesView input, std::size_t first, std::size_t step) {
    Bytes waiting = copy(input.first(first));
    input = input.subspan(first);
    while (true) {
        const auto used = reader.take(waiting);
        if (!used) return false;
        require(*used <= waiting.size());
        waiting.erase(waiting.begin(), waiting.begin() + static_cast<std::ptrdiff_t>(*used));
        if (reader.complete()) return true;
        if (input.empty()) return false;
        const BytesView next = input.first(std::min(step, input.size()));
        append(waiting, next);
        input = input.subspan(next.size());
    }
}

void check_request(BytesView input, std::size_t first, std::size_t step) {
    RequestReader reader{bounds};
    const bool complete = read(reader, input, first, step);
    const Request& request = reader.request();
    require(request.body.size() <= bounds.body);
    RequestReader whole{bounds};
    const bool whole_complete = read(whole, input, input.size(), 1);
    if (!complete) return;

    if (whole_complete) {
        require(whole.request().path == request.path && whole.request().body == request.body);
    }
    std::string again;
    if (!append_head(again, request, "host")) return;  // an obsolete fold, or a control in a value
    again += text(request.body);
    RequestReader second{{std::size_t{64} << 10, bounds.body}};
    require(read(second, view(again), again.size(), 1));
    require(second.request().method == request.method && second.request().path == request.path &&
            second.request().query == request.query && second.request().body == request.body);
}

void check_response(BytesView input, std::size_t first, std::size_t step) {
    ResponseReader reader{bounds, "GET"};
    if (!read(reader, input, first, step) && !reader.complete() && !reader.end()) return;
    require(reader.response().body.size() <= bounds.body);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
    if (size < 2 || size > 8192) return 0;
    // The first two octets choose where the stream is cut, and how small the later pieces are.
    const BytesView input{octets + 2, size - 2};
    const std::size_t cut = (std::size_t{octets[0]} << 8U | octets[1]) % (input.size() + 1);
    const std::size_t step = input.size() <= 512 ? 1U + octets[0] % 8U : input.size();
    check_request(input, cut, step);
    check_response(input, cut, step);
    return 0;
}
