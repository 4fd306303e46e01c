// A connection as a script: what arrived goes in, what the captured host sent is expected, and its
// application's calls stand in front of the segments that show them.
#include <algorithm>

#include <fmt/format.h>

#include "conformance/replay/minimise.h"
#include "conformance/replay/stream_record.h"

namespace anteroom::replay {
namespace {

constexpr int kToleranceMicroseconds = 50'000;
constexpr std::size_t kWaitingMax = 1'000;
constexpr std::size_t kWaitingBytesMax = 1u << 20;

class Writer {
 public:
  explicit Writer(const Minimised& minimised)
      : minimised_(minimised),
        plan_(make_plan({minimised.segments.begin(), minimised.segments.end()}, minimised.report.as,
                        {})),
        own_(plan_.subject_initial),
        peer_(plan_.peer_initial),
        out_(1, kWaitingMax, kWaitingBytesMax),
        in_(1, kWaitingMax, kWaitingBytesMax) {}

  std::string write() {
    head();
    for (const Segment& segment : minimised_.segments) {
      at_ = segment.at - minimised_.segments.front().at + 100ms;
      segment.source == plan_.subject ? expect(segment) : arrive(segment);
    }
    return std::move(text_);
  }

 private:
  template <typename... Arguments>
  void line(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    const double seconds = static_cast<double>(at_.count()) / 1e9;
    text_ += fmt::format("{:.6f} ", seconds);
    text_ += fmt::format(format, std::forward<Arguments>(arguments)...) + "\n";
  }

  void head() {
    const ConnectionReport& report = minimised_.report;
    text_ +=
        fmt::format("// Cut down from a capture of {} and {}, the stack as {}: {}.\n",
                    report.client, report.server, to_string(report.as), to_string(minimised_.tier));
    for (const Divergence& divergence : report.divergences) {
      if (divergence.tier != minimised_.tier) continue;
      text_ += "// " + divergence.why + "\n";
      break;
    }
    if (!plan_.subject.address.is_v4()) text_ += "--ip_version=ipv6\n";
    text_ += fmt::format("--mtu={}\n", plan_.config.interface.mtu);
    text_ += fmt::format("--tolerance_usecs={}\n", kToleranceMicroseconds);
    at_ = {};
    line("socket(..., SOCK_STREAM, IPPROTO_TCP) = 3");
    if (plan_.as == Side::server) {
      line("setsockopt(3, SOL_SOCKET, SO_REUSEADDR, [1], 4) = 0");
      line("bind(3, ..., ...) = 0");
      if (plan_.is_conditional) {
        line("setsockopt(3, SOL_ANTEROOM, ANTEROOM_HOLD_SYN, [1], 4) = 0");
      }
      if (!plan_.is_refused) line("listen(3, 1) = 0");
      if (!plan_.syn) make_handshake();
    } else {
      fd_ = 3;
      line("fcntl(3, F_SETFL, O_RDWR|O_NONBLOCK) = 0");
      line("setsockopt(3, SOL_TCP, TCP_NODELAY, [1], 4) = 0");
      line("setsockopt(3, SOL_TCP, TCP_QUICKACK, [0], 4) = 0");
      if (!plan_.syn) make_handshake();
    }
  }

  // A connection without a beginning gets one.
  void make_handshake() {
    if (plan_.as == Side::server) {
      line("< S 0:0(0) win 65535 <mss 1460>");
      if (!plan_.syn_ack) line("> S. 0:0(0) ack 1 <...>");
      if (!plan_.syn_ack) line("< . 1:1(0) ack 1 win 65535");
      if (!plan_.syn_ack) take();
    } else {
      line("connect(3, ..., ...) = -1 EINPROGRESS (Operation now in progress)");
      line("> S 0:0(0) <...>");
      line("< S. 0:0(0) ack 1 win 65535 <mss 1460>");
      line("> . 1:1(0) ack 1 <...>");
    }
  }

  void take() {
    if (fd_ != 0) return;
    fd_ = 4;
    line("accept(3, ..., ...) = 4");
    line("setsockopt(4, SOL_TCP, TCP_NODELAY, [1], 4) = 0");
    // A replay's stack has no quick beginning.
    line("setsockopt(4, SOL_TCP, TCP_QUICKACK, [0], 4) = 0");
  }

  // Text for a string of the language; only where the bytes are what matters.
  std::string quoted(Bytes bytes) const {
    std::string text;
    for (const std::uint8_t byte : bytes) text += fmt::format("\\x{:02x}", byte);
    return "\"" + text + "\"";
  }
  bool shows_bytes() const { return minimised_.tier == Tier::stream; }

