// Was it necessary to retransmit? Eifel by timestamps (RFC 3522), by duplicates that the peer
// reports (RFC 3708), and by what a time-out's first answers acknowledge (F-RTO, RFC 5682). Not
// here: the response (recovery.cc, RFC 4015; congestion/).
#pragma once

#include <cstdint>

#include "stack/tcp/delivery.h"

namespace anteroom {

// What sort of acknowledgment it is.
struct AckKind {
  bool progress = false;   // it advances
  bool duplicate = false;  // RFC 5681 2
  bool dsack = false;      // it reports a duplicate, RFC 2883
  bool sack = false;       // SACK is agreed on
  bool marked = false;     // it tells of congestion marks
};

class Spurious {
 public:
  // A recovery begins; `timeout` where the retransmission timer began it.
  void on_recovery(Seq recover, bool timeout) {
    *this = {};
    recover_ = recover;
    watching_ = true;
    forward_ = timeout;
  }
  void on_retransmit(Instant now) {
    if (!watching_) return;
    if (retransmissions_++ == 0) first_at_ = now;
    ++unanswered_;
  }
  void stop() { watching_ = forward_ = false; }

  // RFC 5682 2.1 step 2b: after a time-out new data goes out before more is sent again.
  bool prefers_new_data() const { return forward_ && answered_; }
  bool is_watching() const { return watching_ && retransmissions_ != 0; }

  // True where this acknowledgment shows that nothing was lost.
  bool on_ack(const Delivery& delivery, const Echo& echo, const AckKind& ack) {
    if (!is_watching()) return false;
    if (ack.dsack && unanswered_ != 0) --unanswered_;
    // RFC 3522 3.2 (4): the first acknowledgment that advances answers the original.
    const bool eifel = ack.progress && !answered_ && echo.is_before(first_at_);
    if (ack.progress) answered_ = true;
    // RFC 5682 2.1 step 3b and 3.1: data that was sent only once, before the time-out, has arrived.
    // Without SACK it may have waited behind what was sent again: then this proves nothing.
    const bool original = forward_ && delivery.has_original &&
                          delivery.lowest_original_end.at_or_before(recover_) &&
                          (ack.sack || !delivery.has_retransmitted);
    const bool dsacked = ack.dsack && unanswered_ == 0;
    if (forward_ && ack.duplicate) forward_ = false;  // step 2a, 3a: the loss was real
    if (!eifel && !original && !dsacked) return false;
    stop();
    return true;
  }

 private:
  Instant first_at_{};  // of the first retransmission
  Seq recover_;         // what was sent when the recovery began
  std::uint16_t retransmissions_ = 0;
  std::uint16_t unanswered_ = 0;  // and not reported as duplicates
  bool watching_ = false;
  bool forward_ = false;   // F-RTO has not decided
  bool answered_ = false;  // an acknowledgment has advanced
};

}  // namespace anteroom
