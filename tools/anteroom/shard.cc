// Every Nth path: neighbours in a folder are often alike, and so are spread.
#include "tools/anteroom/shard.h"

#include <charconv>
#include <utility>

namespace anteroom::tools {

bool take_shard(const std::string& text, std::vector<std::string>& paths) {
  if (text.empty()) return true;
  std::size_t index = 0;
  std::size_t count = 0;
  const char* last = text.data() + text.size();
  const auto first = std::from_chars(text.data(), last, index);
  if (first.ec != std::errc{} || first.ptr == last || *first.ptr != '/') return false;
  const auto second = std::from_chars(first.ptr + 1, last, count);
  if (second.ec != std::errc{} || second.ptr != last || index >= count) return false;
  std::vector<std::string> mine;
  for (std::size_t i = index; i < paths.size(); i += count) mine.push_back(paths[i]);
  paths = std::move(mine);
  return true;
}

}  // namespace anteroom::tools
