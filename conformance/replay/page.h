// The page that shows a replay to a person: one file with everything in it, no network needed. Its
// looks are page/page.html, built from page/ and embedded; its data is made here.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "conformance/replay/picture.h"

namespace anteroom::replay {

class Page {
 public:
  // `limits` must outlive it. `tiers`: those that decide whether something has diverged.
  Page(const ReplayLimits& limits, const TierSet& tiers) : limits_(limits), tiers_(tiers) {}

  // A connection that is over. Where there is room for no more, one that has diverged takes the
  // place of one that has not.
  void add(const std::string& capture, const ConnectionReport& report,
           std::optional<Picture> picture);
  // A capture that could not be read, or not to its end.
  void complain(const std::string& capture, const std::string& sentence);

  // One JSON object.
  std::string data() const;
  // The whole page.
  std::string html() const;

 private:
  struct Row {
    std::string capture;
    ConnectionReport report;
    std::optional<Picture> picture;
    bool has_diverged = false;
    bool is_left_out = false;  // of the drawn ones, for want of room
  };
  bool make_room(std::size_t segments, bool has_diverged);

  const ReplayLimits& limits_;
  TierSet tiers_;
  std::vector<Row> rows_;
  std::size_t drawn_segments_ = 0;
  std::uint64_t rows_left_out_ = 0;
  std::vector<std::pair<std::string, std::string>> troubles_;
};

// JSON as it may stand inside a script element: no `<` is left in it.
std::string for_script(std::string_view json);

// The built page, with kPageData in the place of the data.
inline constexpr std::string_view kPageData = "@REPLAY-DATA@";
std::string_view page_template();

}  // namespace anteroom::replay
