// Time moves in the tool's thread alone; a call that blocks in another sleeps in the kernel until
// something happened.
#include "conformance/adapter/world.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "conformance/runner/ip_version.h"

namespace anteroom::adapter {
namespace {

// Any moment that a wall clock might show.
constexpr Instant kStart{Duration{1'000'000s}};
constexpr Duration kPollStep = 5us;

const char* sockstat_name(State state) {
  switch (state) {
    case State::closed: return "CLOSED";
    case State::listen: return "LISTEN";
    case State::syn_sent: return "SYN_SENT";
    case State::syn_received: return "SYN_RCVD";
    case State::established: return "ESTABLISHED";
    case State::fin_wait_1: return "FIN_WAIT_1";
    case State::fin_wait_2: return "FIN_WAIT_2";
    case State::close_wait: return "CLOSE_WAIT";
    case State::closing: return "CLOSING";
    case State::last_ack: return "LAST_ACK";
    case State::time_wait: return "TIME_WAIT";
  }
  return "CLOSED";
}

// Of either family.
Endpoint endpoint_of(const sockaddr_in6& address) {
  if (address.sin6_family != AF_INET6) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    return {IpAddress::v4(ntohl(v4.sin_addr.s_addr)), ntohs(v4.sin_port)};
  }
  std::array<std::uint8_t, 16> octets{};
  std::copy_n(address.sin6_addr.s6_addr, octets.size(), octets.begin());
  return {IpAddress::v6(octets), ntohs(address.sin6_port)};
}

std::string ends_text(const Flow& flow) {
  return to_string(flow.local) + " " + to_string(flow.remote);
}

runner::Settings settings_for(const Flags& flags, SysctlSource& sysctls) {
  runner::Settings settings = runner::settings_of(flags.profile, flags.mtu);
  const bool is_v4 = flags.local.is_v4();
  const auto version = is_v4 ? runner::IpVersion::v4 : runner::IpVersion::v6;
  settings.config.interface.addresses = {{flags.local, runner::prefix_bits(version)}};
  settings.config.routes = {{{is_v4 ? IpAddress::v4(0) : IpAddress(), 0}, std::nullopt}};
  sysctls.apply(settings);
  return settings;
}

}  // namespace

std::optional<Flags> parse_flags(const char* text, std::string& problem) {
  Flags flags;
  std::string_view rest = text == nullptr ? "" : text;
  while (!rest.empty()) {
    const std::string_view item = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), item.size() + 1));
    const std::size_t equals = std::min(item.find('='), item.size());
    const std::string_view name = item.substr(0, equals);
    const std::string_view value = item.substr(std::min(item.size(), equals + 1));
    bool understood = false;
    if (name == "local") {
      const auto address = IpAddress::parse(value);
      understood = address && !address->is_any() && !address->is_multicast();
      if (understood) flags.local = *address;
    } else if (name == "mtu") {
      const auto read = std::from_chars(value.data(), value.data() + value.size(), flags.mtu);
      understood =
          read.ec == std::errc{} && read.ptr == value.data() + value.size() && flags.mtu >= 576;
    } else if (name == "profile") {
      const auto profile = runner::profile_named(value);
      understood = profile.has_value();
      if (understood) flags.profile = *profile;
    }
    if (!understood) {
      problem = "--so_flags: '" + std::string(item) +
                "' is not understood; local=ADDRESS, mtu=576..65535 (IPv6: from 1280) and "
                "profile=linux|freebsd|rfc are";
      return std::nullopt;
    }
  }
  if (!flags.local.is_v4() && flags.mtu < 1280) {
    problem = "--so_flags: an IPv6 link has an mtu of 1280 at least";
    return std::nullopt;
  }
  return flags;
}

World::World(const Flags& flags) : sysctls_(flags.profile), now_(kStart) {
  settings_ = settings_for(flags, sysctls_);
  stack_ = std::make_unique<Stack>(settings_.config);
  frame_.resize(stack_->frame_bytes_max());
  sockets_ = std::make_unique<PosixSockets>(*this, PosixOptions{});
  if (const char* path = std::getenv("PD_STATE_FILE")) state_path_ = path;
}

World::~World() {
  for (const auto& [fd, live_fd] : live_) ::close(fd);
  sockets_.reset();
}

void World::settle() {
  while (const std::size_t size = stack_->next_frame(now_, frame_)) {
    sent_.push_back({now_, {frame_.begin(), frame_.begin() + static_cast<std::ptrdiff_t>(size)}});
  }
}

void World::turn() { settle(); }

void World::notify() {
  ++changes_;
  changed_.notify_all();
}

