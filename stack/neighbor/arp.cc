// A mapping is made only for who spoke to us: broadcasts of others may correct, never fill, the
// cache.
#include "stack/neighbor/arp.h"

namespace anteroom {

ArpVerdict judge_arp(const ArpPacket& packet, const ArpSituation& situation) {
  ArpVerdict verdict;
  if (packet.sender_mac.is_group() || packet.sender_mac == MacAddress()) {
    verdict.drop = DropReason::arp_spoofed;
    return verdict;
  }
  if (situation.sender_is_own) {
    verdict.conflict = packet.sender_mac != situation.own_mac;
    verdict.drop = DropReason::arp_spoofed;
    return verdict;
  }
  const bool probe = packet.sender_ip.is_any();  // RFC 5227 2.1.1: asks, names nobody
  if (!probe && !situation.sender_on_link) {
    verdict.drop = DropReason::arp_spoofed;
    return verdict;
  }
  verdict.learn = !probe;
  verdict.make_entry = verdict.learn && situation.target_is_own;
  if (!situation.target_is_own) {
    verdict.drop = DropReason::arp_not_for_us;
  } else if (packet.operation == ArpOperation::request) {
    verdict.reply = ArpPacket{ArpOperation::reply, situation.own_mac, packet.target_ip,
                              packet.sender_mac, packet.sender_ip};
  }
  return verdict;
}

ArpPacket arp_query(const MacAddress& own_mac, const IpAddress& own_ip, const IpAddress& target) {
  return {ArpOperation::request, own_mac, own_ip, MacAddress(), target};
}

}  // namespace anteroom
