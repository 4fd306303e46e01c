// Text to Script. Both dialects' words are taken, whichever is chosen; `dialect` decides only where
// one text has two meanings.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <anteroom/result.h>

#include "conformance/script/script.h"

namespace anteroom::script {

struct ParseOptions {
  Dialect dialect = Dialect::google;
  // NAME and VALUE, as of -D and --define on the command line: they win over those of the script.
  std::vector<std::pair<std::string, std::string>> defines{};
  // Names that #ifdef takes for true besides the defines.
  std::vector<std::string> predefined{};
};

struct ParseError {
  std::string path{};
  Place place{};
  std::string sentence{};  // what was found and what was expected

  // "path:line:column: sentence"
  std::string text() const;
};

Result<Script, ParseError> parse(std::string_view path, std::string_view text,
                                 const ParseOptions& options);

}  // namespace anteroom::script
