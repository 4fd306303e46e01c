// The order of mishaps: too long, queue, line, loss, corruption, delay, duplication.
#include "conformance/simulation/pipe.h"

#include <algorithm>

#include <fmt/format.h>

#include "stack/wire/checksum.h"
#include "stack/wire/ethernet.h"
#include "stack/wire/ip.h"

namespace anteroom::simulation {
namespace {

constexpr std::uint8_t kEcnMask = 3;
constexpr std::uint8_t kCongestionExperienced = 3;

std::string milliseconds(Duration duration) {
  return fmt::format("{:g}ms", static_cast<double>(duration.count()) / 1e6);
}

}  // namespace

PipeOptions PipeOptions::calm() const {
  PipeOptions calm;
  calm.latency = latency;
  calm.rate_bits_per_s = rate_bits_per_s;
  calm.queue_frames_max = std::max<std::uint32_t>(queue_frames_max, 16);
  calm.mark_frames = mark_frames;
  return calm;
}

std::string to_string(const PipeOptions& o) {
  std::string text = "latency=" + milliseconds(o.latency);
  if (o.jitter != Duration::zero()) text += " jitter=" + milliseconds(o.jitter);
  if (o.reorder > 0)
    text += fmt::format(" reorder={:g}/{}", o.reorder, milliseconds(o.reorder_delay));
  if (o.loss > 0) text += fmt::format(" loss={:g}", o.loss);
  if (o.burst_begin > 0) {
    text += fmt::format(" burst={:g}..{:g}/{:g}", o.burst_begin, o.burst_end, o.burst_loss);
  }
  if (o.duplicate > 0) text += fmt::format(" duplicate={:g}", o.duplicate);
  if (o.corrupt > 0) text += fmt::format(" corrupt={:g}", o.corrupt);
  if (o.rate_bits_per_s != 0) {
    text += fmt::format(" rate={}bit/s queue={} mark={}", o.rate_bits_per_s, o.queue_frames_max,
                        o.mark_frames);
  }
  if (o.mtu != 0) text += fmt::format(" mtu={} ({})", o.mtu, o.mtu_honest ? "honest" : "silent");
  return text;
}

const char* to_string(Fate fate) {
  switch (fate) {
    case Fate::carried: return "carried";
    case Fate::corrupted: return "corrupted";
    case Fate::lost: return "lost";
    case Fate::overflowed: return "overflowed";
    case Fate::too_big: return "too big";
  }
  return "?";
}

Passage Pipe::offer(Instant now, MutableBytes frame, bool damaged) {
  ++stats_.frames;
  if (options_.mtu != 0 && frame.size() > kEthernetHeaderBytes + options_.mtu) {
    ++stats_.too_big;
    return {Fate::too_big, {}, {}};
  }
  const std::optional<Instant> sent = through_queue(now, frame);
  if (!sent) {
    ++stats_.overflowed;
    return {Fate::overflowed, {}, {}};
  }
  const bool corrupted = dice_.happens(options_.corrupt) && !damaged;
  // What has no checksum of its own is lost: the frame check sequence of a real link sees it. An
  // ARP answer with a wrong bit would be believed.
  const bool checked = load_be16(frame.data() + 12) == kEtherTypeIpv4;
  if (is_lost() || (corrupted && !checked)) {
    ++stats_.lost;
    return {Fate::lost, {}, {}};
  }
  Passage passage;
  passage.due = *sent + options_.latency;
  if (options_.jitter > Duration::zero()) {
    passage.due += dice_.between(Duration::zero(), options_.jitter);
  }
  if (dice_.happens(options_.reorder)) {
    ++stats_.reordered;
    passage.due += options_.reorder_delay;
  }
  if (dice_.happens(options_.duplicate)) {
    ++stats_.duplicated;
    passage.due_again = passage.due + dice_.between(Duration::zero(), options_.jitter);
  }
  if (corrupted) {
    corrupt(frame);
    passage.fate = Fate::corrupted;
  }
  return passage;
}

std::optional<Instant> Pipe::through_queue(Instant now, MutableBytes frame) {
  if (options_.rate_bits_per_s == 0) return now;
  while (!queue_.empty() && queue_.front() <= now) queue_.pop_front();
  if (queue_.size() >= options_.queue_frames_max) return std::nullopt;
  if (options_.mark_frames != 0 && queue_.size() >= options_.mark_frames) mark(frame);
  constexpr std::uint64_t kNanosecondBits = 8'000'000'000;
  const std::uint64_t nanoseconds = frame.size() * kNanosecondBits / options_.rate_bits_per_s;
  line_free_at_ = std::max(now, line_free_at_) + Duration(static_cast<std::int64_t>(nanoseconds));
  queue_.push_back(line_free_at_);
  return line_free_at_;
}

bool Pipe::is_lost() {
  if (options_.burst_begin > 0) {
    in_burst_ =
        in_burst_ ? !dice_.happens(options_.burst_end) : dice_.happens(options_.burst_begin);
    if (in_burst_ && dice_.happens(options_.burst_loss)) return true;
  } else {
    in_burst_ = false;
  }
  return dice_.happens(options_.loss);
}

// Up to 15 neighbouring bits, the first of them certainly: a change that an Internet checksum over
// these bytes always sees. Anything wider would now and then deliver wrong bytes, and rightly so.
void Pipe::corrupt(MutableBytes frame) {
  ++stats_.corrupted;
  const std::uint64_t bits = frame.size() * 8;
  const std::uint64_t first = dice_.below(bits);
  const std::uint64_t pattern = (dice_.next() & 0x7fff) | 1;
  const std::uint64_t length = dice_.happens(0.5) ? 1 : 15;
  for (std::uint64_t i = 0; i < length && first + i < bits; ++i) {
    if ((pattern >> i & 1) == 0) continue;
    std::uint8_t& octet = frame[(first + i) / 8];
    octet = static_cast<std::uint8_t>(octet ^ (0x80u >> ((first + i) % 8)));
  }
}

// RFC 3168 5: CE instead of a loss, for packets whose ends can hear it.
void Pipe::mark(MutableBytes frame) {
  const auto packet = parse_ip(frame.subspan(kEthernetHeaderBytes));
  if (!packet || packet->header.ecn == 0 || packet->header.ecn == kCongestionExperienced) return;
  ++stats_.marked;
  const MutableBytes header = frame.subspan(kEthernetHeaderBytes, packet->headers.size());
  if (!packet->header.is_v4()) {  // four bits further on, and under no checksum of its own
    header[1] = static_cast<std::uint8_t>(header[1] | kEcnMask << 4);
    return;
  }
  header[1] = static_cast<std::uint8_t>(header[1] | kEcnMask);
  store_be16(header.data() + 10, 0);
  store_be16(header.data() + 10, checksum_field(ones_sum(header)));
}

}  // namespace anteroom::simulation
