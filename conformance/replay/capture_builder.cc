// The file format by hand: libpcap would refuse to write what tests want to be wrong.
#include "conformance/replay/capture_builder.h"

#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>

#include <gtest/gtest.h>

#include <anteroom/testing/notation.h>

#include "stack/wire/tcp_options.h"

namespace anteroom::replay {
namespace {

constexpr int kRawIp = 101;

void put(std::vector<std::uint8_t>& out, std::uint32_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) {
    const int shift = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 8 * i : 8 * (bytes - 1 - i);
    out.push_back(static_cast<std::uint8_t>(value >> shift));
  }
}

const Endpoint kClient{IpAddress::v4(192, 0, 2, 2), 40'000};
const Endpoint kServer{IpAddress::v4(192, 0, 2, 1), 80};

void put_options(const testing::OptionsNote& note, std::uint32_t acked_initial, Segment& segment) {
  TcpOptions options;
  options.has_mss = note.mss.has_value();
  options.mss = note.mss.value_or(0);
  options.has_window_scale = note.window_scale.has_value();
  options.window_scale = note.window_scale.value_or(0);
  options.sack_permitted = note.sack_permitted;
  if (note.timestamp) {
    options.has_timestamp = true;
    options.timestamp_value = note.timestamp->first;
    options.timestamp_echo = note.timestamp->second;
  }
  for (const auto& [left, right] : note.sack) {
    options.sack[options.sack_count++] = {left + acked_initial, right + acked_initial};
  }
  std::array<std::uint8_t, kTcpOptionBytesMax> bytes{};
  segment.option_bytes = static_cast<std::uint8_t>(emit_tcp_options(options, bytes).bytes);
  std::copy(bytes.begin(), bytes.end(), segment.options.begin());
  read_options(segment);
}

}  // namespace

std::vector<std::uint8_t> pcap_file(int link_type, const std::vector<FilePacket>& packets) {
  std::vector<std::uint8_t> out;
  put(out, 0xa1b23c4d, 4);
  put(out, 2, 2);
  put(out, 4, 2);
  put(out, 0, 4);
  put(out, 0, 4);
  put(out, 262'144, 4);
  put(out, static_cast<std::uint32_t>(link_type), 4);
  for (const FilePacket& packet : packets) {
    const auto size = static_cast<std::uint32_t>(packet.bytes.size());
    put(out, static_cast<std::uint32_t>(packet.seconds), 4);
    put(out, static_cast<std::uint32_t>(packet.nanoseconds), 4);
    put(out, packet.captured_bytes.value_or(size), 4);
    put(out, packet.original_bytes.value_or(size), 4);
    out.insert(out.end(), packet.bytes.begin(), packet.bytes.end());
  }
  return out;
}

TemporaryFile::TemporaryFile(const std::vector<std::uint8_t>& bytes) {
  std::string name = ::testing::TempDir() + "replay_XXXXXX";
  const int descriptor = mkstemp(name.data());
  if (descriptor < 0) std::abort();
  std::FILE* file = fdopen(descriptor, "wb");
  if (!bytes.empty() && std::fwrite(bytes.data(), 1, bytes.size(), file) != bytes.size())
    std::abort();
  std::fclose(file);
  path_ = name;
}

TemporaryFile::~TemporaryFile() { std::remove(path_.c_str()); }

Talk& Talk::client(Duration at, const std::string& text) { return say(true, at, text); }
Talk& Talk::server(Duration at, const std::string& text) { return say(false, at, text); }

Talk& Talk::say(bool by_client, Duration at, const std::string& text) {
  const auto note = testing::parse_segment(text);
  if (!note) {
    ADD_FAILURE() << text << ": " << note.error();
    return *this;
  }
  Said said{by_client, at, {}};
  const std::uint32_t own = by_client ? kClientInitial : kServerInitial;
  const std::uint32_t other = by_client ? kServerInitial : kClientInitial;
  Segment& segment = said.segment;
  segment.source = by_client ? kClient : kServer;
  segment.destination = by_client ? kServer : kClient;
  segment.identification = static_cast<std::uint16_t>(said_.size() + 1);
  segment.flags = note->flags;
  segment.seq = note->seq + own;
  segment.ack = segment.has(flag::ack) ? note->ack + other : 0;
  segment.window = note->window.value_or(229);
  if (note->options) put_options(*note->options, other, segment);
  for (std::uint32_t i = 0; i < note->length; ++i) {
    segment.payload.push_back(note->payload ? static_cast<std::uint8_t>((*note->payload)[i])
                                            : static_cast<std::uint8_t>((note->seq + i) * 7));
  }
  said_.push_back(std::move(said));
  return *this;
}

Talk& Talk::handshake() {
  client(0ms, "S 0:0(0) win 64240 <mss 1460,sackOK,wscale 7>");
  server(1ms, "S. 0:0(0) ack 1 win 65160 <mss 1460,sackOK,wscale 7>");
  return client(2ms, ". 1:1(0) ack 1 win 502");
}

Talk& Talk::over_ipv6() {
  for (Said& said : said_) {
    for (Endpoint* end : {&said.segment.source, &said.segment.destination}) {
      const std::uint8_t host = end->port == kServer.port ? 1 : 2;
      end->address = IpAddress::v6({0xfd, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, host});
    }
    said.segment.identification = 0;
  }
  return *this;
}

std::vector<std::uint8_t> Talk::packet_of(const Said& said) {
  std::vector<std::uint8_t> packet;
  write_packet(said.segment, said.segment.source, said.segment.destination, said.segment.payload,
               packet);
  return packet;
}

std::vector<FilePacket> Talk::packets() const {
  std::vector<FilePacket> packets;
  for (const Said& said : said_) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(said.at);
    packets.push_back({1'700'000'000 + seconds.count(), (said.at - seconds).count(),
                       packet_of(said), std::nullopt, std::nullopt});
  }
  return packets;
}

std::string Replayed::diverged(std::size_t connection) const {
  if (connection >= connections.size()) return "no such connection";
  std::string names;
  for (std::size_t i = 0; i < kTiers; ++i) {
    if (connections[connection].tiers[i] != Finding::diverged) continue;
    names += (names.empty() ? "" : " ") + std::string(to_string(static_cast<Tier>(i)));
  }
  return names;
}

Replayed replay_file(const std::string& path, const Options& options) {
  Replayed replayed;
  Sinks sinks;
  sinks.on_connection = [&](const ConnectionReport& report) {
    replayed.connections.push_back(report);
  };
  replayed.capture = replay_capture(path, options, sinks);
  return replayed;
}

Replayed replay_bytes(const std::vector<std::uint8_t>& file, const Options& options) {
  const TemporaryFile temporary(file);
  return replay_file(temporary.path(), options);
}

std::vector<std::string> observed(const Talk& talk, const Options& options) {
  class Lines final : public Observer {
   public:
    void on_segment(const Plan& plan, From from, const Segment& segment, const Moment&) override {
      EXPECT_EQ(plan.number, 1u);
      const bool inbound = from == From::peer;
      const bool by_client = segment.source.port != kServer.port;
      const std::uint32_t ends[2] = {Talk::kServerInitial, Talk::kClientInitial};
      const bool is_client = from == From::stack ? false : by_client;
      const Origin origin{ends[is_client], ends[!is_client]};
      std::string text = notation(segment, segment.payload.size(), origin, inbound);
      text = text.substr(0, text.find(" win "));
      constexpr const char* kNames[] = {"captured ", "peer ", "stack "};
      lines.push_back(kNames[static_cast<std::size_t>(from)] + text);
    }
    std::vector<std::string> lines;
  };
  Lines lines;
  const TemporaryFile file(pcap_file(kRawIp, talk.packets()));
  Sinks sinks;
  sinks.observer = &lines;
  replay_capture(file.path(), options, sinks);
  return lines.lines;
}

Replayed replay_talk(const Talk& talk, const Options& options) {
  return replay_bytes(pcap_file(kRawIp, talk.packets()), options);
}

}  // namespace anteroom::replay
