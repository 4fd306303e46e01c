// One row per kind in parse, one function per kind in emit.
#include "stack/wire/tcp_options.h"

#include "stack/base/bytes.h"

namespace anteroom {
namespace {

constexpr std::uint8_t kEnd = 0;
constexpr std::uint8_t kNoOperation = 1;
constexpr std::uint8_t kMss = 2;
constexpr std::uint8_t kWindowScale = 3;
constexpr std::uint8_t kSackPermitted = 4;
constexpr std::uint8_t kSack = 5;
constexpr std::uint8_t kTimestamps = 8;
constexpr std::uint8_t kFastOpen = 34;
constexpr std::uint8_t kExperimental1 = 253;
constexpr std::uint8_t kExperimental2 = 254;

bool parse_sack(Bytes data, TcpOptions& parsed) {
  if (data.empty() || data.size() % 8 != 0 || data.size() / 8 > kSackBlocksMax) return false;
  parsed.sack_count = static_cast<std::uint8_t>(data.size() / 8);
  for (std::size_t i = 0; i < parsed.sack_count; ++i) {
    parsed.sack[i] = {load_be32(data.data() + 8 * i), load_be32(data.data() + 8 * i + 4)};
  }
  return true;
}

bool parse_fast_open(Bytes data, TcpOptions& parsed) {
  // RFC 7413 4.1.1: absent, or 4 to 16 bytes and even.
  if (data.size() > kFastOpenCookieMax || data.size() % 2 != 0 || data.size() == 2) return false;
  parsed.has_fast_open = true;
  parsed.fast_open.size = static_cast<std::uint8_t>(data.size());
  copy_bytes(parsed.fast_open.bytes, data);
  return true;
}

// `data` is what follows kind and length. False where its size is not the kind's.
bool parse_option(std::uint8_t kind, Bytes data, TcpOptions& parsed) {
  switch (kind) {
    case kMss:
      if (data.size() != 2) return false;
      parsed.has_mss = true;
      parsed.mss = load_be16(data.data());
      return true;
    case kWindowScale:
      if (data.size() != 1) return false;
      parsed.has_window_scale = true;
      parsed.window_scale = data[0];
      return true;
    case kSackPermitted: parsed.sack_permitted = true; return data.empty();
    case kSack: return parse_sack(data, parsed);
    case kTimestamps:
      if (data.size() != 8) return false;
      parsed.has_timestamp = true;
      parsed.timestamp_value = load_be32(data.data());
      parsed.timestamp_echo = load_be32(data.data() + 4);
      return true;
    case kFastOpen: return parse_fast_open(data, parsed);
    case kExperimental1:
    case kExperimental2:
      if (data.size() < 2) return false;  // RFC 6994 3: an ExID is there
      if (parsed.experimental.kind == 0) parsed.experimental = {kind, data};
      return true;
    default: return true;
  }
}

// Writes options one behind the other.
class OptionWriter {
 public:
  explicit OptionWriter(MutableBytes out) : out_(out) {}

  std::size_t size() const { return size_; }
  std::size_t room() const { return kTcpOptionBytesMax - size_; }

  void put8(std::uint8_t value) { out_[size_++] = value; }
  void put16(std::uint16_t value) {
    store_be16(out_.data() + size_, value);
    size_ += 2;
  }
  void put32(std::uint32_t value) {
    store_be32(out_.data() + size_, value);
    size_ += 4;
  }
  void put(Bytes bytes) {
    copy_bytes(out_.subspan(size_), bytes);
    size_ += bytes.size();
  }
  void head(std::uint8_t kind, std::size_t data_bytes) {
    put8(kind);
    put8(static_cast<std::uint8_t>(data_bytes + 2));
  }
  // Pads so that an option of `bytes` bytes ends on a multiple of 4.
  void align_end(std::size_t bytes) {
    while ((size_ + bytes) % 4 != 0) put8(kNoOperation);
  }

 private:
  MutableBytes out_;
  std::size_t size_ = 0;
};

void emit_timestamps(const TcpOptions& options, OptionWriter& out) {
  if (options.sack_permitted) {
    out.head(kSackPermitted, 0);
  } else {
    out.align_end(10);
  }
  out.head(kTimestamps, 8);
  out.put32(options.timestamp_value);
  out.put32(options.timestamp_echo);
}

void emit_sack(const TcpOptions& options, OptionWriter& out) {
  if (out.room() < 12) return;
  const std::size_t count = std::min<std::size_t>(options.sack_count, (out.room() - 4) / 8);
  out.align_end(2 + 8 * count);
  out.head(kSack, 8 * count);
  for (std::size_t i = 0; i < count; ++i) {
    out.put32(options.sack[i].left);
    out.put32(options.sack[i].right);
  }
}

}  // namespace

namespace {

bool read_options(Bytes options, TcpOptions& parsed) {
  std::size_t at = 0;
  while (at < options.size()) {
    const std::uint8_t kind = options[at];
    if (kind == kEnd) break;
    if (kind == kNoOperation) {
      ++at;
      continue;
    }
    if (at + 1 >= options.size()) return false;
    const std::size_t length = options[at + 1];
    if (length < 2 || at + length > options.size()) return false;
    if (!parse_option(kind, options.subspan(at + 2, length - 2), parsed)) return false;
    at += length;
  }
  return true;
}

}  // namespace

Result<TcpOptions, DropReason> parse_tcp_options(Bytes options) {
  // One object from here to the caller, filled in place (notes/002).
  Result<TcpOptions, DropReason> parsed(std::in_place);
  if (!read_options(options, *parsed)) parsed.fail(DropReason::tcp_options);
  return parsed;
}

std::size_t emit_tcp_options(const TcpOptions& options, MutableBytes out) {
  OptionWriter writer(out);
  if (options.has_mss) {
    writer.head(kMss, 2);
    writer.put16(options.mss);
  }
  if (options.has_timestamp) {
    emit_timestamps(options, writer);
  } else if (options.sack_permitted) {
    writer.align_end(2);
    writer.head(kSackPermitted, 0);
  }
  if (options.has_window_scale) {
    writer.align_end(3);
    writer.head(kWindowScale, 1);
    writer.put8(options.window_scale);
  }
  if (options.has_fast_open) {
    writer.align_end(2u + options.fast_open.size);
    writer.head(kFastOpen, options.fast_open.size);
    writer.put(Bytes(options.fast_open.bytes).first(options.fast_open.size));
  }
  if (options.experimental.kind != 0) {
    writer.align_end(2 + options.experimental.data.size());
    writer.head(options.experimental.kind, options.experimental.data.size());
    writer.put(options.experimental.data);
  }
  if (options.sack_count != 0) emit_sack(options, writer);
  writer.align_end(0);
  STACK_ASSERT(writer.size() <= kTcpOptionBytesMax);
  return writer.size();
}

}  // namespace anteroom
