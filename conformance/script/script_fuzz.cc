// Any bytes as a script, in both dialects: a script or an error with a place in the text, never a
// crash.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "conformance/script/parser.h"
#include "stack/base/assert.h"

namespace anteroom::script {
namespace {

void parse_once(std::string_view text, Dialect dialect) {
  ParseOptions options;
  options.dialect = dialect;
  options.predefined = {"FreeBSD"};
  options.defines = {{"COOKIE", "0123abcd"}, {"LEVEL", "SOL_IP"}, {"TEXT", "\"a\\x41\""}};
  const Result<Script, ParseError> script = parse("fuzz", text, options);
  if (!script) {
    const auto lines = static_cast<std::uint32_t>(std::count(text.begin(), text.end(), '\n')) + 1;
    const Place place = script.error().place;
    STACK_ASSERT(place.line >= 1 && place.line <= lines);
    STACK_ASSERT(place.column >= 1 && place.column <= text.size() + 1);
    STACK_ASSERT(!script.error().sentence.empty());
    return;
  }
  STACK_ASSERT(!script->events.empty());
  for (const Event& event : script->events) {
    STACK_ASSERT(!event.text.empty() && event.text.size() <= text.size());
    const auto* const packet = std::get_if<Packet>(&event.what);
    const auto* const tcp = packet == nullptr ? nullptr : std::get_if<TcpPacket>(&packet->body);
    if (tcp == nullptr) continue;
    STACK_ASSERT(tcp->length <= 65535 && tcp->options.size() <= 40);
    STACK_ASSERT(!packet->inbound || tcp->window);
  }
}

}  // namespace
}  // namespace anteroom::script

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  anteroom::script::parse_once(text, anteroom::script::Dialect::google);
  anteroom::script::parse_once(text, anteroom::script::Dialect::nplab);
  return 0;
}
