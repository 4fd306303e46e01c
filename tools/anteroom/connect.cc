// `anteroom connect`: opens a connection from a host on a TAP, tells what became of the caller
// data, and joins it to standard input and output. Standard output carries the stream and nothing
// else. Not here: the joining (stream_joint.h).
#include <sys/timerfd.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "tools/anteroom/byte_text.h"
#include "tools/anteroom/command.h"
#include "tools/anteroom/host.h"
#include "tools/anteroom/stream_joint.h"

namespace anteroom::tools {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kShownBytesMax = 200;
constexpr char kExamples[] = R"(examples:
  anteroom connect 192.0.2.2 80 --tap tap0 --address 192.0.2.1/24 --host-address 192.0.2.2/24
      to a server of the kernel behind the TAP; try it in `unshare -rn`
  anteroom connect 192.0.2.2 80 ... --caller-data 'GET / HTTP/1.0\r\n\r\n'
      with data in the SYN; a Linux server takes it where net.ipv4.tcp_fastopen is 0x602
  anteroom connect 192.0.2.2 80 ... --caller-data @request.bin --no-stdin > answer.bin

  anteroom connect 192.0.2.2 80 ... --caller-data HELLO --marked
      to `anteroom serve --marked`: the answer is shown here and is not part of the stream

Caller data takes \r \n \t \0 \xHH \\; @FILE is taken as it is. The end of standard input ends our direction;
the program ends when the server has ended its own. Messages go to standard error.
)";

struct ConnectCommandOptions {
  HostOptions host;
  std::string remote_address;
  std::uint16_t remote_port = 0;
  std::string caller_data;
  std::string fast_open = "off";
  bool marked = false;
  bool require_marked = false;
  double timeout_seconds = 0;
  bool no_stdin = false;
  bool json = false;
  bool quiet = false;
};

