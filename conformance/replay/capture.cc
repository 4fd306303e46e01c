// libpcap does the reading; this adds a clock that can be relied on.
#include "conformance/replay/capture.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <pcap/pcap.h>

#include "conformance/replay/link_layer.h"

namespace anteroom::replay {
namespace {

constexpr long kNanosecondsPerSecond = 1'000'000'000;
// Any time after that is an accident: 2^33 s, the year 2242.
constexpr long kSecondsMax = 1L << 33;

struct ClosePcap {
  void operator()(pcap_t* handle) const { pcap_close(handle); }
};

}  // namespace

struct CaptureReader::File {
  std::string path;
  std::unique_ptr<pcap_t, ClosePcap> handle;
  ReplayLimits limits;
  int link_type = 0;
  std::uint64_t frames = 0;
  std::optional<Duration> previous;  // as the file has it
  std::optional<Duration> leapt;     // far from that, and perhaps an accident
  Duration at{};
  TimeFaults faults;
  tap::Trouble trouble;

  void pass_to(Duration stamp) {
    const auto is_near = [&](Duration a, Duration b) {
      return a - b <= limits.gap_max && b - a <= limits.gap_max;
    };
    if (!previous) {
      previous = stamp;
    } else if (is_near(stamp, *previous)) {
      // A frame that is late by little must not make the one behind it early: the clock stands
      // still until the file has caught up.
      if (stamp < *previous) ++faults.backwards;
      at += std::max(stamp - *previous, Duration{});
      previous = std::max(stamp, *previous);
    } else if (leapt && is_near(stamp, *leapt)) {
      // It was no accident of one frame.
      if (stamp > *previous) at += limits.gap_max;
      previous = stamp;
      leapt.reset();
    } else {
      ++(stamp < *previous ? faults.backwards : faults.leaps);
      leapt = stamp;
    }
  }
};

CaptureReader::CaptureReader(std::unique_ptr<File> file) : file_(std::move(file)) {}
CaptureReader::CaptureReader(CaptureReader&&) noexcept = default;
CaptureReader::~CaptureReader() = default;

tap::Outcome<CaptureReader> CaptureReader::open(const std::string& path,
                                                const ReplayLimits& limits) {
  char reason[PCAP_ERRBUF_SIZE] = "";
  auto file = std::make_unique<File>();
  file->path = path;
  file->limits = limits;
  file->handle.reset(
      pcap_open_offline_with_tstamp_precision(path.c_str(), PCAP_TSTAMP_PRECISION_NANO, reason));
  if (!file->handle) {
    std::string text(reason);
    // libpcap names the file in some of its messages only.
    if (text.starts_with(path + ": ")) text.erase(0, path.size() + 2);
    return tap::Problem{fmt::format(
        "cannot open {}: {}; a pcap or pcapng file is needed, such as tcpdump -w writes", path,
        text)};
  }
  file->link_type = pcap_datalink(file->handle.get());
  if (!is_known_link_type(file->link_type)) {
    return tap::Problem{
        fmt::format("cannot open {}: its link type is {}; capture on an Ethernet, raw IP, Linux "
                    "cooked or loopback interface",
                    path, name_of_link_type(file->link_type))};
  }
  return CaptureReader(std::move(file));
}

int CaptureReader::link_type() const { return file_->link_type; }

std::size_t CaptureReader::snap_bytes() const {
  const int snap = pcap_snapshot(file_->handle.get());
  return snap > 0 ? static_cast<std::size_t>(snap) : 0;
}

std::optional<CapturedFrame> CaptureReader::next() {
  if (file_->trouble) return std::nullopt;
  pcap_pkthdr* header = nullptr;
  const u_char* bytes = nullptr;
  const int status = pcap_next_ex(file_->handle.get(), &header, &bytes);
  if (status != 1) {
    if (status != PCAP_ERROR_BREAK) {
      file_->trouble = tap::Problem{
          fmt::format("{} is damaged behind packet {}: {}; what is in front of that was used",
                      file_->path, file_->frames, pcap_geterr(file_->handle.get()))};
    }
    return std::nullopt;
  }
  ++file_->frames;
  // In a nanosecond file this field holds nanoseconds whatever its name says.
  const long nanoseconds = header->ts.tv_usec;
  const bool absurd = header->ts.tv_sec < 0 || header->ts.tv_sec > kSecondsMax || nanoseconds < 0 ||
                      nanoseconds >= kNanosecondsPerSecond;
  if (absurd) {
    ++file_->faults.absurd;
  } else {
    file_->pass_to(std::chrono::seconds(header->ts.tv_sec) + Duration(nanoseconds));
  }
  return CapturedFrame{file_->frames, file_->at, Bytes(bytes, header->caplen),
                       std::max<std::size_t>(header->len, header->caplen)};
}

tap::Trouble CaptureReader::trouble() const { return file_->trouble; }
const TimeFaults& CaptureReader::time_faults() const { return file_->faults; }
std::uint64_t CaptureReader::frames() const { return file_->frames; }

}  // namespace anteroom::replay
