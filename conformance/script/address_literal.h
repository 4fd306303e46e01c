// How much of a text is an IP address. Not here: its value, which nothing in a script's packets
// needs.
#pragma once

#include <cstddef>
#include <string_view>

namespace anteroom::script {

// Bytes of the IPv4 or IPv6 literal that `text` begins with; 0 if none. IPv6 needs `::` or eight
// groups, so that `1:1001` is not one.
std::size_t address_literal_size(std::string_view text);

}  // namespace anteroom::script