bool World::step(Instant until) {
  const std::optional<Deadline> deadline = stack_->next_deadline();
  if (!deadline || deadline->at > until) return false;
  now_ = std::max(now_, deadline->at);
  stack_->advance(now_);
  settle();
  notify();
  return true;
}

void World::pass_until(Instant until) {
  while (step(until)) {
  }
  now_ = std::max(now_, until);
  notify();  // deadlines of calls may have come
}

bool World::wait(Instant deadline) {
  if (std::this_thread::get_id() == tool_thread_) {
    // Nobody else could move the time meanwhile.
    if (step(deadline)) return true;
    if (deadline == Instant::max()) return false;
    pass_until(deadline);
    return true;
  }
  const std::uint64_t seen = changes_;
  std::unique_lock<std::mutex> held(mutex_, std::adopt_lock);
  changed_.wait(held, [&] { return changes_ != seen || now_ >= deadline; });
  held.release();
  return true;
}

int World::publish(int live_fd) {
  if (live_fd < 0) return live_fd;
  const int fd = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  if (fd < 0) {
    const int error = errno;
    sockets_->close(live_fd);
    errno = error;
    return -1;
  }
  const std::lock_guard<std::mutex> held(mutex_);
  live_[fd] = live_fd;
  return fd;
}

int World::live(int fd) {
  const std::lock_guard<std::mutex> held(mutex_);
  const auto found = live_.find(fd);
  if (found != live_.end()) return found->second;
  errno = EBADF;
  return -1;
}

int World::unpublish(int fd) {
  const int live_fd = live(fd);
  if (live_fd < 0) return -1;
  {
    const std::lock_guard<std::mutex> held(mutex_);
    live_.erase(fd);
  }
  ::close(fd);
  return live_fd;
}

void World::receive(Bytes packet) {
  const std::lock_guard<std::mutex> held(mutex_);
  stack_->receive(now_, packet);
  settle();
  notify();
}

std::size_t World::next_packet(MutableBytes out, long long& time_us) {
  const std::lock_guard<std::mutex> held(mutex_);
  while (sent_.empty()) {
    if (!step(Instant::max())) return 0;
  }
  const SentPacket sent = std::move(sent_.front());
  sent_.pop_front();
  const std::size_t size = std::min(out.size(), sent.bytes.size());
  std::copy_n(sent.bytes.begin(), size, out.begin());
  time_us =
      std::chrono::duration_cast<std::chrono::microseconds>(sent.at.time_since_epoch()).count();
  return size;
}

void World::sleep(Duration duration) {
  const std::lock_guard<std::mutex> held(mutex_);
  pass_until(now_ + duration);
}

long long World::poll_clock_us() {
  const std::lock_guard<std::mutex> held(mutex_);
  pass_until(now_ + kPollStep);
  return std::chrono::duration_cast<std::chrono::microseconds>(now_.time_since_epoch()).count();
}

std::map<std::string, int> World::owners() {
  std::map<int, int> live;
  {
    const std::lock_guard<std::mutex> held(mutex_);
    live = live_;
  }
  std::map<std::string, int> owners;
  for (const auto& [fd, live_fd] : live) {
    sockaddr_in6 local{};
    sockaddr_in6 peer{};
    socklen_t length = sizeof local;
    if (sockets_->getsockname(live_fd, reinterpret_cast<sockaddr*>(&local), &length) != 0) continue;
    length = sizeof peer;
    if (sockets_->getpeername(live_fd, reinterpret_cast<sockaddr*>(&peer), &length) != 0) continue;
    owners[ends_text({endpoint_of(local), endpoint_of(peer)})] = fd;
  }
  return owners;
}

void World::look_around() {
  const std::map<std::string, int> owners =
      state_path_.empty() ? std::map<std::string, int>() : this->owners();
  const std::lock_guard<std::mutex> held(mutex_);
  if (sysctls_.apply(settings_)) stack_->configure(settings_.config.tcp);
  if (!state_path_.empty()) write_state(owners);
}

void World::write_state(const std::map<std::string, int>& owners) {
  std::string text;
  for (const ConnectionInfo& info : stack_->connection_table()) {
    const std::string ends = ends_text(info.flow);
    const auto owner = owners.find(ends);
    text += owner == owners.end() ? "- -" : "packetdrill " + std::to_string(owner->second);
    text += (info.flow.local.address.is_v4() ? " tcp4 " : " tcp6 ") + ends + " " +
            sockstat_name(info.state) + "\n";
  }
  if (text == state_) return;
  state_ = text;
  // Whoever reads it sees the old or the new one.
  const std::string fresh = state_path_ + ".new";
  std::ofstream(fresh) << text;
  std::rename(fresh.c_str(), state_path_.c_str());
}

}  // namespace anteroom::adapter
