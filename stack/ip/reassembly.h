// Fragments put together again: RFC 791 3.2, RFC 1122 3.3.2, RFC 8200 4.5, bounded on every side. A
// fragment that overlaps another with other bytes kills its datagram (RFC 5722 4, applied to IPv4
// as well).
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include <anteroom/limits.h>

#include "stack/base/range_set.h"
#include "stack/wire/ip.h"

namespace anteroom {

// A datagram that is whole; the payload lives until the next call.
struct Reassembled {
  IpHeader header;
  Bytes payload;
};

// One that ran out of time although its first fragment was there: RFC 1122 wants the sender told.
struct ReassemblyTimeout {
  IpHeader header;
  Bytes quoted;  // the first eight bytes of payload; lives until the next call
};

class Reassembly {
 public:
  Reassembly(const Limits& limits, BufferPool& pool) : limits_(limits), pool_(pool) {}
  ~Reassembly();
  Reassembly(const Reassembly&) = delete;
  Reassembly& operator=(const Reassembly&) = delete;

  // Takes a fragment: whole, waiting (neither), or the reason why it was dropped.
  Result<std::optional<Reassembled>, DropReason> add(Instant now, const IpHeader& header,
                                                     Bytes payload);

  std::optional<Instant> next_deadline() const;
  // Gives up one that is due. False where none is; `timeout` is set where the sender is to be told.
  bool expire_one(Instant now, std::optional<ReassemblyTimeout>& timeout);

 private:
  struct Datagram {
    IpHeader first;  // of the fragment at offset 0, else of any
    bool has_first = false;
    bool dead = false;  // an overlap was seen: the rest is thrown away in silence
    Block data;
    RangeSet got;
    std::uint32_t total_bytes = 0;  // 0 until the last fragment came
    std::uint32_t fragments = 0;
    Instant expires_at{};
  };

  Datagram* find(const IpHeader& header);
  Datagram* make(Instant now, const IpHeader& header);
  std::optional<DropReason> store(Datagram& datagram, std::uint32_t offset, Bytes payload);
  bool grow(Datagram& datagram, std::uint32_t bytes);
  void kill(Datagram& datagram);
  void erase(Datagram& datagram);

  Limits limits_;
  BufferPool& pool_;
  std::vector<std::unique_ptr<Datagram>> datagrams_;  // in order of expiry
  std::uint64_t bytes_ = 0;
  Block finished_;  // of the datagram handed out last
};

}  // namespace anteroom
