// What is drawn of a connection, and what its page holds: bounds, and strings that come from
// others.
#include "conformance/replay/page.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "conformance/replay/capture_builder.h"

namespace anteroom::replay {
namespace {

using Json = nlohmann::json;

// A picture of so many segments; their content does not matter.
Picture picture_of(std::size_t segments, const ReplayLimits& limits) {
  Plan plan;
  Picture picture(plan, limits);
  for (std::size_t i = 0; i < segments; ++i) picture.add(Observer::From::peer, {}, {});
  return picture;
}

ConnectionReport report_of(std::uint64_t number, bool diverged) {
  ConnectionReport report;
  report.number = number;
  report.tiers[0] = diverged ? Finding::diverged : Finding::held;
  return report;
}

// A conversation drawn as a whole: its page's data.
Json drawn(const Talk& talk, const Options& options = {}) {
  const TemporaryFile file(pcap_file(101, talk.packets()));
  Page page(options.limits, kDefaultTiers);
  Pictures pictures(options.limits);
  Sinks sinks;
  sinks.observer = &pictures;
  sinks.on_connection = [&](const ConnectionReport& report) {
    page.add("talk", report, pictures.take(report.number, report.as));
  };
  replay_capture(file.path(), options, sinks);
  return Json::parse(page.data());
}

Talk question_and_answer() {
  Talk talk;
  talk.handshake()
      .client(10ms, "P. 1:101(100) ack 1 win 229")
      .server(11ms, ". 1:1(0) ack 101 win 229")
      .server(20ms, "P. 1:1001(1000) ack 101 win 229")
      .client(21ms, ". 101:101(0) ack 1001 win 229");
  return talk;
}

// What the page's script reads by place.
enum Place { kFrom, kAt, kPacket, kSeq, kBytes, kAck, kWindow, kFlags, kAgain, kState, kText };

TEST(Page, HasEverySegmentOfBothEndsAndOfTheStack) {
  const Json data = drawn(question_and_answer());
  ASSERT_EQ(data["connections"].size(), 1u);
  const Json& connection = data["connections"][0];
  EXPECT_TRUE(connection["drawn"]);
  EXPECT_EQ(connection["segmentsLeftOut"], 0);
  std::array<int, 3> counts{};
  for (const Json& segment : connection["segments"]) ++counts[segment[kFrom].get<std::size_t>()];
  EXPECT_EQ(counts[0], 3);
  EXPECT_EQ(counts[1], 4);
  EXPECT_GE(counts[2], 2);
}

TEST(Page, CountsSequenceNumbersFromTheHandshakeAndWindowsInBytes) {
  const Json connection = drawn(question_and_answer())["connections"][0];
  bool seen = false;
  for (const Json& segment : connection["segments"]) {
    if (segment[kFrom] != 0 || segment[kBytes] != 1000) continue;
    seen = true;
    EXPECT_EQ(segment[kSeq], 1);
    EXPECT_EQ(segment[kAck], 101);
    EXPECT_EQ(segment[kAgain], 0);
    EXPECT_EQ(segment[kWindow].get<std::uint32_t>() % 229, 0u);
    EXPECT_GT(segment[kWindow], 229);
    EXPECT_NE(segment[kText].get<std::string>().find("1:1001(1000) ack 101"), std::string::npos);
  }
  EXPECT_TRUE(seen);
}

TEST(Page, TellsWhatWasSentAgain) {
  Talk talk = question_and_answer();
  talk.server(300ms, "P. 1:1001(1000) ack 101 win 229");
  const Json connection = drawn(talk)["connections"][0];
  std::vector<int> again;
  for (const Json& segment : connection["segments"]) {
    if (segment[kFrom] == 0 && segment[kBytes] == 1000) again.push_back(segment[kAgain]);
  }
  EXPECT_EQ(again, (std::vector<int>{0, 1}));
}

TEST(Page, LeavesOutSegmentsBehindTheBoundAndSaysHowMany) {
  Options options;
  const auto all = drawn(question_and_answer())["connections"][0]["segments"].size();
  options.limits.picture_segments_max = 4;
  const Json connection = drawn(question_and_answer(), options)["connections"][0];
  EXPECT_EQ(connection["segments"].size(), 4u);
  EXPECT_EQ(connection["segmentsLeftOut"], all - 4);
}

TEST(Page, LeavesOutPicturesForWantOfRoomThoseThatAreTheSameFirst) {
  ReplayLimits limits;
  limits.page_segments_max = 10;
  Page page(limits, kDefaultTiers);
  page.add("a", report_of(1, false), picture_of(6, limits));
  page.add("a", report_of(2, false), picture_of(6, limits));
  page.add("a", report_of(3, true), picture_of(8, limits));
  page.add("a", report_of(4, true), picture_of(8, limits));
  const Json connections = Json::parse(page.data())["connections"];
  std::vector<bool> shown;
  for (const Json& one : connections) shown.push_back(one["drawn"]);
  EXPECT_EQ(shown, (std::vector<bool>{false, false, true, false}));
  for (const Json& one : connections) EXPECT_NE(one["drawn"], one["pictureLeftOut"]);
}

TEST(Page, ListsOnlySoManyConnectionsAndKeepsThoseThatDiverged) {
  ReplayLimits limits;
  limits.page_connections_max = 2;
  Page page(limits, kDefaultTiers);
  page.add("a", report_of(1, true), std::nullopt);
  page.add("a", report_of(2, false), std::nullopt);
  page.add("a", report_of(3, true), std::nullopt);
  page.add("a", report_of(4, false), std::nullopt);
  const Json data = Json::parse(page.data());
  ASSERT_EQ(data["connections"].size(), 2u);
  EXPECT_EQ(data["connections"][0]["number"], 1);
  EXPECT_EQ(data["connections"][1]["number"], 3);
  EXPECT_EQ(data["leftOut"], 2);
}

TEST(Page, KeepsNothingOfWhatIsUnderWayBehindTheBound) {
  ReplayLimits limits;
  limits.picture_segments_total_max = 3;
  Pictures pictures(limits);
  Plan plan;
  for (plan.number = 1; plan.number <= 5; ++plan.number) {
    pictures.on_segment(plan, Observer::From::peer, {}, {});
  }
  EXPECT_EQ(pictures.take(3, plan.as)->segments().size(), 1u);
  EXPECT_EQ(pictures.take(4, plan.as)->left_out(), 1u);
  EXPECT_FALSE(pictures.take(9, plan.as));
}

TEST(Page, LetsNoStringEndItsScript) {
  ReplayLimits limits;
  Page page(limits, kDefaultTiers);
  const std::string name = "</script><!--<script>\xff\"'\\&\n";
  ConnectionReport report = report_of(1, true);
  const std::string_view said = "</SCRIPT>\x01\\\xfe";
  report.caller_data.assign(said.begin(), said.end());
  report.notes.push_back(name);
  page.add(name, report, std::nullopt);
  page.complain(name, name);
  const std::string data = for_script(page.data());
  EXPECT_EQ(data.find('<'), std::string::npos);
  const Json read = Json::parse(data);
  EXPECT_EQ(read["connections"][0]["capture"], "</script><!--<script>\xef\xbf\xbd\"'\\&\n");
  EXPECT_EQ(read["connections"][0]["callerData"], "</SCRIPT>\\x01\\x5c\\xfe");
  EXPECT_NE(page.html().find(data), std::string::npos);
}

TEST(Page, IsOneFileThatAsksNobodyForAnything) {
  const std::string_view page = page_template();
  const std::size_t at = page.find(kPageData);
  ASSERT_NE(at, std::string_view::npos);
  EXPECT_EQ(page.find(kPageData, at + 1), std::string_view::npos);
  for (const char* wanted : {" src=", "<link", "@import", "url("}) {
    EXPECT_EQ(page.find(wanted), std::string_view::npos) << wanted;
  }
}

}  // namespace
}  // namespace anteroom::replay
