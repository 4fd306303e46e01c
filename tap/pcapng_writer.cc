// Blocks of draft-ietf-opsawg-pcapng 3 and 4, in this machine's byte order, which the section
// header tells.
#include <cerrno>
#include <cstring>
#include <utility>

#include <anteroom/tap/link.h>
#include <anteroom/tap/pcapng_writer.h>

namespace anteroom::tap {
namespace {

constexpr std::uint32_t kSectionHeader = 0x0a0d0d0a;
constexpr std::uint32_t kInterface = 1;
constexpr std::uint32_t kEnhancedPacket = 6;
constexpr std::uint32_t kByteOrder = 0x1a2b3c4d;
constexpr std::uint16_t kEndOfOptions = 0;
constexpr std::uint16_t kComment = 1;
constexpr std::uint16_t kProgram = 4;         // shb_userappl
constexpr std::uint16_t kTimeResolution = 9;  // if_tsresol
constexpr std::uint16_t kLinkTypeEthernet = 1;
constexpr std::uint16_t kLinkTypeRaw = 101;
constexpr std::size_t kOptionBytesMax = 32'768;  // a comment is for people

template <typename Number>
void put(std::vector<std::uint8_t>& out, Number number) {
  const std::size_t at = out.size();
  out.resize(at + sizeof number);
  std::memcpy(out.data() + at, &number, sizeof number);
}

void put_padded(std::vector<std::uint8_t>& out, Bytes bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
  out.resize((out.size() + 3) / 4 * 4);
}

void put_option(std::vector<std::uint8_t>& out, std::uint16_t code, std::string_view value) {
  value = value.substr(0, kOptionBytesMax);
  put(out, code);
  put(out, static_cast<std::uint16_t>(value.size()));
  put_padded(out, bytes_of(value));
}

}  // namespace

void PcapngWriter::put_block(std::uint32_t type) {
  const auto length = static_cast<std::uint32_t>(body_.size() + 12);
  std::fwrite(&type, sizeof type, 1, file_.get());
  std::fwrite(&length, sizeof length, 1, file_.get());
  std::fwrite(body_.data(), 1, body_.size(), file_.get());
  std::fwrite(&length, sizeof length, 1, file_.get());
  body_.clear();
}

Outcome<PcapngWriter> PcapngWriter::open(const std::string& path, Medium medium,
                                         std::string_view program, std::string_view comment) {
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) return system_problem("cannot write the capture " + path, errno, "");
  PcapngWriter writer(path, file);
  put(writer.body_, kByteOrder);
  put(writer.body_, std::uint16_t{1});  // version 1.0
  put(writer.body_, std::uint16_t{0});
  put(writer.body_, ~std::uint64_t{0});  // the section's length is not said
  put_option(writer.body_, kProgram, program);
  if (!comment.empty()) put_option(writer.body_, kComment, comment);
  put_option(writer.body_, kEndOfOptions, "");
  writer.put_block(kSectionHeader);
  put(writer.body_, medium == Medium::ethernet ? kLinkTypeEthernet : kLinkTypeRaw);
  put(writer.body_, std::uint16_t{0});
  put(writer.body_, static_cast<std::uint32_t>(kFrameBytesMax));
  put_option(writer.body_, kTimeResolution, "\x09");
  put_option(writer.body_, kEndOfOptions, "");
  writer.put_block(kInterface);
  return writer;
}

void PcapngWriter::write(Duration wall_time, Bytes frame, std::string_view comment) {
  const auto stamp = static_cast<std::uint64_t>(wall_time.count());
  const auto size = static_cast<std::uint32_t>(frame.size());
  put(body_, std::uint32_t{0});  // the interface
  put(body_, static_cast<std::uint32_t>(stamp >> 32));
  put(body_, static_cast<std::uint32_t>(stamp));
  put(body_, size);  // as captured
  put(body_, size);  // as sent
  put_padded(body_, frame);
  if (!comment.empty()) {
    put_option(body_, kComment, comment);
    put_option(body_, kEndOfOptions, "");
  }
  put_block(kEnhancedPacket);
}

Trouble PcapngWriter::flush() {
  if (std::fflush(file_.get()) == 0 && std::ferror(file_.get()) == 0) return std::nullopt;
  return system_problem("cannot write the capture " + path_, errno, "is the disk full?");
}

}  // namespace anteroom::tap
