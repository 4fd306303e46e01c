// One field of TCP_INFO as Linux lays it out.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

namespace anteroom::runner {

// Nothing for a name that Linux's structure does not have.
std::optional<std::int64_t> field_of(const std::vector<std::uint8_t>& bytes,
                                     const std::string& name);

}  // namespace anteroom::runner
