// Captures made in a test: the bytes of a pcap file, right or wrong, and conversations whose
// packets are written as segments with numbers relative to both ends. For tests alone.
#pragma once

#include <string>
#include <vector>

#include "conformance/replay/replay.h"

namespace anteroom::replay {

struct FilePacket {
  std::int64_t seconds = 0;
  std::int64_t nanoseconds = 0;
  std::vector<std::uint8_t> bytes{};
  std::optional<std::uint32_t> captured_bytes{};  // in its header; else as many as there are
  std::optional<std::uint32_t> original_bytes{};  // likewise
};

// A pcap file of nanosecond precision, in this machine's byte order.
std::vector<std::uint8_t> pcap_file(int link_type, const std::vector<FilePacket>& packets);

// The bytes in a file of the test's own, which goes with the object.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::vector<std::uint8_t>& bytes);
  ~TemporaryFile();
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Both ends of one connection, 192.0.2.2:40000 to 192.0.2.1:80.
class Talk {
 public:
  static constexpr std::uint32_t kClientInitial = 1'000'000;
  static constexpr std::uint32_t kServerInitial = 4'294'967'000;  // its stream crosses zero

  struct Said {
    bool by_client = false;
    Duration at{};
    Segment segment{};
  };

  // Text in the notation, numbers relative: `P. 1:6(5) ack 1 win 229 <...>`. Payload is a pattern
  // of the offset unless the text has one.
  Talk& client(Duration at, const std::string& text);
  Talk& server(Duration at, const std::string& text);
  // SYN, SYN-ACK and ACK in three milliseconds, with MSS, SACK and window scale.
  Talk& handshake();

  std::vector<Said>& said() { return said_; }
  std::vector<Said> said_copy() const { return said_; }
  // Both ends get addresses of IPv6.
  Talk& over_ipv6();
  // As raw IP.
  std::vector<FilePacket> packets() const;
  static std::vector<std::uint8_t> packet_of(const Said& said);

 private:
  Talk& say(bool by_client, Duration at, const std::string& text);
  std::vector<Said> said_;
};

struct Replayed {
  CaptureReport capture{};
  std::vector<ConnectionReport> connections{};

  // "stream handshake", the tiers that diverged.
  std::string diverged(std::size_t connection = 0) const;
};

Replayed replay_file(const std::string& path, const Options& options = {});
Replayed replay_bytes(const std::vector<std::uint8_t>& file, const Options& options = {});
Replayed replay_talk(const Talk& talk, const Options& options = {});
// Everything that an observer sees, a line each: `stack > S. 0:0(0) ack 1`, options left out.
std::vector<std::string> observed(const Talk& talk, const Options& options = {});

}  // namespace anteroom::replay
