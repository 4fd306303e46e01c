// libpcap behind three small types.
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <string>
#include <utility>

#include <pcap/pcap.h>

#include <anteroom/tap/clock.h>
#include <anteroom/tap/pcap_link.h>

namespace anteroom::tap {
namespace {

// LINKTYPE_RAW as a capture file says it; DLT_RAW is its number on this system.
constexpr int kLinkTypeRawInFile = 101;

struct ClosePcap {
  void operator()(pcap_t* handle) const { pcap_close(handle); }
};
struct CloseDumper {
  void operator()(pcap_dumper_t* dumper) const { pcap_dump_close(dumper); }
};
using PcapHandle = std::unique_ptr<pcap_t, ClosePcap>;

}  // namespace

struct PcapWriter::File {
  std::string path;
  PcapHandle handle;
  std::unique_ptr<pcap_dumper_t, CloseDumper> dumper;
  Duration wall_origin;  // wall time less monotonic time
};

PcapWriter::PcapWriter(std::unique_ptr<File> file) : file_(std::move(file)) {}
PcapWriter::PcapWriter(PcapWriter&&) noexcept = default;
PcapWriter::~PcapWriter() = default;

Outcome<PcapWriter> PcapWriter::open(const std::string& path, Medium medium) {
  const int link_type = medium == Medium::ethernet ? DLT_EN10MB : DLT_RAW;
  auto file = std::make_unique<File>();
  file->path = path;
  file->handle.reset(pcap_open_dead_with_tstamp_precision(
      link_type, static_cast<int>(kFrameBytesMax), PCAP_TSTAMP_PRECISION_NANO));
  if (!file->handle) return Problem{"cannot write the capture " + path + ": out of memory"};
  file->dumper.reset(pcap_dump_open(file->handle.get(), path.c_str()));
  if (!file->dumper) {
    return Problem{std::string("cannot write the capture ") + pcap_geterr(file->handle.get())};
  }
  file->wall_origin = wall_now() - monotonic_now().time_since_epoch();
  return PcapWriter(std::move(file));
}

void PcapWriter::write(Instant now, Bytes frame) {
  const Duration stamp = file_->wall_origin + now.time_since_epoch();
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(stamp);
  pcap_pkthdr header{};
  header.ts.tv_sec = seconds.count();
  // In a nanosecond file this field holds nanoseconds whatever its name says.
  header.ts.tv_usec = (stamp - seconds).count();
  header.caplen = header.len = static_cast<bpf_u_int32>(frame.size());
  pcap_dump(reinterpret_cast<u_char*>(file_->dumper.get()), &header, frame.data());
}

Trouble PcapWriter::flush() {
  if (pcap_dump_flush(file_->dumper.get()) == 0) return std::nullopt;
  return system_problem("cannot write the capture " + file_->path, errno, "is the disk full?");
}

std::size_t PcapLink::receive(Instant now, MutableBytes out) {
  const std::size_t size = inner_.receive(now, out);
  if (size > 0) writer_.write(stamp_ == Stamp::clock ? monotonic_now() : now, out.first(size));
  return size;
}

bool PcapLink::send(Instant now, Bytes frame) {
  writer_.write(stamp_ == Stamp::clock ? monotonic_now() : now, frame);
  return inner_.send(now, frame);
}

struct PcapReader::File {
  std::string path;
  PcapHandle handle;
  Medium medium = Medium::ethernet;
  Trouble trouble;
};

PcapReader::PcapReader(std::unique_ptr<File> file) : file_(std::move(file)) {}
PcapReader::PcapReader(PcapReader&&) noexcept = default;
PcapReader::~PcapReader() = default;

Outcome<PcapReader> PcapReader::open(const std::string& path) {
  char reason[PCAP_ERRBUF_SIZE] = "";
  auto file = std::make_unique<File>();
  file->path = path;
  file->handle.reset(
      pcap_open_offline_with_tstamp_precision(path.c_str(), PCAP_TSTAMP_PRECISION_NANO, reason));
  if (!file->handle) {
    const std::string text(reason);
    // libpcap names the file in some of its messages only.
    const bool named = text.find(path) != std::string::npos;
    return Problem{"cannot read the capture " + (named ? text : path + ": " + text)};
  }
  const int link_type = pcap_datalink(file->handle.get());
  if (link_type == DLT_EN10MB) {
    file->medium = Medium::ethernet;
  } else if (link_type == DLT_RAW || link_type == kLinkTypeRawInFile) {
    file->medium = Medium::ip;
  } else {
    return Problem{"cannot read the capture " + path + ": its link type is " +
                   std::to_string(link_type) + ", only Ethernet and raw IP are understood"};
  }
  return PcapReader(std::move(file));
}

Medium PcapReader::medium() const { return file_->medium; }

std::optional<CapturedFrame> PcapReader::next() {
  pcap_pkthdr* header = nullptr;
  const u_char* bytes = nullptr;
  const int status = pcap_next_ex(file_->handle.get(), &header, &bytes);
  if (status == 1) {
    return CapturedFrame{std::chrono::seconds(header->ts.tv_sec) + Duration(header->ts.tv_usec),
                         Bytes(bytes, header->caplen), header->len};
  }
  if (status != PCAP_ERROR_BREAK) {
    file_->trouble = Problem{"the capture " + file_->path +
                             " is damaged from here on: " + pcap_geterr(file_->handle.get())};
  }
  return std::nullopt;
}

Trouble PcapReader::trouble() const { return file_->trouble; }

}  // namespace anteroom::tap
