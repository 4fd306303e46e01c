// One row per kind in parse, one function per kind in emit.
#include "stack/wire/tcp_options.h"

#include "stack/base/bytes.h"
#include "stack/wire/checksum.h"

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
constexpr std::uint8_t kAccEcn0 = 172;
constexpr std::uint8_t kAccEcn1 = 174;
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

bool parse_fast_open(Bytes data, bool experimental, TcpOptions& parsed) {
  // RFC 7413 4.1.1: absent, or 4 to 16 bytes and even.
  if (data.size() > kFastOpenCookieMax || data.size() % 2 != 0 || data.size() == 2) return false;
  parsed.has_fast_open = true;
  parsed.fast_open.size = static_cast<std::uint8_t>(data.size());
  parsed.fast_open.experimental = experimental;
  copy_bytes(parsed.fast_open.bytes, data);
  return true;
}

// `data` begins with an ExID. One of ours with another length is somebody else's business.
void parse_experimental(std::uint8_t kind, Bytes data, TcpOptions& parsed) {
  const bool fast_open = kind == kExperimental2 && load_be16(data.data()) == kFastOpenExId;
  if (fast_open && parse_fast_open(data.subspan(2), true, parsed)) return;
  if (kind == kExperimental1 && data.size() == 6 && load_be32(data.data()) == kConnectDataExId) {
    parsed.has_connect_data = true;
    parsed.connect_data_bytes = load_be16(data.data() + 4);
    return;
  }
  if (parsed.experimental.kind == 0) parsed.experimental = {kind, data};
}

std::uint32_t load_be24(const std::uint8_t* at) {
  return std::uint32_t{at[0]} << 16 | load_be16(at + 1);
}

bool parse_acc_ecn(std::uint8_t kind, Bytes data, TcpOptions& parsed) {
  if (data.size() % 3 != 0 || data.size() > 9) return true;  // RFC 9768 3.2.3: ignored
  AccEcnOption& option = parsed.acc_ecn;
  option = {kind, static_cast<std::uint8_t>(data.size() / 3)};
  std::uint32_t* const fields[] = {kind == kAccEcn0 ? &option.ect0_bytes : &option.ect1_bytes,
                                   &option.ce_bytes,
                                   kind == kAccEcn0 ? &option.ect1_bytes : &option.ect0_bytes};
  for (std::size_t i = 0; i < option.fields; ++i) *fields[i] = load_be24(data.data() + 3 * i);
  return true;
}

void take_timestamps(const std::uint8_t* at, TcpOptions& parsed) {
  parsed.has_timestamp = true;
  parsed.timestamp_value = load_be32(at);
  parsed.timestamp_echo = load_be32(at + 4);
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
      take_timestamps(data.data(), parsed);
      return true;
    case kFastOpen:  // RFC 7413 4.1.1: one of another length is ignored
      (void)parse_fast_open(data, false, parsed);
      return true;
    case kAccEcn0:
    case kAccEcn1: return parse_acc_ecn(kind, data, parsed);
    case kExperimental1:
    case kExperimental2:
      if (data.size() < 2) return false;  // RFC 6994 3: an ExID is there
      parse_experimental(kind, data, parsed);
      return true;
    default: return true;
  }
}

// Writes options one behind the other, in whole words where they allow it, and sums what it writes:
// reading it again right behind narrow stores would stall.
class OptionWriter {
 public:
  explicit OptionWriter(MutableBytes out) : out_(out) {}

  std::size_t size() const { return size_; }
  std::size_t room() const { return kTcpOptionBytesMax - size_; }
  std::uint16_t sum() const { return fold_sum(sum_); }

