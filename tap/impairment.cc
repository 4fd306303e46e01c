// Dice, a queue ordered by time, and one place for a frame that later ones overtake; each direction
// has its own.
#include <algorithm>
#include <random>
#include <span>
#include <utility>

#include <anteroom/tap/impairment.h>

namespace anteroom::tap {
namespace {

constexpr Duration kKeptBackMax = 2ms;
constexpr std::uint64_t kOvertakersMax = 3;

// Sets the ECN field of an IPv4 packet that is ECN-capable, and keeps the header checksum true
// (RFC 1624 3). False for any other frame.
bool mark(std::span<std::uint8_t> frame, Medium medium) {
  constexpr std::size_t kEthernetHeader = 14, kIpHeader = 20;
  if (medium == Medium::ethernet) {
    const bool ipv4 = frame.size() >= kEthernetHeader && frame[12] == 0x08 && frame[13] == 0x00;
    if (!ipv4) return false;
    frame = frame.subspan(kEthernetHeader);
  }
  if (frame.size() < kIpHeader || frame[0] >> 4 != 4) return false;
  const unsigned ecn = frame[1] & 3u;
  if (ecn == 0 || ecn == 3) return false;
  frame[1] = static_cast<std::uint8_t>(frame[1] | 3u);
  // The sum has grown by what the field has grown; its complement shrinks.
  const unsigned grown = 3 - ecn;
  unsigned sum = (~(frame[10] * 256u + frame[11]) & 0xffffu) + grown;
  sum = (sum & 0xffffu) + (sum >> 16);
  frame[10] = static_cast<std::uint8_t>(~sum >> 8);
  frame[11] = static_cast<std::uint8_t>(~sum);
  return true;
}

}  // namespace

class Impairment::Direction {
 public:
  Direction(const ImpairmentOptions& options, Medium medium, std::uint64_t salt,
            ImpairmentStats& stats)
      : options_(options), medium_(medium), stats_(stats), dice_(options.seed * 2 + salt) {}

  void offer(Instant now, Bytes frame);
  // Moves the next due frame into `out`; 0 when none is due.
  std::size_t pop(Instant now, MutableBytes out);
  std::optional<Instant> next_deadline() const;

 private:
  // A kept frame; its buffer is used again for later ones.
  struct Kept {
    Instant due{};
    std::uint64_t order = 0;
    std::vector<std::uint8_t> bytes;
  };
  // Heap order: the frame that is due first, then the one that came first.
  static bool is_later(const Kept& a, const Kept& b) {
    return std::pair(a.due, a.order) > std::pair(b.due, b.order);
  }

  bool happens(double probability) {
    // 53 random bits as a fraction: the same on every machine, which a standard distribution is
    // not.
    return probability > 0 && static_cast<double>(dice_() >> 11) * 0x1p-53 < probability;
  }
  void keep(Instant due, Bytes frame, bool corrupt);
  void release_overtaken(Instant due);
  Instant due_time(Instant now, std::size_t frame_bytes);

