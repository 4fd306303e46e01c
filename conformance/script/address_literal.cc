// The longest beginning of a text that is an address, found by trying shorter and shorter ones: an
// address has 45 bytes at most.
#include "conformance/script/address_literal.h"

#include <algorithm>

namespace anteroom::script {
namespace {

constexpr std::size_t kAddressBytesMax = 45;

bool is_decimal(std::string_view text) { return text.find_first_not_of("0123456789") == text.npos; }

bool is_ipv4(std::string_view text) {
  for (int group = 0; group < 4; ++group) {
    const std::size_t dot = group < 3 ? text.find('.') : text.size();
    if (dot == text.npos || dot == 0 || dot > 3 || !is_decimal(text.substr(0, dot))) return false;
    text.remove_prefix(std::min(dot + 1, text.size()));
  }
  return true;
}

// Groups of four hexadecimal digits between colons, the last perhaps an IPv4 address, which counts
// for two; -1 if it is not that.
int groups(std::string_view text) {
  int count = 0;
  while (!text.empty()) {
    const std::size_t colon = std::min(text.find(':'), text.size());
    const std::string_view group = text.substr(0, colon);
    if (colon == text.size() && is_ipv4(group)) return count + 2;
    if (group.empty() || group.size() > 4 || group.find('.') != group.npos) return -1;
    ++count;
    if (colon == text.size()) return count;
    text.remove_prefix(colon + 1);
    if (text.empty()) return -1;
  }
  return count;
}

bool is_ipv6(std::string_view text) {
  const std::size_t gap = text.find("::");
  if (gap == text.npos) return groups(text) == 8;
  const int before = groups(text.substr(0, gap));
  const int behind = groups(text.substr(gap + 2));
  return before >= 0 && behind >= 0 && before + behind < 8;
}

}  // namespace

std::size_t address_literal_size(std::string_view text) {
  std::size_t size = std::min(text.find_first_not_of("0123456789abcdefABCDEF:."), text.size());
  size = std::min(size, kAddressBytesMax);
  const std::string_view most = text.substr(0, size);
  if (most.find_first_of(":.") == most.npos) return 0;
  for (; size >= 2; --size) {
    const std::string_view part = text.substr(0, size);
    if (is_ipv4(part) || is_ipv6(part)) return size;
  }
  return 0;
}

}  // namespace anteroom::script
