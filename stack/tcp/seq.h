// Sequence numbers, RFC 9293 3.4: 32 bits that wrap. There is no order between two of them, only
// "before" and "after" within half the space, so `a < b` does not compile.
#pragma once

#include <cstdint>

namespace anteroom {

class Seq {
 public:
  constexpr Seq() = default;
  constexpr explicit Seq(std::uint32_t value) : value_(value) {}

  constexpr std::uint32_t value() const { return value_; }

  constexpr Seq operator+(std::uint32_t bytes) const { return Seq(value_ + bytes); }
  constexpr Seq operator-(std::uint32_t bytes) const { return Seq(value_ - bytes); }

  // How far this is past `start`; negative where it is before it.
  constexpr std::int32_t distance_from(Seq start) const {
    return static_cast<std::int32_t>(value_ - start.value_);
  }
  // Bytes from `start`, which is not after this.
  constexpr std::uint32_t since(Seq start) const { return value_ - start.value_; }

  constexpr bool before(Seq other) const { return distance_from(other) < 0; }
  constexpr bool after(Seq other) const { return distance_from(other) > 0; }
  constexpr bool at_or_before(Seq other) const { return distance_from(other) <= 0; }
  constexpr bool at_or_after(Seq other) const { return distance_from(other) >= 0; }
  // One of the `bytes` sequence numbers from `start` on.
  constexpr bool in(Seq start, std::uint32_t bytes) const { return since(start) < bytes; }

  friend constexpr bool operator==(Seq, Seq) = default;

 private:
  std::uint32_t value_ = 0;
};

constexpr Seq later_of(Seq a, Seq b) { return a.after(b) ? a : b; }

}  // namespace anteroom
