// Two links in one process: what one end sends, the other receives. No descriptor, no privileges,
// no time of its own: the frames are there at once. Not here: loss and delay (impairment.h),
// threads.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <anteroom/tap/link.h>

namespace anteroom::tap {

struct MemoryLinkOptions {
  Medium medium = Medium::ethernet;
  std::size_t frames_max = 1'024;       // waiting in each direction; one more is lost
  std::size_t frame_bytes_max = 1'514;  // a longer one is lost
};

class MemoryLink {
 public:
  explicit MemoryLink(const MemoryLinkOptions& options);

  // The two ends; valid as long as this object.
  Link& first() { return first_; }
  Link& second() { return second_; }

  // Frames that found the queue full or were too long, both directions.
  std::uint64_t frames_lost() const { return first_.lost() + second_.lost(); }

 private:
  // A ring of frames, allocated once.
  class Queue {
   public:
    explicit Queue(const MemoryLinkOptions& options);
    bool push(Bytes frame);
    std::size_t pop(MutableBytes out);
    bool is_empty() const { return used_ == 0; }

   private:
    std::vector<std::uint8_t> bytes_;
    std::vector<std::size_t> lengths_;
    std::size_t frame_bytes_max_;
    std::size_t head_ = 0;
    std::size_t used_ = 0;
  };

  class End final : public Link {
   public:
    End(Medium medium, Queue& in, Queue& out) : medium_(medium), in_(in), out_(out) {}
    std::size_t receive(Instant now, MutableBytes out) override;
    bool send(Instant now, Bytes frame) override;
    std::optional<Instant> next_deadline() const override;
    Medium medium() const override { return medium_; }
    std::uint64_t lost() const { return lost_; }

   private:
    Medium medium_;
    Queue& in_;
    Queue& out_;
    std::uint64_t lost_ = 0;
  };

  Queue to_first_;
  Queue to_second_;
  End first_;
  End second_;
};

}  // namespace anteroom::tap
