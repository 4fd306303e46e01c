// The pattern: eight bytes at a time from one multiplication, so that checking costs little.
#include "conformance/simulation/streams.h"

#include <fmt/format.h>

namespace anteroom::simulation {
namespace {

constexpr std::uint64_t kNumberBytes = 8;

std::uint64_t mixed(std::uint64_t value) {
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}

std::uint8_t octet_at(std::uint64_t number, std::uint64_t offset) {
  const std::uint64_t word =
      offset < kNumberBytes ? number : mixed(number + (offset / 8) * 0x9e3779b97f4a7c15);
  return static_cast<std::uint8_t>(word >> (56 - offset % 8 * 8));
}

bool is_mirror(const Flow& a, const Flow& b) { return a.local == b.remote && a.remote == b.local; }

}  // namespace

std::uint64_t Streams::open(const Flow& flow) {
  const std::uint64_t number = mixed(seed_ ^ mixed(++opened_));
  streams_[number].flow = flow;
  return number;
}

std::vector<std::uint8_t> Streams::bytes(std::uint64_t number, std::uint64_t offset,
                                         std::size_t count) {
  std::vector<std::uint8_t> bytes(count);
  for (std::size_t i = 0; i < count; ++i) bytes[i] = octet_at(number, offset + i);
  return bytes;
}

std::string Streams::check_read(Reading& reading, Bytes data) {
  for (const std::uint8_t octet : data) {
    if (reading.bytes < kNumberBytes) {
      reading.stream |= std::uint64_t{octet} << (56 - reading.bytes * 8);
    } else if (octet != octet_at(reading.stream, reading.bytes)) {
      return fmt::format("byte {} of stream {:016x} is {:#04x} instead of {:#04x}", reading.bytes,
                         reading.stream, octet, octet_at(reading.stream, reading.bytes));
    }
    ++reading.bytes;
  }
  bytes_read_ += data.size();
  return reading.bytes < kNumberBytes ? "" : check_sender(reading);
}

std::string Streams::check_sender(const Reading& reading) {
  const auto found = streams_.find(reading.stream);
  if (found == streams_.end()) {
    return fmt::format("nobody sends the stream {:016x} that was read", reading.stream);
  }
  Stream& stream = found->second;
  if (!is_mirror(stream.flow, reading.flow)) {
    return fmt::format("{} reads what {} sent to {}", to_string(reading.flow.local),
                       to_string(stream.flow.local), to_string(stream.flow.remote));
  }
  if (reading.bytes > stream.sent_bytes) {
    return fmt::format("{} bytes of stream {:016x} were read and {} were sent", reading.bytes,
                       reading.stream, stream.sent_bytes);
  }
  if (reading.number == 0 || reading.bytes <= stream.on_syn_bytes) return "";
  if (stream.reader == 0) stream.reader = reading.number;
  if (stream.reader == reading.number) {
    stream.read_bytes = reading.bytes;
    stream.reader_stream = reading.own_stream;
    return "";
  }
  return fmt::format("stream {:016x} is read by two connections", reading.stream);
}

std::string Streams::check_delivered() const {
  for (const auto& [number, stream] : streams_) {
    const auto back = streams_.find(stream.reader_stream);
    if (back == streams_.end() || back->second.reader_stream != number) continue;
    if (!stream.polite || !back->second.polite) continue;
    if (stream.ended && stream.read_bytes == stream.sent_bytes) continue;
    return fmt::format("of {} bytes that {} sent to {} {} arrived, though both owners were polite",
                       stream.sent_bytes, to_string(stream.flow.local),
                       to_string(stream.flow.remote), stream.read_bytes);
  }
  return "";
}

std::string Streams::check_end(const Reading& reading) const {
  const auto is_whole = [&](const Stream& stream) {
    return stream.ended && stream.sent_bytes == reading.bytes;
  };
  if (reading.bytes >= kNumberBytes) {
    const Stream& stream = streams_.at(reading.stream);
    if (is_whole(stream)) return "";
    return fmt::format("stream {:016x} ends for its reader after {} bytes; {} were sent, {}",
                       reading.stream, reading.bytes, stream.sent_bytes,
                       stream.ended ? "and it was closed" : "and it is open");
  }
  // Too short to tell its number: any of this flow may be meant.
  for (const auto& [number, stream] : streams_) {
    if (is_whole(stream) && is_mirror(stream.flow, reading.flow)) return "";
  }
  return fmt::format("{} was told the end after {} bytes, but nobody closed such a stream",
                     to_string(reading.flow.local), reading.bytes);
}

}  // namespace anteroom::simulation