  // Without time-stamps: a script may echo only what it expects with its very options. The segment
  // size makes up for the room that they took.
  static Segment without_stamps(const Segment& segment, bool agreed) {
    constexpr std::uint16_t kStampBytes = 12;
    Segment out = segment;
    out.option_bytes = 0;
    const Bytes from = segment.option_view();
    const auto append = [&](std::uint8_t byte) { out.options[out.option_bytes++] = byte; };
    for (std::size_t at = 0; at < from.size();) {
      const std::size_t length = from[at] <= 1 || at + 1 >= from.size() ? 1 : from[at + 1];
      if (length == 0 || at + length > from.size()) break;
      const std::size_t start = out.option_bytes;
      const bool stays = from[at] > 1 && !(from[at] == 8 && length == 10);
      for (std::size_t i = 0; stays && i < length; ++i) append(from[at + i]);
      if (agreed && from[at] == 2 && segment.read.mss && *segment.read.mss > 2 * kStampBytes) {
        const auto mss = static_cast<std::uint16_t>(*segment.read.mss - kStampBytes);
        out.options[start + 2] = static_cast<std::uint8_t>(mss >> 8);
        out.options[start + 3] = static_cast<std::uint8_t>(mss);
      }
      at += length;
    }
    while (out.option_bytes % 4 != 0) append(1);
    return out;
  }

  void arrive(const Segment& segment) {
    const bool agreed = plan_.syn && plan_.syn_ack && plan_.syn->read.has_timestamp &&
                        plan_.syn_ack->read.has_timestamp;
    const bool keeps = minimised_.tier == Tier::handshake;
    const Segment shown = keeps ? segment : without_stamps(segment, agreed);
    const bool completes = segment.has(flag::ack) && !segment.has(flag::syn) &&
                           !segment.has(flag::rst) && plan_.as == Side::server &&
                           !plan_.is_refused && has_answered_ && fd_ == 0;
    if (completes && !segment.payload.empty()) {
      // Data that completes the handshake would be acknowledged at once, before accept().
      Segment first = shown;
      first.flags = flag::ack;
      line("{}", notation(first, 0, {peer_.initial(), own_.initial()}, true));
      take();
    }
    std::string packet =
        notation(shown, segment.payload.size(), {peer_.initial(), own_.initial()}, true);
    if (shows_bytes() && !segment.payload.empty()) packet += " " + quoted(segment.payload);
    line("{}", packet);
    if (completes) take();
    const std::int64_t begin = peer_.of(segment.data_seq());
    InOrder::Piece piece = in_.add(begin, segment.payload, segment.payload.size());
    std::size_t readable = 0;
    for (; !piece.bytes.empty(); piece = in_.take_next()) readable += piece.bytes.size();
    unread_ += readable;
    if (fd_ == 0 || unread_ == 0) return;
    line("read({}, ..., {}) = {}", fd_, unread_, unread_);
    unread_ = 0;
  }

  void expect(const Segment& segment) {
    if (segment.has(flag::rst)) {
      if (fd_ != 0) {
        line("setsockopt({}, SOL_SOCKET, SO_LINGER, {{onoff=1, linger=0}}, 8) = 0", fd_);
        line("close({}) = 0", fd_);
      }
    } else if (segment.is_syn() && !has_connected_) {
      has_connected_ = true;
      line("connect(3, ..., ...) = -1 EINPROGRESS (Operation now in progress)");
    } else if (segment.is_syn_ack() && plan_.is_conditional && !has_answered_) {
      line("condition(3) = ACCEPT{}",
           segment.payload.empty() ? "" : "(" + quoted(segment.payload) + ")");
    } else {
      write_new(segment);
    }
    Segment shown = segment;
    // The stack marks the end of each write, RFC 9293 3.9.1.2.
    if (!segment.payload.empty() && !segment.has(flag::syn)) shown.flags |= flag::psh;
    const bool needs_options =
        minimised_.tier == Tier::handshake && segment.has(flag::syn) && !segment.has(flag::rst);
    const std::string packet =
        notation(shown, segment.payload.size(), {own_.initial(), peer_.initial()}, false);
    // Windows are the host's own affair.
    const std::size_t window = packet.find(" win ");
    std::string text = packet.substr(0, window);
    if (!needs_options) {
      text += " <...>";
    } else {
      const std::size_t options = packet.find(" <");
      text += options == packet.npos ? "" : packet.substr(options);
    }
    const bool is_response = segment.is_syn_ack() && plan_.is_conditional;
    if ((shows_bytes() || is_response) && !segment.payload.empty()) {
      text += " " + quoted(segment.payload);
    }
    line("{}", text);
    if (is_response) take();
    if (segment.is_syn_ack()) has_answered_ = true;
  }

  void write_new(const Segment& segment) {
    if (fd_ == 0) return;
    const std::int64_t begin = own_.of(segment.data_seq());
    InOrder::Piece piece = out_.add(begin, segment.payload, segment.payload.size());
    while (!piece.bytes.empty()) {
      const std::string what = shows_bytes() ? quoted(piece.bytes) : "...";
      line("write({}, {}, {}) = {}", fd_, what, piece.bytes.size(), piece.bytes.size());
      piece = out_.take_next();
    }
    own_.note(own_.of(segment.end()));
    if (!segment.has(flag::fin) || has_shut_down_) return;
    has_shut_down_ = true;
    line("shutdown({}, SHUT_WR) = 0", fd_);
  }

  const Minimised& minimised_;
  Plan plan_;
  Offsets own_;
  Offsets peer_;
  InOrder out_;
  InOrder in_;
  std::string text_;
  Duration at_{};
  int fd_ = 0;
  bool has_connected_ = false;
  bool has_answered_ = false;
  bool has_shut_down_ = false;
  std::size_t unread_ = 0;
};

}  // namespace

std::string script_of(const Minimised& minimised) { return Writer(minimised).write(); }

}  // namespace anteroom::replay
