// `anteroom demo`: every verdict, and marked connect data, in one process and in virtual time: two
// stacks on a link in memory. Where there is /dev/net/tun, tools/demo shows the verdicts against
// the Linux kernel.
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <anteroom/stack.h>
#include <anteroom/tap/memory_link.h>

#include "tools/anteroom/byte_text.h"
#include "tools/anteroom/command.h"
#include "tools/anteroom/frame_text.h"
#include "tools/anteroom/rule.h"

namespace anteroom::tools {
namespace {

using Json = nlohmann::ordered_json;

constexpr IpAddress kServerAddress = IpAddress::v4(192, 0, 2, 1);
constexpr IpAddress kClientAddress = IpAddress::v4(192, 0, 2, 2);
constexpr std::uint16_t kPort = 7;
constexpr std::size_t kExcerptBytesMax = 40;
constexpr char kExamples[] = R"(examples:
  anteroom demo
      one request for each verdict, with the packets as they went
  anteroom demo --case marked
      connect data outside the stream, as two of these stacks exchange it
  anteroom demo --check && echo "works here"
  anteroom demo --json
      one JSON object for each packet and each case

Needs no privilege, no device and no time: the clock is virtual.
)";

struct DemoOptions {
  std::string only;  // a case's name
  bool check = false;
  bool json = false;
};

// One caller and what should become of it.
struct DemoCase {
  const char* name;
  const char* title;
  const char* caller_data;
  const char* rule;
  State client_state;       // in the end
  const char* response;     // what the client reads
  Duration answered_after;  // no sooner

  bool is_marked() const { return std::string_view(name) == "marked"; }
};

constexpr DemoCase kCases[] = {
    {"accept", "accepted", "order: tea", "order:* accept coming up", State::established,
     "coming up", 0ns},
    {"reject", "refused", "spam spam", "spam* reject", State::closed, "", 0ns},
    {"defer", "deferred, then accepted", "later, please", "later* defer:300:accept at last",
     State::established, "at last", 300ms},
    {"ignore", "ignored", "quiet", "quiet* ignore", State::syn_sent, "", 0ns},
    {"challenge", "challenged, then accepted", "who am I", "who* challenge", State::established,
     "yourself", 0ns},
    {"marked", "marked: accepted outside the stream", "ticket 7", "ticket* accept row 3",
     State::established, "row 3", 0ns},
};

Config config_of(IpAddress address, std::uint8_t number) {
  Config config;
  config.interface.addresses = {{address, 24}};
  config.interface.mac.octets[5] = number;
  config.seed[0] = number;
  return config;
}

// The two hosts, the link between them, and the time.
class World {
 public:
  World(std::vector<Rule> rules, bool json)
      : rules_(std::move(rules)),
        json_(json),
        wire_({}),
        client_(config_of(kClientAddress, 2)),
        server_(config_of(kServerAddress, 1)),
        teller_(Medium::ethernet, kExcerptBytesMax) {}

  bool listen() {
    return server_
        .listen({.local = {{}, kPort},
                 .conditional = true,
                 .deferral = Deferral::independent,
                 .marked = true})
        .has_value();
  }
  // Plays the case; true where it went as it should.
  bool play(const DemoCase& played);

 private:
  void exchange();
  bool carry(Stack& from, tap::Link& in, Stack& to, tap::Link& out, const char* arrow);
  void show(Bytes frame, const char* arrow);
  void handle_server_events();
  void decide(PendingId pending);
  void pass_time(Instant until);
  State state_of(ConnectionId id) const;

