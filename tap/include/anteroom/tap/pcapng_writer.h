// A pcapng file being written: frames with comments, and a section header that says where they come
// from. Our own writer, because libpcap reads this format but writes only the older one, which has
// no room for comments. draft-ietf-opsawg-pcapng; one section, one interface, nanoseconds.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <anteroom/bytes.h>
#include <anteroom/config.h>
#include <anteroom/tap/problem.h>
#include <anteroom/time.h>

namespace anteroom::tap {

class PcapngWriter {
 public:
  // `program` and `comment` go into the section header.
  static Outcome<PcapngWriter> open(const std::string& path, Medium medium,
                                    std::string_view program, std::string_view comment);

  // `wall_time` since 1970, UTC; an empty comment is none.
  void write(Duration wall_time, Bytes frame, std::string_view comment);
  // Says once if the disk took everything so far.
  Trouble flush();

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  PcapngWriter(std::string path, std::FILE* file) : path_(std::move(path)), file_(file) {}
  // Between the two lengths that every block has.
  void put_block(std::uint32_t type);

  std::string path_;
  std::unique_ptr<std::FILE, Close> file_;
  std::vector<std::uint8_t> body_;  // of the block that is being made
};

}  // namespace anteroom::tap
