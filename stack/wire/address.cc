// Reading and printing addresses: RFC 4291 2.2 for IPv6 text, RFC 5952 for its one printed form.
#include <charconv>
#include <optional>

#include <anteroom/address.h>

#include "stack/base/bytes.h"

namespace anteroom {
namespace {

constexpr Failure kInvalid{Error::invalid_argument};

// Reads a decimal or hexadecimal number that fills the whole text.
std::optional<std::uint32_t> parse_number(std::string_view text, int base, std::uint32_t max) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  if (value > max) return std::nullopt;
  return value;
}

// Cuts `text` at the first `separator`; the rest stays in `text`, empty without one.
std::string_view cut(std::string_view& text, char separator) {
  const std::size_t at = text.find(separator);
  const std::string_view head = text.substr(0, at);
  text = at == std::string_view::npos ? std::string_view() : text.substr(at + 1);
  return head;
}

std::optional<IpAddress> parse_v4(std::string_view text) {
  std::uint32_t bits = 0;
  for (int i = 0; i < 4; ++i) {
    const bool last = i == 3;
    if (last && text.find('.') != std::string_view::npos) return std::nullopt;
    const auto octet = parse_number(cut(text, '.'), 10, 255);
    if (!octet) return std::nullopt;
    bits = bits << 8 | *octet;
  }
  return IpAddress::v4(bits);
}

// Reads colon-separated groups into `out`; the number of groups, or nothing where one is malformed.
std::optional<std::size_t> parse_groups(std::string_view text, std::array<std::uint16_t, 8>& out) {
  std::size_t count = 0;
  while (!text.empty()) {
    if (count == 8 || text.back() == ':') return std::nullopt;
    const std::string_view group = cut(text, ':');
    if (group.size() > 4) return std::nullopt;
    const auto value = parse_number(group, 16, 0xffff);
    if (!value) return std::nullopt;
    out[count++] = static_cast<std::uint16_t>(*value);
  }
  return count;
}

std::optional<IpAddress> parse_v6(std::string_view text) {
  std::array<std::uint16_t, 8> head{}, tail{};
  const std::size_t gap = text.find("::");
  const auto before = parse_groups(text.substr(0, gap), head);
  if (!before) return std::nullopt;
  if (gap == std::string_view::npos) {
    if (*before != 8) return std::nullopt;
  } else {
    const auto after = parse_groups(text.substr(gap + 2), tail);
    if (!after || *before + *after > 7) return std::nullopt;
    for (std::size_t i = 0; i < *after; ++i) head[8 - *after + i] = tail[i];
  }
  std::array<std::uint8_t, 16> octets{};
  for (std::size_t i = 0; i < 8; ++i) store_be16(octets.data() + 2 * i, head[i]);
  return IpAddress::v6(octets);
}

void append_hex(std::string& text, unsigned value) {
  char digits[8];
  const auto end = std::to_chars(digits, digits + sizeof digits, value, 16).ptr;
  text.append(digits, end);
}

// The longest run of at least two zero groups, RFC 5952 4.2.
std::pair<std::size_t, std::size_t> longest_zero_run(const std::array<std::uint16_t, 8>& groups) {
  std::size_t best = 8, best_length = 1;
  for (std::size_t i = 0; i < 8; ++i) {
    std::size_t length = 0;
    while (i + length < 8 && groups[i + length] == 0) ++length;
    if (length > best_length) best = i, best_length = length;
  }
  return {best, best == 8 ? 0 : best_length};
}

std::string v6_text(const IpAddress& address) {
  std::array<std::uint16_t, 8> groups;
  for (std::size_t i = 0; i < 8; ++i) groups[i] = load_be16(address.octets().data() + 2 * i);
  const auto [gap, gap_length] = longest_zero_run(groups);
  std::string text;
  for (std::size_t i = 0; i < 8;) {
    if (i == gap) {
      text += "::";
      i += gap_length;
      continue;
    }
    if (!text.empty() && text.back() != ':') text += ':';
    append_hex(text, groups[i++]);
  }
  return text;
}

// True where the first `bits` bits of both are the same.
bool same_leading_bits(const std::uint8_t* a, const std::uint8_t* b, unsigned bits) {
  for (; bits >= 8; bits -= 8) {
    if (*a++ != *b++) return false;
  }
  return bits == 0 || (*a ^ *b) >> (8 - bits) == 0;
}

// RFC 4291 2.2, form 3: the last two groups as an IPv4 address.
std::optional<IpAddress> parse_v6_with_v4(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  const auto tail = parse_v4(text.substr(colon + 1));
  if (!tail) return std::nullopt;
  std::string groups(text.substr(0, colon + 1));
  append_hex(groups, tail->v4_bits() >> 16);
  groups += ':';
  append_hex(groups, tail->v4_bits() & 0xffff);
  return parse_v6(groups);
}

}  // namespace

Result<IpAddress> IpAddress::parse(std::string_view text) {
  const bool v6 = text.find(':') != std::string_view::npos;
  const bool mixed = v6 && text.find('.') != std::string_view::npos;
  const auto address = mixed ? parse_v6_with_v4(text) : v6 ? parse_v6(text) : parse_v4(text);
  if (!address) return kInvalid;
  return *address;
}

Result<Prefix> Prefix::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) return kInvalid;
  const std::uint8_t all = address->is_v4() ? 32 : 128;
  if (slash == std::string_view::npos) return Prefix{*address, all};
  const auto bits = parse_number(text.substr(slash + 1), 10, all);
  if (!bits) return kInvalid;
  return Prefix{*address, static_cast<std::uint8_t>(*bits)};
}

bool Prefix::contains_v6(const IpAddress& other) const {
  return !other.is_v4() && same_leading_bits(address.octets().data(), other.octets().data(), bits);
}

Result<Endpoint> Endpoint::parse(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return kInvalid;
  std::string_view host = text.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return kInvalid;
  }
  const auto address = IpAddress::parse(host);
  const auto port = parse_number(text.substr(colon + 1), 10, 0xffff);
  if (!address || !port) return kInvalid;
  return Endpoint{*address, static_cast<std::uint16_t>(*port)};
}

std::string to_string(const MacAddress& address) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t octet : address.octets) {
    if (!text.empty()) text += ':';
    text += kDigits[octet >> 4];
    text += kDigits[octet & 15];
  }
  return text;
}

std::string to_string(const IpAddress& address) {
  if (!address.is_v4()) return v6_text(address);
  std::string text;
  for (std::size_t i = 12; i < 16; ++i) {
    if (i != 12) text += '.';
    text += std::to_string(address.octets()[i]);
  }
  return text;
}

std::string to_string(const Prefix& prefix) {
  return to_string(prefix.address) + "/" + std::to_string(prefix.bits);
}

std::string to_string(const Endpoint& endpoint) {
  const bool v4 = endpoint.address.is_v4();
  const std::string host = to_string(endpoint.address);
  return (v4 ? host : "[" + host + "]") + ":" + std::to_string(endpoint.port);
}

}  // namespace anteroom
