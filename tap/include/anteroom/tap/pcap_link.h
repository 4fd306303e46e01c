// Captures: a link that writes what passes into a pcap file, and the reader of such files.
// Nanosecond precision; link type Ethernet or raw IP. Not here: what frames mean
// (testing/notation).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <anteroom/tap/link.h>
#include <anteroom/tap/problem.h>

namespace anteroom::tap {

// Takes the frames that pass, with the monotonic time when they did.
class FrameSink {
 public:
  virtual ~FrameSink() = default;
  virtual void write(Instant now, Bytes frame) = 0;
};

// A pcap file being written. What was written is on its way to the disk after flush() and at the
// end.
class PcapWriter final : public FrameSink {
 public:
  static Outcome<PcapWriter> open(const std::string& path, Medium medium);
  PcapWriter(PcapWriter&&) noexcept;
  ~PcapWriter() override;

  // Stamps are wall-clock times that follow the monotonic `now`, so they never go back.
  void write(Instant now, Bytes frame) override;
  // Says once if the disk took everything so far.
  Trouble flush();

 private:
  struct File;
  explicit PcapWriter(std::unique_ptr<File> file);
  std::unique_ptr<File> file_;
};

// Whose time a captured frame bears: the turn's, as the stack sees it, or the clock's when it
// passed.
enum class Stamp : std::uint8_t { turn, clock };

// A link around a link; every frame that passes, in either direction, is written first.
class PcapLink final : public Link {
 public:
  // Both must outlive this object.
  PcapLink(Link& inner, FrameSink& writer, Stamp stamp)
      : inner_(inner), writer_(writer), stamp_(stamp) {}

  std::size_t receive(Instant now, MutableBytes out) override;
  bool send(Instant now, Bytes frame) override;
  int descriptor() const override { return inner_.descriptor(); }
  std::optional<Instant> next_deadline() const override { return inner_.next_deadline(); }
  bool is_gone() const override { return inner_.is_gone(); }
  Medium medium() const override { return inner_.medium(); }

 private:
  Link& inner_;
  FrameSink& writer_;
  Stamp stamp_;
};

struct CapturedFrame {
  Duration wall_time{};            // since 1970, UTC
  Bytes bytes{};                   // valid until the next call of next()
  std::size_t original_bytes = 0;  // longer than `bytes` where the capture cut the frame
};

// A capture file being read: pcap or pcapng, Ethernet or raw IP.
class PcapReader {
 public:
  static Outcome<PcapReader> open(const std::string& path);
  PcapReader(PcapReader&&) noexcept;
  ~PcapReader();

  Medium medium() const;
  // The next frame; none at the end of the file or where it is damaged, see trouble().
  std::optional<CapturedFrame> next();
  Trouble trouble() const;

 private:
  struct File;
  explicit PcapReader(std::unique_ptr<File> file);
  std::unique_ptr<File> file_;
};

}  // namespace anteroom::tap
