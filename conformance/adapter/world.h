// The stack behind the library: its virtual clock, the packets that left, and its sockets under
// descriptors that the kernel knows too. The tool drives it from two threads: its own, which moves
// the time, and a helper's that may block in a call.
// Not here: the table of functions (adapter.cc), where sysctls come from (sysctl_source.h).
#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <anteroom/driver.h>
#include <anteroom/posix.h>

#include "conformance/adapter/sysctl_source.h"

namespace anteroom::adapter {

// --so_flags=local=ADDRESS,mtu=N,profile=linux|freebsd|rfc
struct Flags {
  IpAddress local = IpAddress::v4(192, 168, 0, 1);
  std::uint16_t mtu = 1500;
  runner::Profile profile = runner::Profile::linux_kernel;
};

// Nothing, and a sentence, where the text is not understood.
std::optional<Flags> parse_flags(const char* text, std::string& problem);

class World final : public Driver {
 public:
  explicit World(const Flags& flags);
  ~World() override;

  // --- Driver ---
  Stack& stack() override { return *stack_; }
  Instant now() override { return now_; }
  void turn() override;
  bool wait(Instant deadline) override;
  void notify() override;
  void lock() override { mutex_.lock(); }
  void unlock() override { mutex_.unlock(); }

  PosixSockets& sockets() { return *sockets_; }

  // --- Descriptors: the kernel has each too, so that the tool may close what is left open ---
  // Takes the stack's descriptor; the kernel's, or -1 and errno.
  int publish(int live_fd);
  // -1 and EBADF where the library has no such descriptor.
  int live(int fd);
  int unpublish(int fd);

  // --- The tool's side, without the lock ---
  void receive(Bytes packet);
  // Waits for a packet, letting time pass; 0 where none can ever come. What does not fit is cut.
  std::size_t next_packet(MutableBytes out, long long& time_us);
  void sleep(Duration duration);
  // Moves the clock a little: the tool polls it while it waits.
  long long poll_clock_us();
  // Reads the sysctls again, and tells the state of the connections where it changed.
  void look_around();

 private:
  bool step(Instant until);
  void pass_until(Instant until);
  void settle();
  // One line for each connection; whose descriptor it is, where it has one.
  void write_state(const std::map<std::string, int>& owners);
  std::map<std::string, int> owners();

  runner::Settings settings_;
  SysctlSource sysctls_;
  std::unique_ptr<Stack> stack_;
  std::unique_ptr<PosixSockets> sockets_;
  std::vector<std::uint8_t> frame_;
  struct SentPacket {
    Instant at{};
    std::vector<std::uint8_t> bytes{};
  };
  std::deque<SentPacket> sent_;
  Instant now_{};
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t changes_ = 0;
  const std::thread::id tool_thread_ = std::this_thread::get_id();
  std::map<int, int> live_;  // by the kernel's descriptor
  std::string state_path_;
  std::string state_;
};

}  // namespace anteroom::adapter
