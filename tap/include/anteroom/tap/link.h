// A link: where frames come from and go to. Devices, memory and whatever stands in front of them.
// Not here: waiting (loop.h) and what is in a frame (the stack).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include <anteroom/bytes.h>
#include <anteroom/config.h>
#include <anteroom/time.h>

namespace anteroom::tap {

// The largest frame of any link: an IP packet of 65,535 bytes behind an Ethernet header.
inline constexpr std::size_t kFrameBytesMax = 65'535 + 14;

class Link {
 public:
  Link() = default;
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;
  virtual ~Link() = default;

  // Moves one frame into `out` and returns its length; 0 when none waits. `out` should hold
  // kFrameBytesMax; a longer frame is dropped. Never blocks.
  virtual std::size_t receive(Instant now, MutableBytes out) = 0;

  // Sends one frame, borrowed for the call. False: the link was full or the frame unfit, and it is
  // lost, as on any link. Never blocks.
  virtual bool send(Instant now, Bytes frame) = 0;

  // A descriptor that is readable when receive() has a frame; -1 for a link without one.
  virtual int descriptor() const { return -1; }

  // When receive() should be called although nothing became readable; a link that keeps frames back
  // sends in that call what is due in the other direction as well.
  virtual std::optional<Instant> next_deadline() const { return std::nullopt; }

  // The device was taken away: nothing will come any more.
  virtual bool is_gone() const { return false; }

  virtual Medium medium() const = 0;
};

}  // namespace anteroom::tap