  const ImpairmentOptions& options_;
  Medium medium_;
  ImpairmentStats& stats_;
  std::mt19937_64 dice_;
  std::uint64_t order_ = 0;
  Instant line_free_at_ = Instant::min();
  std::vector<Kept> heap_;
  std::vector<std::vector<std::uint8_t>> spare_buffers_;
  std::optional<Kept> overtaken_;
  std::uint64_t overtakers_left_ = 0;
};

Instant Impairment::Direction::due_time(Instant now, std::size_t frame_bytes) {
  Instant due = now;
  if (options_.rate_bits_per_s > 0) {
    const double seconds =
        static_cast<double>(frame_bytes) * 8 / static_cast<double>(options_.rate_bits_per_s);
    line_free_at_ =
        std::max(now, line_free_at_) + Duration(static_cast<std::int64_t>(seconds * 1e9));
    due = line_free_at_;
  }
  due += options_.delay;
  if (options_.jitter > Duration::zero()) {
    due += Duration(static_cast<std::int64_t>(
        dice_() % static_cast<std::uint64_t>(options_.jitter.count() + 1)));
  }
  return due;
}

void Impairment::Direction::keep(Instant due, Bytes frame, bool corrupt) {
  if (heap_.size() >= options_.queue_frames_max) {
    ++stats_.overflowed;
    return;
  }
  Kept kept{due, order_++, {}};
  if (!spare_buffers_.empty()) {
    kept.bytes = std::move(spare_buffers_.back());
    spare_buffers_.pop_back();
  }
  kept.bytes.assign(frame.begin(), frame.end());
  if (corrupt) {
    const std::uint64_t bit = dice_() % (frame.size() * 8);
    kept.bytes[bit / 8] = static_cast<std::uint8_t>(kept.bytes[bit / 8] ^ (1u << (bit % 8)));
    ++stats_.corrupted;
  }
  if (happens(options_.mark) && mark(kept.bytes, medium_)) ++stats_.marked;
  if (!overtaken_ && happens(options_.reorder)) {
    overtakers_left_ = 1 + dice_() % kOvertakersMax;
    kept.due += kKeptBackMax;
    overtaken_ = std::move(kept);
    ++stats_.reordered;
    return;
  }
  heap_.push_back(std::move(kept));
  std::push_heap(heap_.begin(), heap_.end(), is_later);
}

// The overtaken frame goes right behind the last of those that overtake it.
void Impairment::Direction::release_overtaken(Instant due) {
  overtaken_->due = std::min(due, overtaken_->due);
  overtaken_->order = order_++;
  heap_.push_back(std::move(*overtaken_));
  overtaken_.reset();
  std::push_heap(heap_.begin(), heap_.end(), is_later);
}

void Impairment::Direction::offer(Instant now, Bytes frame) {
  ++stats_.frames;
  if (happens(options_.loss)) {
    ++stats_.lost;
    return;
  }
  const Instant due = due_time(now, frame.size());
  const bool was_overtaken = overtaken_.has_value();
  keep(due, frame, happens(options_.corrupt));
  if (was_overtaken && --overtakers_left_ == 0) release_overtaken(due);
  if (happens(options_.duplicate)) {
    ++stats_.duplicated;
    keep(due, frame, false);
  }
}

std::size_t Impairment::Direction::pop(Instant now, MutableBytes out) {
  if (overtaken_ && overtaken_->due <= now) release_overtaken(now);
  while (!heap_.empty() && heap_.front().due <= now) {
    std::pop_heap(heap_.begin(), heap_.end(), is_later);
    std::vector<std::uint8_t> bytes = std::move(heap_.back().bytes);
    heap_.pop_back();
    const std::size_t size = bytes.size();
    if (size <= out.size()) std::copy(bytes.begin(), bytes.end(), out.begin());
    spare_buffers_.push_back(std::move(bytes));
    if (size <= out.size()) return size;
  }
  return 0;
}

std::optional<Instant> Impairment::Direction::next_deadline() const {
  std::optional<Instant> next;
  if (!heap_.empty()) next = heap_.front().due;
  if (overtaken_ && (!next || overtaken_->due < *next)) next = overtaken_->due;
  return next;
}

Impairment::Impairment(Link& inner, const ImpairmentOptions& options)
    : inner_(inner),
      options_(options),
      scratch_(kFrameBytesMax),
      inbound_(std::make_unique<Direction>(options_, inner.medium(), 0, stats_)),
      outbound_(std::make_unique<Direction>(options_, inner.medium(), 1, stats_)) {}

Impairment::~Impairment() = default;

void Impairment::send_due(Instant now) {
  while (const std::size_t size = outbound_->pop(now, scratch_)) {
    inner_.send(now, Bytes(scratch_).first(size));
  }
}

std::size_t Impairment::receive(Instant now, MutableBytes out) {
  send_due(now);
  for (;;) {
    if (const std::size_t size = inbound_->pop(now, out)) return size;
    const std::size_t size = inner_.receive(now, scratch_);
    if (size == 0) return 0;
    inbound_->offer(now, Bytes(scratch_).first(size));
  }
}

bool Impairment::send(Instant now, Bytes frame) {
  outbound_->offer(now, frame);
  send_due(now);
  return true;
}

std::optional<Instant> Impairment::next_deadline() const {
  std::optional<Instant> next = inner_.next_deadline();
  for (const Direction* direction : {inbound_.get(), outbound_.get()}) {
    const std::optional<Instant> due = direction->next_deadline();
    if (due && (!next || *due < *next)) next = due;
  }
  return next;
}

}  // namespace anteroom::tap
