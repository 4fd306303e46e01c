// `anteroom serve`: a host on a TAP that decides about each request by rules, and serves what it
// accepts. Not here: the rules (rule.h), the services (service.h), the lines (report.h).
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "tools/anteroom/command.h"
#include "tools/anteroom/host.h"
#include "tools/anteroom/report.h"
#include "tools/anteroom/rule.h"
#include "tools/anteroom/service.h"

namespace anteroom::tools {
namespace {

constexpr char kExamples[] = R"(examples:
  anteroom serve --tap tap0 --address 192.0.2.1/24 --host-address 192.0.2.2/24 --listen 80
      an echo server that accepts everybody; try it in `unshare -rn`
  anteroom serve --tap tap0 --address 2001:db8::2/64 --host-address 2001:db8::1/64 --listen 80
      the same over IPv6; name addresses of both versions and it serves both
  anteroom serve ... --listen 80 --rule 'HELLO* accept welcome\r\n' --rule 'slow* defer:500:accept' \
      --rule 'BAD* reject' --rule '* ignore'
      the first rule whose GLOB matches the SYN's data decides
  anteroom serve ... --listen 80 --marked --rule 'HELLO* accept welcome'
      connect data outside the stream for `anteroom connect --marked`
  anteroom serve ... --listen 80 --rule '* challenge' --rule '* accept' --overload challenge
      nobody is served whose address is forged
  anteroom serve ... --listen 80 --service forward:127.0.0.1:8080 --json
      a real server behind conditional accept, events as JSON lines

A rule is 'GLOB VERDICT [RESPONSE]'. GLOB: * ? [a-z] [!a-z]. VERDICT: accept, reject, ignore, challenge or
defer:MILLISECONDS:VERDICT. RESPONSE leaves in the SYN-ACK. A challenge makes the client prove its address: the
request comes again, and the rules below decide. Both take \r \n \t \0 \xHH \\ and "\ " for a
space. No rule matches: accept. A GLOB of no characters (the rule starts with a space): no data at all.
JSON events: ready, request, verdict, withdrawn, established, closed, address_conflict, counters.
SIGINT or SIGTERM ends every connection, prints the counters and exits with 0; a second one hurries.
)";

struct ServeOptions {
  HostOptions host;
  std::vector<std::uint16_t> ports;
  std::vector<std::string> rules;
  std::string service = "echo";
  std::string deferral = "strict";
  std::string overload = "drop";
  std::string fast_open = "off";
  std::uint32_t backlog = ListenOptions().backlog_max;
  bool unconditional = false;
  bool strict = false;
  bool handshake_first = false;
  bool marked = false;
  bool consume_caller_data = false;
  bool json = false;
  bool quiet = false;
};

// One run of the command: the handlers between loop, service and report.
class Server {
 public:
  Server(Host& host, Service& service, std::vector<Rule> rules, Report& report)
      : host_(host), service_(service), rules_(std::move(rules)), report_(report) {}

  tap::Trouble listen(const ServeOptions& options);
  void set_handlers(bool conditional);

 private:
  Instant now() const { return host_.loop().now(); }
  std::optional<tap::Verdict> judge_request(const Request& request);
  void on_decision(const tap::Decision& decision);
  void on_event(const Event& event);
  void take(ListenerId listener);

