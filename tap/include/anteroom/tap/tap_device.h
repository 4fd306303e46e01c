// A TAP or TUN device of Linux: this process is the far end of its cable.
// Not here: waiting for frames (loop.h) and the addresses of our own end (the stack's).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <anteroom/address.h>
#include <anteroom/tap/link.h>
#include <anteroom/tap/problem.h>

namespace anteroom::tap {

struct TapOptions {
  std::string name;                  // of the interface, at most 15 bytes; made if it is not there
  Medium medium = Medium::ethernet;  // ethernet: TAP; ip: TUN
  // Added to the kernel's side. Those of IPv6 are usable at once: nobody is asked whether he has
  // them.
  std::vector<Prefix> host_addresses;
  std::optional<std::uint16_t> mtu;  // of the kernel's side; left alone where absent
};

class TapDevice final : public Link {
 public:
  // Opens the device, sets the kernel's side and brings it up. An interface that was made here goes
  // away with this object; one that was there before stays.
  static Outcome<std::unique_ptr<TapDevice>> open(const TapOptions& options);
  ~TapDevice() override;

  std::size_t receive(Instant now, MutableBytes out) override;
  bool send(Instant now, Bytes frame) override;
  int descriptor() const override { return descriptor_; }
  bool is_gone() const override { return gone_; }
  Medium medium() const override { return medium_; }

  const std::string& name() const { return name_; }
  // Frames that the kernel did not take.
  std::uint64_t frames_refused() const { return frames_refused_; }

 private:
  TapDevice(int descriptor, Medium medium, std::string name);

  int descriptor_;
  Medium medium_;
  std::string name_;
  bool gone_ = false;
  std::uint64_t frames_refused_ = 0;
};

}  // namespace anteroom::tap