tap::Outcome<std::string> read_caller_data(const std::string& text) {
  if (!text.starts_with('@')) {
    auto data = unescape(text);
    if (data) return data;
    return tap::Problem{"cannot use --caller-data: " + data.error().sentence};
  }
  std::ifstream file(text.substr(1), std::ios::binary);
  if (!file) return tap::Problem{"cannot read the caller data from " + text.substr(1)};
  return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

// One run of the command.
class Client {
 public:
  Client(Host& host, const ConnectCommandOptions& options, std::string caller_data)
      : host_(host), options_(options), caller_data_(std::move(caller_data)) {}
  ~Client();

  tap::Trouble start();
  tap::Trouble connect();
  // How it ended; `failed` also where it never became a connection.
  ExitCode exit_code() const { return succeeded_ ? ExitCode::done : ExitCode::failed; }

 private:
  void on_event(const Event& event);
  void on_cookie_fetched();
  std::vector<std::uint8_t> take_connect_data();
  void on_connected();
  void on_closed(const Event& event);
  void say(const std::string& sentence, const Json& line);
  tap::Trouble watch_time();

  Host& host_;
  const ConnectCommandOptions& options_;
  std::string caller_data_;
  IpAddress address_;
  ConnectionId connection_;
  std::unique_ptr<StreamJoint> joint_;
  int timer_ = -1;
  bool fetching_ = false;  // the cookie; the connection that matters comes then
  bool connected_ = false;
  bool gave_up_ = false;  // before the stack did
  bool succeeded_ = false;
};

Client::~Client() {
  if (timer_ >= 0) close(timer_);
}

void Client::say(const std::string& sentence, const Json& line) {
  if (options_.json) {
    fmt::print(stderr, "{}\n", line.dump(-1, ' ', false, Json::error_handler_t::replace));
  } else if (!options_.quiet) {
    fmt::print(stderr, "{}\n", sentence);
  }
}

tap::Trouble Client::watch_time() {
  if (options_.timeout_seconds <= 0) return std::nullopt;
  timer_ = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  if (timer_ < 0) return tap::Problem{"cannot make a timer descriptor"};
  itimerspec time{};
  time.it_value.tv_sec = static_cast<time_t>(options_.timeout_seconds);
  const double fraction = options_.timeout_seconds - static_cast<double>(time.it_value.tv_sec);
  time.it_value.tv_nsec = static_cast<long>(fraction * 1e9);
  timerfd_settime(timer_, 0, &time, nullptr);
  return host_.loop().watch(timer_, {.readable = true}, [this](tap::Readiness) {
    host_.loop().unwatch(timer_);
    if (connected_) return;
    gave_up_ = true;
    say("cannot connect: timed_out", {{"event", "closed"}, {"how", "timed_out"}});
    host_.loop().request_stop();
  });
}

tap::Trouble Client::start() {
  const Result<IpAddress> address = IpAddress::parse(options_.remote_address);
  if (!address) {
    return tap::Problem{"cannot use the address " + options_.remote_address +
                        ": it needs numbers, such as 192.0.2.2 or 2001:db8::2"};
  }
  host_.loop().set_event_handler([this](const Event& event) { on_event(event); });
  host_.loop().set_turn_handler([this] { host_.end_turn(); });
  if (tap::Trouble trouble = watch_time()) return trouble;
  address_ = *address;
  fetching_ = fast_open_of(options_.fast_open) == FastOpen::cookie;
  return connect();
}

tap::Trouble Client::connect() {
  const Result<ConnectionId> connection =
      host_.loop().connect({.remote = {address_, options_.remote_port},
                            .caller_data = bytes_of(fetching_ ? std::string_view() : caller_data_),
                            .marked = !fetching_ && (options_.marked || options_.require_marked),
                            .require_marked = !fetching_ && options_.require_marked,
                            .fast_open = fast_open_of(options_.fast_open)});
  if (!connection) {
    return tap::Problem{fmt::format("cannot connect to {}: {}", options_.remote_address,
                                    to_string(connection.error().error))};
  }
  connection_ = *connection;
  host_.record_states(connection_);
  if (fetching_) return std::nullopt;
  joint_ = std::make_unique<StreamJoint>(host_.stack(), host_.loop(), connection_, STDIN_FILENO,
                                         STDOUT_FILENO);
  return std::nullopt;
}

void Client::on_cookie_fetched() {
  fetching_ = false;
  (void)host_.stack().close(host_.loop().now(), connection_);
  if (const tap::Trouble trouble = connect()) {
    complain(*trouble, ExitCode::misused);
    host_.loop().request_stop();
  }
}

// Marked, it is not in the stream, and standard output gets none of it.
std::vector<std::uint8_t> Client::take_connect_data() {
  std::vector<std::uint8_t> data(kMarkedBytesMax);
  const auto taken = host_.stack().receive_connect_data(host_.loop().now(), connection_, data);
  data.resize(taken ? *taken : 0);
  return data;
}

void Client::on_connected() {
  connected_ = true;
  const Result<ConnectionInfo> info = host_.stack().connection_info(connection_);
  if (!info) return;
  const std::vector<std::uint8_t> connect_data = take_connect_data();
  Bytes response =
      info->marked ? Bytes(connect_data) : joint_->read_ahead(info->response_data_bytes);
  std::string sentence = fmt::format("connected to {}", to_string(info->flow.remote));
  if (!caller_data_.empty()) {
    sentence += fmt::format("; the server took {} of {} bytes of caller data from the SYN",
                            info->caller_data_taken_bytes, caller_data_.size());
  }
  if (!response.empty()) {
    sentence += fmt::format("; {}response data: {} bytes {}", info->marked ? "marked " : "",
                            response.size(), to_quoted(response, kShownBytesMax));
  }
  Json line = {{"event", "connected"},
               {"from", to_string(info->flow.local)},
               {"to", to_string(info->flow.remote)},
               {"caller_data_bytes", caller_data_.size()},
               {"caller_data_taken_bytes", info->caller_data_taken_bytes},
               {"fast_open", info->fast_open},
               {"marked", info->marked},
               {"response_data_bytes", response.size()},
               {"response_data_hex", to_hex(response)}};
  if (is_utf8(response)) line["response_data"] = std::string(text_of(response));
  say(sentence, line);
  if (const tap::Trouble trouble = joint_->start(!options_.no_stdin)) {
    complain(*trouble, ExitCode::misused);
    host_.loop().request_stop();
  }
}

void Client::on_closed(const Event& event) {
  if (gave_up_) {
    // Said already.
  } else if (event.failed) {
    const char* how = to_string(event.error);
    say(fmt::format("{}: {}", connected_ ? "the connection failed" : "cannot connect", how),
        {{"event", "closed"}, {"how", how}});
  } else {
    say("closed by both ends", {{"event", "closed"}, {"how", "in_order"}});
  }
  succeeded_ = connected_ && !event.failed;
  if (joint_) {
    joint_->finish();
  } else {
    host_.loop().request_stop();
  }
  (void)host_.stack().close(host_.loop().now(), connection_);
}

void Client::on_event(const Event& event) {
  if (event.connection != connection_) return;
  if (fetching_ && event.kind == EventKind::connected) return on_cookie_fetched();
  if (fetching_ && event.kind != EventKind::closed) return;
  switch (event.kind) {
    case EventKind::connected: on_connected(); break;
    case EventKind::closed: on_closed(event); break;
    default: joint_->pump(); break;
  }
}

ExitCode connect(const ConnectCommandOptions& options) {
  auto caller_data = read_caller_data(options.caller_data);
  if (!caller_data) return complain(caller_data.error(), ExitCode::misused);
  TcpConfig tcp;
  tcp.no_delay = true;
  auto host = Host::open(options.host, tcp);
  if (!host) return complain(host.error(), ExitCode::misused);
  Client client(**host, options, *std::move(caller_data));
  if (const tap::Trouble trouble = client.start()) return complain(*trouble, ExitCode::misused);
  const tap::Trouble trouble = (*host)->run();
  if (trouble) return complain(*trouble, ExitCode::misused);
  return client.exit_code();
}

}  // namespace

void add_connect(CLI::App& program, Chosen& chosen) {
  CLI::App& command =
      *program.add_subcommand("connect", "Connects, with data in the SYN if wanted");
  const auto options = std::make_shared<ConnectCommandOptions>();
  command.add_option("ADDRESS", options->remote_address, "of the server")->required();
  command.add_option("PORT", options->remote_port, "of the server")
      ->required()
      ->check(CLI::Range(1, 65'535));
  add_host_options(command, options->host);
  command.add_option("--caller-data", options->caller_data, "TEXT or @FILE: goes out in the SYN");
  add_fast_open_option(command, options->fast_open,
                       "fetches a cookie (RFC 7413) by a connection of its own, then sends the "
                       "caller data behind it; =cookie-less: without");
  command.add_flag("--marked", options->marked,
                   "keep caller and response data out of the stream where the server can");
  command.add_flag("--require-marked", options->require_marked,
                   "or do not connect at all: exit code 1");
  command.add_option("--timeout", options->timeout_seconds, "seconds to wait for the connection");
  command.add_flag("--no-stdin", options->no_stdin, "send nothing but the caller data");
  command.add_flag("--json", options->json, "messages as JSON objects");
  command.add_flag("--quiet", options->quiet, "no messages but errors");
  command.footer(std::string(kExamples) + kExitCodes);
  command.callback([options, &chosen, &command] {
    options->host.configuration = command.config_to_str(true);
    chosen = [options] { return connect(*options); };
  });
}

}  // namespace anteroom::tools