  Host& host_;
  Service& service_;
  std::vector<Rule> rules_;
  Report& report_;
  Bytes response_data_;  // of the verdict that is being carried out
  Flow judged_;          // whom it is about
};

OverloadPolicy overload_of(const std::string& text) {
  if (text == "challenge") return OverloadPolicy::challenge;
  return text == "drop" ? OverloadPolicy::drop : OverloadPolicy::reset;
}

tap::Trouble Server::listen(const ServeOptions& options) {
  for (const std::uint16_t port : options.ports) {
    const Result<ListenerId> listener = host_.loop().listen(
        {.local = {{}, port},
         .conditional = !options.unconditional,
         .handshake_first = options.handshake_first,
         .deferral = options.strict || options.deferral == "strict" ? Deferral::strict
                                                                    : Deferral::independent,
         .overload = overload_of(options.overload),
         .consume_caller_data = options.consume_caller_data,
         .marked = options.marked,
         .backlog_max = options.backlog,
         .fast_open = fast_open_of(options.fast_open)});
    if (!listener) {
      return tap::Problem{
          fmt::format("cannot listen on port {}: {}", port, to_string(listener.error().error))};
    }
  }
  return std::nullopt;
}

std::optional<tap::Verdict> Server::judge_request(const Request& request) {
  std::optional<tap::Verdict> verdict = judge(rules_, request);
  judged_ = request.flow;
  response_data_ = verdict ? verdict->response_data : Bytes();
  return verdict;
}

void Server::on_decision(const tap::Decision& decision) {
  report_.verdict(now(), decision, response_data_);
  host_.record_verdict(judged_, decision);
  if (decision.connection.is_set()) host_.record_states(decision.connection);
  if (decision.connection.is_set()) service_.open(decision.connection);
}

void Server::take(ListenerId listener) {
  while (const Result<ConnectionId> connection = host_.stack().take(listener)) {
    service_.open(*connection);
    host_.record_states(*connection);
    const Event taken{.kind = EventKind::connected, .connection = *connection};
    const Result<ConnectionInfo> info = host_.stack().connection_info(*connection);
    if (info) report_.taken(taken, *info);
    report_.established(now(), taken);
    service_.on_event(taken);
  }
}

void Server::on_event(const Event& event) {
  switch (event.kind) {
    case EventKind::connection_requested: {
      if (report_.is_quiet()) return;
      const Result<Request> request = host_.stack().request(now(), event.pending);
      if (request && request->deferrals == 0) report_.request(now(), *request);
      return;
    }
    case EventKind::request_withdrawn: report_.withdrawn(now(), event); return;
    case EventKind::accept_ready: take(event.listener); return;
    case EventKind::address_conflict: report_.address_conflict(now(), event); return;
    case EventKind::connected: report_.established(now(), event); break;
    case EventKind::closed: report_.closed(now(), event); break;
    default: break;
  }
  service_.on_event(event);
}

void Server::set_handlers(bool conditional) {
  tap::Loop& loop = host_.loop();
  if (conditional) {
    loop.set_condition([this](const Request& request) { return judge_request(request); });
  }
  loop.set_decision_handler([this](const tap::Decision& decision) { on_decision(decision); });
  loop.set_event_handler([this](const Event& event) { on_event(event); });
  loop.set_turn_handler([this] {
    report_.flush();
    host_.end_turn();
  });
}

tap::Outcome<std::vector<Rule>> parse_rules(const std::vector<std::string>& texts) {
  std::vector<Rule> rules;
  for (const std::string& text : texts) {
    auto rule = Rule::parse(text);
    if (!rule) return rule.error();
    rules.push_back(*std::move(rule));
  }
  return rules;
}

ExitCode serve(const ServeOptions& options) {
  auto rules = parse_rules(options.rules);
  if (!rules) return complain(rules.error(), ExitCode::misused);
  TcpConfig tcp;
  tcp.no_delay = true;  // services write what they have at once
  auto host = Host::open(options.host, tcp);
  if (!host) return complain(host.error(), ExitCode::misused);
  Host& running = **host;
  auto service = make_service(options.service, running.stack(), running.loop());
  if (!service) return complain(service.error(), ExitCode::misused);

  Report report(STDOUT_FILENO, {options.json, options.quiet, isatty(STDOUT_FILENO) == 1});
  Server server(running, **service, *std::move(rules), report);
  if (const tap::Trouble trouble = server.listen(options)) {
    return complain(*trouble, ExitCode::misused);
  }
  server.set_handlers(!options.unconditional);
  report.ready(running.loop().now(), running.device_name(),
               fmt::format("{}", fmt::join(options.host.addresses, ", ")), options.ports);
  const tap::Trouble trouble = running.run();
  const tap::Impairment* impairment = running.impairment();
  report.counters(running.loop().now(), running.stack().stats(), running.loop().stats(),
                  impairment != nullptr ? &impairment->stats() : nullptr);
  return trouble ? complain(*trouble, ExitCode::misused) : ExitCode::done;
}

}  // namespace

void add_serve(CLI::App& program, Chosen& chosen) {
  CLI::App& command =
      *program.add_subcommand("serve", "Decides about connection requests by rules");
  const auto options = std::make_shared<ServeOptions>();
  add_host_options(command, options->host);
  command.add_option("--listen", options->ports, "port to listen on; may be repeated")
      ->required()
      ->allow_extra_args(false)
      ->check(CLI::Range(1, 65'535));
  command.add_option("--rule", options->rules, "'GLOB VERDICT [RESPONSE]'; may be repeated")
      ->allow_extra_args(false);
  command.add_option("--service", options->service,
                     "echo (default), discard, chargen or forward:HOST:PORT");
  CLI::Option* const deferral =
      command
          .add_option("--deferral", options->deferral,
                      "strict (default): a deferred request stops those behind it; or independent")
          ->check(CLI::IsMember({"strict", "independent"}));
  command.add_flag("--strict", options->strict, "the same as --deferral strict")
      ->excludes(deferral);
  command.add_option("--backlog", options->backlog, "requests held for a verdict at most")
      ->check(CLI::Range(1u, 65'536u));
  command
      .add_option("--overload", options->overload,
                  "beyond the backlog: drop (default), reset, or challenge (SYN cookies)")
      ->check(CLI::IsMember({"drop", "reset", "challenge"}));
  add_fast_open_option(command, options->fast_open,
                       "gives and checks cookies (RFC 7413); =cookie-less: needs none");
  command.add_flag("--consume,--consume-caller-data", options->consume_caller_data,
                   "keep the SYN's data out of the stream");
  CLI::Option* const marked = command.add_flag(
      "--marked", options->marked, "take connect data that the client marks out of the stream");
  CLI::Option* const first =
      command.add_flag("--handshake-first", options->handshake_first,
                       "complete the handshake, then ask the rules; a rejected client is reset");
  command
      .add_flag("--unconditional", options->unconditional,
                "an ordinary listener: no rules, every SYN answered at once")
      ->excludes(marked)
      ->excludes(first);
  command.add_flag("--json", options->json, "one JSON object a line");
  command.add_flag("--quiet", options->quiet, "only the ready line and the counters");
  command.footer(std::string(kExamples) + kExitCodes);
  command.callback([options, &chosen, &command] {
    options->host.configuration = command.config_to_str(true);
    chosen = [options] { return serve(*options); };
  });
}

}  // namespace anteroom::tools
