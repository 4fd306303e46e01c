// One direction of a stream, by offset: the bytes that are known, and what stands in for those that
// are not. Bounded by who drops what is no longer needed. Not here: sequence numbers (numbers.h).
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include <anteroom/bytes.h>

namespace anteroom::replay {

// Bytes in order, from `begin()` to `end()`.
class StreamRecord {
 public:
  explicit StreamRecord(std::int64_t origin) : begin_(origin), end_(origin) {}

  std::int64_t begin() const { return begin_; }
  std::int64_t end() const { return end_; }
  std::int64_t size() const { return end_ - begin_; }

  // Behind what is there; of `bytes` only the first `real_bytes` are what was sent.
  void append(Bytes bytes, std::size_t real_bytes) {
    if (bytes.empty()) return;
    pieces_.push_back({end_, {bytes.begin(), bytes.end()}, std::min(real_bytes, bytes.size())});
    end_ += static_cast<std::int64_t>(bytes.size());
  }

  // The first offset at which `bytes`, which start at `offset`, differ from what is known; what is
  // not known is the same. `real_bytes` of them count.
  std::optional<std::int64_t> difference(std::int64_t offset, Bytes bytes,
                                         std::size_t real_bytes) const {
    const std::int64_t last =
        offset + static_cast<std::int64_t>(std::min(real_bytes, bytes.size()));
    auto piece = std::upper_bound(pieces_.begin(), pieces_.end(), offset,
                                  [](std::int64_t at, const Piece& p) { return at < p.offset; });
    if (piece != pieces_.begin()) --piece;
    for (; piece != pieces_.end() && piece->offset < last; ++piece) {
      const std::int64_t real_end = piece->offset + static_cast<std::int64_t>(piece->real_bytes);
      const std::int64_t from = std::max(offset, piece->offset);
      const std::int64_t to = std::min(last, real_end);
      for (std::int64_t at = from; at < to; ++at) {
        if (bytes[static_cast<std::size_t>(at - offset)] !=
            piece->bytes[static_cast<std::size_t>(at - piece->offset)]) {
          return at;
        }
      }
    }
    return std::nullopt;
  }

  // Forgets whole pieces below `offset`.
  void drop_below(std::int64_t offset) {
    while (!pieces_.empty() && pieces_.front().end() <= offset) {
      begin_ = pieces_.front().end();
      pieces_.pop_front();
    }
  }

 private:
  struct Piece {
    std::int64_t offset;
    std::vector<std::uint8_t> bytes;
    std::size_t real_bytes;

    std::int64_t end() const { return offset + static_cast<std::int64_t>(bytes.size()); }
  };

  std::int64_t begin_;
  std::int64_t end_;
  std::deque<Piece> pieces_;
};

// Puts segments of one direction in order. What came early waits, at most so many.
class InOrder {
 public:
  InOrder(std::int64_t next, std::size_t waiting_max, std::size_t bytes_max)
      : next_(next), waiting_max_(waiting_max), bytes_max_(bytes_max) {}

  struct Piece {
    std::vector<std::uint8_t> bytes{};
    std::size_t real_bytes = 0;
  };

  std::int64_t next() const { return next_; }
  // Some of what waits has other bytes than this.
  bool contradicts(std::int64_t offset, Bytes bytes) const {
    const std::int64_t end = offset + static_cast<std::int64_t>(bytes.size());
    for (const auto& [begin, piece] : waiting_) {
      const std::int64_t piece_end = begin + static_cast<std::int64_t>(piece.bytes.size());
      for (std::int64_t at = std::max(offset, begin); at < std::min(end, piece_end); ++at) {
        if (bytes[static_cast<std::size_t>(at - offset)] !=
            piece.bytes[static_cast<std::size_t>(at - begin)]) {
          return true;
        }
      }
    }
    return false;
  }
  bool is_waiting() const { return !waiting_.empty(); }
  // More waits than should.
  bool is_full() const { return waiting_.size() > waiting_max_ || bytes_ > bytes_max_; }
  // Where the first gap ends; only where something waits.
  std::int64_t gap_end() const { return waiting_.begin()->first; }

  // What waits was nothing.
  void forget() {
    waiting_.clear();
    bytes_ = 0;
  }

  // What of this is next in order, if anything; take_next() has what it makes free.
  Piece add(std::int64_t offset, Bytes bytes, std::size_t real_bytes) {
    const std::int64_t end = offset + static_cast<std::int64_t>(bytes.size());
    if (end <= next_) return {};
    if (offset > next_) {
      Piece& kept = waiting_[offset];
      if (kept.bytes.size() >= bytes.size()) return {};
      bytes_ += bytes.size() - kept.bytes.size();
      kept = {{bytes.begin(), bytes.end()}, real_bytes};
      return {};
    }
    return cut(offset, {{bytes.begin(), bytes.end()}, real_bytes});
  }
  Piece take_next() {
    while (!waiting_.empty() && waiting_.begin()->first <= next_) {
      const std::int64_t offset = waiting_.begin()->first;
      Piece piece = std::move(waiting_.begin()->second);
      waiting_.erase(waiting_.begin());
      bytes_ -= piece.bytes.size();
      if (offset + static_cast<std::int64_t>(piece.bytes.size()) > next_) {
        return cut(offset, std::move(piece));
      }
    }
    return {};
  }

 private:
  Piece cut(std::int64_t offset, Piece piece) {
    const auto known = static_cast<std::size_t>(next_ - offset);
    piece.bytes.erase(piece.bytes.begin(),
                      piece.bytes.begin() + static_cast<std::ptrdiff_t>(known));
    piece.real_bytes -= std::min(piece.real_bytes, known);
    next_ += static_cast<std::int64_t>(piece.bytes.size());
    return piece;
  }

  std::int64_t next_;
  std::size_t waiting_max_;
  std::size_t bytes_max_;
  std::size_t bytes_ = 0;  // of what waits
  std::map<std::int64_t, Piece> waiting_;
};

}  // namespace anteroom::replay
