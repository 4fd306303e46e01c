// Bytes as people and JSON read them, and bytes as people write them on a command line.
// Not here: matching (rule.h).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <anteroom/bytes.h>
#include <anteroom/tap/problem.h>

namespace anteroom::tools {

// UTF-8 as RFC 3629 3 has it: no overlong forms, no surrogates.
bool is_utf8(Bytes bytes);

std::string to_hex(Bytes bytes);

// In quotes, one line: what is not printable ASCII stands as an escape. What goes beyond
// `bytes_max` is left out and counted.
std::string to_quoted(Bytes bytes, std::size_t bytes_max);

// Reads \r \n \t \0 \\ \xHH and \ before anything that is no letter or digit, as that byte.
tap::Outcome<std::string> unescape(std::string_view text);

}  // namespace anteroom::tools
