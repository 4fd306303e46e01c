// The clock and the events that are neither packets nor calls.
#include "conformance/runner/run.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include <fmt/format.h>

#include "conformance/runner/commands.h"
#include "conformance/runner/player.h"

namespace anteroom::runner {
namespace {

constexpr std::size_t kHistoryLines = 40;
// How long a script may last, in virtual time: 100 days. The real tools give up after seconds.
constexpr std::int64_t kMicrosMax = std::int64_t{100} * 86'400 * 1'000'000;

std::int64_t integer(const std::string& name, const std::string& value, std::int64_t least,
                     std::int64_t most) {
  std::int64_t number = 0;
  const char* last = value.data() + value.size();
  const auto read = std::from_chars(value.data(), last, number);
  if (read.ec != std::errc{} || read.ptr != last || number < least || number > most) {
    throw Failed(
        fmt::format("--{}={}: a number from {} to {} was expected", name, value, least, most));
  }
  return number;
}

double percent(const std::string& value) {
  const double number = std::atof(value.c_str());
  if (!(number >= 0 && number <= 100)) {
    throw Failed("--tolerance_percent=" + value + ": a number from 0 to 100 was expected");
  }
  return number;
}

IpAddress address(const std::string& name, const std::string& value, IpVersion version) {
  const std::string bare = value.substr(0, value.find('/'));
  const auto parsed = IpAddress::parse(bare);
  const bool wants_v4 = version != IpVersion::v6;
  if (!parsed || parsed->is_v4() != wants_v4) {
    throw Failed("--" + name + "=" + value + ": no " + (wants_v4 ? "IPv4" : "IPv6") + " address");
  }
  return *parsed;
}

// Buffers and the Fast Open key are those that a stack was made with.
bool needs_new_stack(const Config& wanted, const Config& made) {
  const Limits& a = wanted.limits;
  const Limits& b = made.limits;
  return a.receive_buffer_bytes_max != b.receive_buffer_bytes_max ||
         a.receive_buffer_bytes_initial != b.receive_buffer_bytes_initial ||
         a.send_buffer_bytes_max != b.send_buffer_bytes_max ||
         wanted.fast_open_key != made.fast_open_key;
}

// Sysctls, addresses and the like that a stack cannot be made of.
void expect_valid(const Config& config) {
  if (const std::string_view wrong = check_config(config); !wrong.empty()) {
    throw Failed("no stack can be configured so: " + std::string(wrong));
  }
}

}  // namespace

Player::Player(const script::Script& script, const RunOptions& options)
    : script_(script), options_(options) {
  rules_.dialect = options.dialect;
  aggregate_ = options.dialect == script::Dialect::google;
}

void Player::set_option(const std::string& name, const std::string& value) {
  if (name == "ip_version" && !ip_version_named(value)) {
    throw Failed("--ip_version=" + value + ": ipv4, ipv6 or ipv4-mapped-ipv6 was expected");
  }
  if (name == "udp_encapsulation") throw Skipped("the stack has no TCP in UDP");
  if (name == "tcp_md5_secret") throw Skipped("the stack has no TCP MD5 signatures (RFC 2385)");
  if (name.starts_with("wire_") || name.starts_with("so_")) {
    throw Skipped("--" + name + " is for the tool that talks to another host");
  }
  constexpr std::int64_t kMany = INT64_C(1) << 40;
  if (name == "tolerance_usecs") tolerance_us_ = integer(name, value, 1, kMany);
  if (name == "tolerance_percent") tolerance_percent_ = percent(value);
  if (name == "tcp_ts_tick_usecs") rules_.stamp_tick_us = integer(name, value, 0, kMany);
  if (name == "strict_segments") aggregate_ = false;
  if (name == "non_fatal") packets_may_differ_ = value.find("packet") != value.npos;
  chosen_[name] = value;
}

void Player::apply_options() {
  for (const script::Option& option : script_.options) {
    set_option(option.name, option.value.value_or(""));
  }
  for (const auto& [name, value] : options_.options) set_option(name, value);
  const auto chosen = [&](const char* name, const std::string& otherwise) {
    const auto found = chosen_.find(name);
    return found != chosen_.end() ? found->second : otherwise;
  };
  const auto number = [&](const char* name, const char* otherwise, std::int64_t least) {
    return static_cast<std::uint16_t>(integer(name, chosen(name, otherwise), least, 65'535));
  };
  const IpVersion version =
      ip_version_named(chosen("ip_version", word_of(options_.ip_version.value_or(IpVersion::v4))))
          .value_or(IpVersion::v4);
  const bool larger = options_.ip_version == IpVersion::v6 && version == IpVersion::v6 &&
                      options_.dialect == script::Dialect::google;
  settings_ = settings_of(options_.profile, number("mtu", larger ? kMtuOfV6 : "1500", 576));
  const DefaultAddresses otherwise = default_addresses(version, options_.dialect);
  const auto end = [&](const char* name, const char* known) {
    return address(name, chosen(name, known), version);
  };
  ends_.family = version == IpVersion::v4 ? AF_INET : AF_INET6;
  ends_.bind = {end("local_ip", otherwise.local), number("bind_port", "8080", 1)};
  remote_address_ = end("remote_ip", otherwise.remote);
  ends_.connect = {remote_address_, number("connect_port", "8080", 1)};
  Config& config = settings_.config;
  config.interface.addresses = {{ends_.bind.address, prefix_bits(version)}};
  const IpAddress any = version == IpVersion::v6 ? IpAddress() : IpAddress::v4(0);
  config.routes = {{{any, 0}, std::nullopt}};
}

Host& Player::host() {
  if (!host_) {
    expect_valid(settings_.config);
    const auto tap = [this](Instant at, Bytes packet) {
      if (options_.tap) options_.tap(at, packet);
    };
    host_ = std::make_unique<Host>(settings_.config, tap, options_.steps_max);
    start_ = host_->now();
  }
  return *host_;
}

void Player::expect_current_limits() {
  if (needs_new_stack(settings_.config, host().stack().config())) {
    throw Skipped("buffer sizes and the Fast Open key are set before the first socket");
  }
}

Player::Micros Player::now() const {
  if (!host_) return current_;
  return std::chrono::duration_cast<std::chrono::microseconds>(host_->now() - start_).count();
}

Instant Player::instant(Micros time) const { return start_ + std::chrono::microseconds(time); }

Player::Micros Player::scheduled(Micros time, bool relative) const {
  if (time < -kMicrosMax || time > kMicrosMax || now() > kMicrosMax) {
    throw Failed("a script may last 100 days");
  }
  return relative ? now() + time : time;
}

Player::Micros Player::tolerance(Micros time) const {
  const double share = tolerance_percent_ / 100 * static_cast<double>(time - previous_);
  return std::max(tolerance_us_, static_cast<Micros>(share));
}

// Of all events but packets that come out.
void Player::wait_for(const script::EventTime& time) {
  using script::TimeKind;
  if (time.kind != TimeKind::absolute && time.kind != TimeKind::relative) {
    throw Failed("only a packet that comes out may have a range of time");
  }
  current_ = scheduled(time.first, time.kind == TimeKind::relative);
  if (!host_) return;
  if (instant(current_) > host_->now()) host_->run_until(instant(current_));
  if (now() > current_ + tolerance(current_)) {
    throw Failed(fmt::format("it comes too late: it is {:.6f}, and should happen at {:.6f}",
                             static_cast<double>(now()) / 1e6,
                             static_cast<double>(current_) / 1e6));
  }
}

void Player::happen(const script::Command& command) {
  run_command(command.text, settings_, [this](const SocketQuery& query) { return count(query); });
  if (!host_) return;
  expect_valid(settings_.config);
  host_->stack().configure(settings_.config.tcp);
}

void Player::happen(const script::Code& code) {
  host();
  run_code(code.text, variables_, [this](const std::string& name) { return outside(name); });
}

void Player::happen(const script::Event& event) {
  event_ = &event;
  actual_.clear();
  const bool is_packet = std::holds_alternative<script::Packet>(event.what);
  if (const auto* packet = std::get_if<script::Packet>(&event.what); packet && !packet->inbound) {
    expect(*packet, event.time);
  } else {
    wait_for(event.time);
    if (!is_packet) note(event.text);
    if (!std::holds_alternative<script::Command>(event.what)) host();
    if (packet != nullptr) inject(*packet);
    if (const auto* made = std::get_if<script::Call>(&event.what)) call(event, *made);
    if (const auto* verdict = std::get_if<script::Condition>(&event.what)) judge(*verdict);
    if (const auto* command = std::get_if<script::Command>(&event.what)) happen(*command);
    if (const auto* code = std::get_if<script::Code>(&event.what)) happen(*code);
  }
}

void Player::play() {
  apply_options();
  if (script_.init) happen(*script_.init);
  for (const script::Event& event : script_.events) {
    happen(event);
    previous_ = current_;
    if (host_ && host_->is_exhausted()) throw Failed("the stack does not come to rest");
  }
  if (blocked_) collect_blocked(blocked_->end + 1'000'000);
  event_ = nullptr;
}

void Player::note_at(Micros time, std::string line) {
  history_.push_back(fmt::format("{:12.6f}  {}", static_cast<double>(time) / 1e6, line));
  if (history_.size() > kHistoryLines) history_.pop_front();
}

Report Player::report(Outcome outcome, std::string reason) const {
  Report report{outcome, {}, {}, std::move(reason), actual_, {history_.begin(), history_.end()},
                {}};
  if (event_ != nullptr) {
    report.place = event_->place;
    report.event = event_->text;
  }
  report.virtual_time = std::chrono::microseconds(now());
  return report;
}

Report run(const script::Script& script, const RunOptions& options) {
  Player player(script, options);
  try {
    player.play();
    return player.report(Outcome::passed, "");
  } catch (const Failed& failed) {
    return player.report(Outcome::failed, failed.what());
  } catch (const Skipped& skipped) {
    return player.report(Outcome::skipped, skipped.what());
  }
}

}  // namespace anteroom::runner