  std::vector<Rule> rules_;
  bool json_;
  tap::MemoryLink wire_;
  Stack client_;
  Stack server_;
  FrameTeller teller_;
  Instant now_{};
  Instant began_at_{};
  std::string seen_data_;
  std::optional<std::pair<Instant, PendingId>> deferred_;
  std::vector<Event> client_events_;
};

void World::show(Bytes frame, const char* arrow) {
  const FrameText text = teller_.tell(frame);
  const double time = static_cast<double>((now_ - began_at_) / 1us) / 1e6;
  if (json_) {
    const Json line = {{"event", "frame"},
                       {"time", time},
                       {"from", text.source},
                       {"to", text.target},
                       {"what", text.what}};
    fmt::print("{}\n", line.dump());
  } else {
    fmt::print("  {:9.6f}  client {} server  {}\n", time, arrow, text.what);
  }
}

bool World::carry(Stack& from, tap::Link& in, Stack& to, tap::Link& out, const char* arrow) {
  std::vector<std::uint8_t> buffer(tap::kFrameBytesMax);
  bool moved = false;
  while (const std::size_t size = from.next_frame(now_, buffer)) {
    show(Bytes(buffer).first(size), arrow);
    in.send(now_, Bytes(buffer).first(size));
  }
  while (const std::size_t size = out.receive(now_, buffer)) {
    to.receive(now_, Bytes(buffer).first(size));
    moved = true;
  }
  return moved;
}

void World::decide(PendingId pending) {
  const Result<Request> request = server_.request(now_, pending);
  if (!request) return;
  seen_data_ = text_of(request->caller_data);
  const std::optional<tap::Verdict> verdict = judge(rules_, *request);
  if (!verdict) return;
  switch (verdict->kind) {
    case tap::VerdictKind::accept:
      (void)server_.accept(now_, pending, {verdict->response_data, verdict->overflow_to_stream});
      break;
    case tap::VerdictKind::reject: (void)server_.reject(now_, pending); break;
    case tap::VerdictKind::ignore: (void)server_.ignore(now_, pending); break;
    case tap::VerdictKind::challenge: (void)server_.challenge(now_, pending); break;
    case tap::VerdictKind::defer:
      (void)server_.defer(now_, pending);
      deferred_ = {now_ + *verdict->ask_again_after, pending};
      break;
  }
}

void World::handle_server_events() {
  while (const std::optional<Event> event = server_.next_event()) {
    if (event->kind == EventKind::connection_requested) decide(event->pending);
  }
  if (deferred_ && deferred_->first <= now_) decide(std::exchange(deferred_, {})->second);
}

// Everything that happens without time passing.
void World::exchange() {
  for (bool moved = true; moved;) {
    handle_server_events();
    while (const std::optional<Event> event = client_.next_event())
      client_events_.push_back(*event);
    const bool to_server = carry(client_, wire_.first(), server_, wire_.second(), "-->");
    const bool to_client = carry(server_, wire_.second(), client_, wire_.first(), "<--");
    moved = to_server || to_client;
  }
}

void World::pass_time(Instant until) {
  exchange();
  while (now_ < until) {
    Instant next = until;
    for (const Stack* stack : {&client_, &server_}) {
      if (const auto deadline = stack->next_deadline()) next = std::min(next, deadline->at);
    }
    if (deferred_) next = std::min(next, deferred_->first);
    now_ = std::max(now_, next);
    client_.advance(now_);
    server_.advance(now_);
    exchange();
  }
}

State World::state_of(ConnectionId id) const {
  const Result<ConnectionInfo> info = client_.connection_info(id);
  return info ? info->state : State::closed;
}

bool World::play(const DemoCase& played) {
  began_at_ = now_;
  seen_data_.clear();
  client_events_.clear();
  if (!json_) fmt::print("{}: {} with rule '{}'\n", played.title, played.caller_data, played.rule);
  const Result<ConnectionId> client =
      client_.connect(now_, {.remote = {kServerAddress, kPort},
                             .caller_data = bytes_of(played.caller_data),
                             .marked = played.is_marked(),
                             .require_marked = played.is_marked()});
  if (!client) return false;
  bool early = false;
  if (played.answered_after > 0ns) {
    pass_time(began_at_ + played.answered_after - 1ms);
    early = state_of(*client) != State::syn_sent;
  }
  pass_time(began_at_ + 500ms);
  const State state = state_of(*client);
  std::vector<std::uint8_t> buffer(1'000);
  const Result<std::size_t> size = played.is_marked()
                                       ? client_.receive_connect_data(now_, *client, buffer)
                                       : client_.receive_into(now_, *client, buffer);
  const std::string response(text_of(Bytes(buffer).first(size ? *size : 0)));
  // Marked data is in no stream.
  const bool apart = !played.is_marked() || !client_.receive_into(now_, *client, buffer);
  const bool good = !early && apart && state == played.client_state &&
                    response == played.response && seen_data_ == played.caller_data;
  (void)client_.abort(now_, *client);
  pass_time(now_ + 10ms);
  if (json_) {
    const Json line = {{"event", "case"},           {"case", played.title},
                       {"caller_data", seen_data_}, {"response_data", response},
                       {"state", to_string(state)}, {"good", good}};
    fmt::print("{}\n", line.dump(-1, ' ', false, Json::error_handler_t::replace));
  } else {
    fmt::print("  the condition function saw {}, the client read {} and is {}: {}\n\n",
               to_quoted(bytes_of(seen_data_), kExcerptBytesMax),
               to_quoted(bytes_of(response), kExcerptBytesMax), to_string(state),
               good ? "as it should" : "WRONG");
  }
  return good;
}

ExitCode demo(const DemoOptions& options) {
  std::vector<Rule> rules;
  for (const DemoCase& played : kCases) rules.push_back(*Rule::parse(played.rule));
  rules.push_back(*Rule::parse("who* accept yourself"));  // once the client has proven its address
  World world(std::move(rules), options.json);
  bool all = world.listen();
  for (const DemoCase& played : kCases) {
    if (options.only.empty() || options.only == played.name) all = world.play(played) && all;
  }
  if (options.json) {
    fmt::print("{}\n", Json({{"event", "result"}, {"good", all}}).dump());
  } else if (options.only.empty()) {
    fmt::print("{}\n", all ? "everything went as it should" : "NOT everything went as it should");
  }
  return all || !options.check ? ExitCode::done : ExitCode::failed;
}

}  // namespace

void add_demo(CLI::App& program, Chosen& chosen) {
  CLI::App& command = *program.add_subcommand("demo", "Shows every verdict without a device");
  const auto options = std::make_shared<DemoOptions>();
  std::vector<std::string> names;
  for (const DemoCase& played : kCases) names.emplace_back(played.name);
  command.add_option("--case", options->only, "one of them only")->check(CLI::IsMember(names));
  command.add_flag("--check", options->check, "exit with 0 only if all went as they should");
  command.add_flag("--json", options->json, "one JSON object a line");
  command.footer(std::string(kExamples) + kExitCodes);
  command.callback([options, &chosen] { chosen = [options] { return demo(*options); }; });
}

}  // namespace anteroom::tools
