// /dev/net/tun: one descriptor, one frame for each read and write.
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>

#include <anteroom/tap/tap_device.h>

#include "tap/host_interface.h"

namespace anteroom::tap {
namespace {

constexpr char kDevice[] = "/dev/net/tun";
constexpr char kPrivilege[] = "run as root or in `unshare -rn`";

Problem open_problem(int error_number) {
  const char* advice = "";
  if (error_number == EACCES || error_number == EPERM) advice = kPrivilege;
  if (error_number == ENOENT || error_number == ENODEV || error_number == ENXIO) {
    advice = "load the kernel module `tun`, or give the container this device";
  }
  return system_problem(std::string("cannot open ") + kDevice, error_number, advice);
}

Problem attach_problem(const TapOptions& options, int error_number) {
  const std::string kind = options.medium == Medium::ethernet ? "TAP" : "TUN";
  const char* advice = "";
  if (error_number == EPERM || error_number == EACCES) advice = kPrivilege;
  if (error_number == EBUSY) advice = "another program holds it; stop that or choose another name";
  if (error_number == EINVAL) {
    advice = "an interface of this name but of another kind is there; choose another name";
  }
  return system_problem("cannot make the " + kind + " device " + options.name, error_number,
                        advice);
}

// The kernel's side announces what it may leave undone (checksums, segmentation): nothing. A
// persistent device keeps what an earlier program asked for, hence it is said always.
Trouble attach(int descriptor, const TapOptions& options) {
  ifreq request{};
  std::copy(options.name.begin(), options.name.end(), request.ifr_name);
  const int kind = options.medium == Medium::ethernet ? IFF_TAP : IFF_TUN;
  request.ifr_flags = static_cast<short>(kind | IFF_NO_PI);
  if (ioctl(descriptor, TUNSETIFF, &request) < 0) return attach_problem(options, errno);
  if (ioctl(descriptor, TUNSETOFFLOAD, 0) < 0) return attach_problem(options, errno);
  return std::nullopt;
}

}  // namespace

TapDevice::TapDevice(int descriptor, Medium medium, std::string name)
    : descriptor_(descriptor), medium_(medium), name_(std::move(name)) {}

TapDevice::~TapDevice() { close(descriptor_); }

Outcome<std::unique_ptr<TapDevice>> TapDevice::open(const TapOptions& options) {
  if (options.name.empty() || options.name.size() >= IFNAMSIZ) {
    return Problem{"cannot use '" + options.name + "' as a device name: it needs 1 to 15 bytes"};
  }
  const int descriptor = ::open(kDevice, O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (descriptor < 0) return open_problem(errno);
  std::unique_ptr<TapDevice> device(new TapDevice(descriptor, options.medium, options.name));
  if (Trouble trouble = attach(descriptor, options)) return *trouble;
  if (Trouble trouble = configure_host_interface(options)) return *trouble;
  return device;
}

std::size_t TapDevice::receive(Instant, MutableBytes out) {
  for (;;) {
    const ssize_t count = read(descriptor_, out.data(), out.size());
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno == EINTR) continue;
    // EBADFD: the interface was deleted. EIO is a write's word for an interface that is down.
    if (errno == EBADFD || errno == EBADF) gone_ = true;
    return 0;
  }
}

bool TapDevice::send(Instant, Bytes frame) {
  for (;;) {
    const ssize_t count = write(descriptor_, frame.data(), frame.size());
    if (count >= 0) return true;
    if (errno == EINTR) continue;
    if (errno == EBADFD || errno == EBADF) gone_ = true;
    ++frames_refused_;
    return false;
  }
}

}  // namespace anteroom::tap