  void put32(std::uint32_t value) {
    store_be32(out_.data() + size_, value);
    sum_ += value;
    size_ += 4;
  }
  // An option of any length, behind so many no-operations that it ends on a word.
  void put(std::uint8_t kind, Bytes data) {
    const std::size_t start = size_;
    pad(2 + data.size());
    append(kind, data);
    sum_from(start);
  }
  // The same with the no-operations behind it.
  void put_first(std::uint8_t kind, Bytes data) {
    const std::size_t start = size_;
    append(kind, data);
    pad(0);
    sum_from(start);
  }

 private:
  void pad(std::size_t behind) {
    while ((size_ + behind) % 4 != 0) out_[size_++] = kNoOperation;
  }
  void append(std::uint8_t kind, Bytes data) {
    out_[size_++] = kind;
    out_[size_++] = static_cast<std::uint8_t>(2 + data.size());
    copy_bytes(out_.subspan(size_), data);
    size_ += data.size();
  }
  // Both ends lie on a word.
  void sum_from(std::size_t start) { sum_ += ones_sum(out_.subspan(start, size_ - start)); }

  MutableBytes out_;
  std::size_t size_ = 0;
  std::uint64_t sum_ = 0;
};

// Kind and length of an option, behind two bytes of something else.
constexpr std::uint32_t word(std::uint8_t first, std::uint8_t second, std::uint8_t kind,
                             std::size_t data_bytes) {
  return std::uint32_t{first} << 24 | std::uint32_t{second} << 16 | std::uint32_t{kind} << 8 |
         static_cast<std::uint32_t>(2 + data_bytes);
}

void emit_timestamps(const TcpOptions& options, OptionWriter& out) {
  out.put32(options.sack_permitted ? word(kSackPermitted, 2, kTimestamps, 8)
                                   : word(kNoOperation, kNoOperation, kTimestamps, 8));
  out.put32(options.timestamp_value);
  out.put32(options.timestamp_echo);
}

void emit_window_scale(const TcpOptions& options, OptionWriter& out) {
  out.put32(std::uint32_t{kNoOperation} << 24 | std::uint32_t{kWindowScale} << 16 | 3u << 8 |
            options.window_scale);
}

// What follows a SYN's MSS in the order of BSD.
void emit_scale_first(const TcpOptions& options, OptionWriter& out) {
  if (options.has_window_scale) emit_window_scale(options, out);
  if (options.has_timestamp) return emit_timestamps(options, out);
  if (options.sack_permitted) {
    out.put32(std::uint32_t{kSackPermitted} << 24 | 2u << 16 | std::uint32_t{kEnd} << 8 | kEnd);
  }
}

void emit_fast_open(const FastOpenCookie& cookie, OptionWriter& out) {
  const Bytes bytes = Bytes(cookie.bytes).first(cookie.size);
  if (!cookie.experimental) return out.put_first(kFastOpen, bytes);
  std::array<std::uint8_t, 2 + kFastOpenCookieMax> data;
  store_be16(data.data(), kFastOpenExId);
  copy_bytes(MutableBytes(data).subspan(2), bytes);
  out.put_first(kExperimental2, Bytes(data).first(2 + bytes.size()));
}

void emit_connect_data(std::uint16_t bytes, OptionWriter& out) {
  std::array<std::uint8_t, 6> data;
  store_be32(data.data(), kConnectDataExId);
  store_be16(data.data() + 4, bytes);
  out.put(kExperimental1, data);
}

void emit_sack(const TcpOptions& options, OptionWriter& out) {
  if (out.room() < 12) return;
  const std::size_t count = std::min<std::size_t>(options.sack_count, (out.room() - 4) / 8);
  out.put32(word(kNoOperation, kNoOperation, kSack, 8 * count));
  for (std::size_t i = 0; i < count; ++i) {
    out.put32(options.sack[i].left);
    out.put32(options.sack[i].right);
  }
}

constexpr std::size_t in_words(std::size_t bytes) { return (bytes + 3) / 4 * 4; }

