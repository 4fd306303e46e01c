// Every stream that is sent, and what must be true of what is read. A stream is one direction of
// one connection: its first eight bytes are its number, which nobody can guess, and each further
// byte follows from the number and its offset. So whoever reads knows whose bytes these are.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <anteroom/address.h>
#include <anteroom/bytes.h>

namespace anteroom::simulation {

// What its sender says about a stream.
struct Stream {
  Flow flow{};                     // as the sender sees it
  std::uint64_t sent_bytes = 0;    // taken by the stack, caller or response data included
  std::uint64_t on_syn_bytes = 0;  // of them, caller data: a copy of the SYN may deliver it again
  bool ended = false;              // the sender has closed this direction
  // Its owner reads to the end, then closes, and trusts the network for as long as RFC 9293 3.8.3
  // wants by default.
  bool polite = false;
  std::uint64_t reader = 0;         // who has read beyond the caller data
  std::uint64_t read_bytes = 0;     // by whom that was
  std::uint64_t reader_stream = 0;  // what the reader itself sends
};

// What one connection has read.
struct Reading {
  std::uint64_t number = 0;  // of the connection that reads; 0: somebody who only looks
  std::uint64_t own_stream = 0;
  Flow flow{};  // as the reader sees it
  std::uint64_t bytes = 0;
  std::uint64_t stream = 0;  // the first eight bytes, or as many as there are
};

class Streams {
 public:
  explicit Streams(std::uint64_t seed) : seed_(seed) {}

  // A new stream's number.
  std::uint64_t open(const Flow& flow);
  Stream& operator[](std::uint64_t number) { return streams_.at(number); }
  void forget(std::uint64_t number) { streams_.erase(number); }
  // Bytes of a stream from `offset` on.
  static std::vector<std::uint8_t> bytes(std::uint64_t number, std::uint64_t offset,
                                         std::size_t count);

  // The next bytes of a reading. Empty where they are right, else what is wrong.
  std::string check_read(Reading& reading, Bytes data);
  // The reader was told that nothing more comes.
  std::string check_end(const Reading& reading) const;
  // When all is over: what two polite owners said to each other has arrived, whatever the network
  // did meanwhile.
  std::string check_delivered() const;

  std::uint64_t bytes_read() const { return bytes_read_; }

 private:
  std::string check_sender(const Reading& reading);

  std::uint64_t seed_;
  std::uint64_t opened_ = 0;
  std::map<std::uint64_t, Stream> streams_;
  std::uint64_t bytes_read_ = 0;
};

}  // namespace anteroom::simulation
