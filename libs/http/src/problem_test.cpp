// SPDX-License-Identifier: Apache-2.0
#include <mitome/http/problem.hpp>

#include <gtest/gtest.h>

namespace mitome::http {
namespace {

TEST(Problem, IsADocumentOfRfc9457) {
    const Response response = problem(409, "order_open", "an order is open");

    EXPECT_EQ(response.status, 409U);
    EXPECT_EQ(response.header("content-type"), "application/problem+json");
    EXPECT_EQ(
        text(response.body),
        R"({"type":"about:blank","title":"an order is open","status":409,"code":"order_open"})");
}

TEST(Problem, EscapesWhatJsonEscapes) {
    const Response response = problem(400, "x", "a\"b\\c\n");

    EXPECT_NE(text(response.body).find(R"("title":"a\"b\\c\u000a")"), std::string_view::npos);
}

}  // namespace
}  // namespace mitome::http
