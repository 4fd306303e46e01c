// As with ARP, a mapping is made only for who spoke to us; advertisements may only change one that
// is there (RFC 4861 7.2.5).
#include "stack/neighbor/ndp.h"

namespace anteroom {
namespace {

NdpVerdict judge_solicitation(const NdpMessage& message, const IpHeader& ip,
                              const NdpSituation& situation) {
  NdpVerdict verdict;
  if (!situation.target_is_own) {
    verdict.drop = DropReason::ndp_not_for_us;
    return verdict;
  }
  verdict.reply = NdpMessage{true, true, true, message.target, situation.own_mac};
  verdict.reply_to = ip.source;
  if (ip.source.is_any()) {  // RFC 4862 5.4.3: it wants our address
    verdict.conflict = situation.sender_mac != situation.own_mac;
    verdict.reply->solicited = false;
    verdict.reply_to = all_nodes();
    return verdict;
  }
  verdict.mac = message.mac;
  verdict.of = ip.source;
  verdict.make_entry = true;
  return verdict;
}

NdpVerdict judge_advertisement(const NdpMessage& message, const NdpSituation& situation) {
  NdpVerdict verdict;
  if (situation.target_is_own) {
    verdict.conflict = situation.sender_mac != situation.own_mac;
    verdict.drop = DropReason::ndp_spoofed;
    return verdict;
  }
  // An answer that must not change what is known says nothing new where it is not asked for.
  if (!message.mac || !(message.solicited || message.overrides)) {
    verdict.drop = DropReason::ndp_not_for_us;
    return verdict;
  }
  verdict.mac = message.mac;
  verdict.of = message.target;
  return verdict;
}

}  // namespace

NdpVerdict judge_ndp(const NdpMessage& message, const IpHeader& ip, const NdpSituation& situation) {
  if (message.mac && (message.mac->is_group() || *message.mac == MacAddress())) {
    NdpVerdict verdict;
    verdict.drop = DropReason::ndp_spoofed;
    return verdict;
  }
  return message.advertisement ? judge_advertisement(message, situation)
                               : judge_solicitation(message, ip, situation);
}

NdpMessage ndp_query(const MacAddress& own_mac, const IpAddress& target) {
  return {false, false, false, target, own_mac};
}

}  // namespace anteroom
