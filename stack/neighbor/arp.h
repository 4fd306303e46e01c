// What a host answers to ARP: RFC 826, "Packet Reception", and the conflict notice of RFC 5227 2.4.
#pragma once

#include <optional>

#include "stack/wire/arp.h"

namespace anteroom {

// What an ARP packet means to the host that has (or has not) its target address.
struct ArpVerdict {
  std::optional<DropReason> drop;  // it means nothing
  bool conflict = false;           // somebody else uses our address
  bool learn = false;              // the sender's mapping is to be taken
  bool make_entry = false;         // ... even where nobody asked for it
  std::optional<ArpPacket> reply;
};

struct ArpSituation {
  MacAddress own_mac;
  bool target_is_own = false;
  bool sender_is_own = false;
  bool sender_on_link = false;
};

ArpVerdict judge_arp(const ArpPacket& packet, const ArpSituation& situation);

// The broadcast question for `target`.
ArpPacket arp_query(const MacAddress& own_mac, const IpAddress& own_ip, const IpAddress& target);

}  // namespace anteroom