// What goes behind the counters of accurate ECN and before SACK blocks, which both give way.
std::size_t bytes_behind_acc_ecn(const TcpOptions& options) {
  std::size_t bytes = 0;
  if (options.sack_permitted && !options.has_timestamp) bytes += 4;
  if (options.has_window_scale) bytes += 4;
  if (options.has_fast_open) {
    bytes += in_words((options.fast_open.experimental ? 4u : 2u) + options.fast_open.size);
  }
  if (options.has_connect_data) bytes += kConnectDataOptionBytes;
  if (options.experimental.kind != 0) bytes += in_words(2u + options.experimental.size);
  return bytes;
}

void emit_acc_ecn(const TcpOptions& options, OptionWriter& out) {
  const AccEcnOption& option = options.acc_ecn;
  const std::size_t bytes = 3u * option.fields;
  if (option.kind == 0 || out.room() < in_words(2 + bytes) + bytes_behind_acc_ecn(options)) return;
  const std::uint32_t first = option.kind == kAccEcn0 ? option.ect0_bytes : option.ect1_bytes;
  const std::uint32_t last = option.kind == kAccEcn0 ? option.ect1_bytes : option.ect0_bytes;
  std::array<std::uint8_t, 12> data;
  std::uint8_t* at = data.data();
  for (const std::uint32_t field : {first, option.ce_bytes, last}) {
    *at++ = static_cast<std::uint8_t>(field >> 16);
    store_be16(at, static_cast<std::uint16_t>(field));
    at += 2;
  }
  out.put_first(option.kind, Bytes(data).first(bytes));
}

// The two layouts that nearly every segment has, compared in whole words: timestamps behind two
// no-operations, and a SYN's MSS, SACK-permitted, timestamps and window scale.
bool read_usual_options(Bytes options, TcpOptions& parsed) {
  const std::uint8_t* at = options.data();
  if (options.size() == 12) {
    if (load_be32(at) != word(kNoOperation, kNoOperation, kTimestamps, 8)) return false;
    take_timestamps(at + 4, parsed);
    return true;
  }
  if (options.size() != 20 || load_be16(at) != (kMss << 8 | 4) ||
      load_be32(at + 4) != word(kSackPermitted, 2, kTimestamps, 8) ||
      load_be32(at + 16) >> 8 != (kNoOperation << 16 | kWindowScale << 8 | 3)) {
    return false;
  }
  parsed.has_mss = parsed.sack_permitted = parsed.has_window_scale = true;
  parsed.mss = load_be16(at + 2);
  take_timestamps(at + 8, parsed);
  parsed.window_scale = at[19];
  return true;
}

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
  if (!read_usual_options(options, *parsed) && !read_options(options, *parsed))
    parsed.fail(DropReason::tcp_options);
  return parsed;
}

Written emit_tcp_options(const TcpOptions& options, MutableBytes out) {
  OptionWriter writer(out);
  if (options.has_mss) writer.put32(std::uint32_t{kMss} << 24 | 4u << 16 | options.mss);
  if (options.scale_first) {
    emit_scale_first(options, writer);
    emit_acc_ecn(options, writer);
  } else {
    if (options.has_timestamp) {
      emit_timestamps(options, writer);
    }
    emit_acc_ecn(options, writer);
    if (options.sack_permitted && !options.has_timestamp) {
      writer.put32(word(kNoOperation, kNoOperation, kSackPermitted, 0));
    }
    if (options.has_window_scale) emit_window_scale(options, writer);
  }
  if (options.has_fast_open) emit_fast_open(options.fast_open, writer);
  if (options.has_connect_data) emit_connect_data(options.connect_data_bytes, writer);
  if (options.experimental.kind != 0) {
    writer.put(options.experimental.kind, options.experimental.data());
  }
  if (options.sack_count != 0) emit_sack(options, writer);
  STACK_ASSERT(writer.size() <= kTcpOptionBytesMax);
  return {writer.size(), writer.sum()};
}

}  // namespace anteroom
