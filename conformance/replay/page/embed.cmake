# Writes the file FROM as the source file TO, which defines page_template() of conformance/replay/page.h.
file(READ "${FROM}" bytes HEX)
string(REGEX REPLACE "(................................)" "\\1\n" bytes "${bytes}")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
file(WRITE "${TO}" "// conformance/replay/page/page.html, made by embed.cmake.
#include \"conformance/replay/page.h\"

namespace anteroom::replay {
namespace {

constexpr unsigned char kPage[] = {
${bytes}
};

}  // namespace

std::string_view page_template() { return {reinterpret_cast<const char*>(kPage), sizeof kPage}; }

}  // namespace anteroom::replay
")
