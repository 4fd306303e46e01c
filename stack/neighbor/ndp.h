// What a host answers to neighbor solicitations, and what it learns from advertisements: RFC 4861
// 7.2. Our addresses are configured: nothing is looked for before one is used (RFC 4862 5.4), but
// who looks for it is told. Not here: the messages (wire/ndp.h), routers.
#pragma once

#include <optional>

#include "stack/wire/ndp.h"

namespace anteroom {

// What a message means to the host that has (or has not) its target.
struct NdpVerdict {
  std::optional<DropReason> drop;  // it means nothing
  bool conflict = false;           // somebody else uses our address
  // A mapping to take: of this address, even where nobody asked for it.
  std::optional<MacAddress> mac;
  IpAddress of;
  bool make_entry = false;
  // An answer, and where it goes.
  std::optional<NdpMessage> reply;
  IpAddress reply_to;
};

struct NdpSituation {
  MacAddress own_mac;
  MacAddress sender_mac;  // from the frame
  bool target_is_own = false;
};

NdpVerdict judge_ndp(const NdpMessage& message, const IpHeader& ip, const NdpSituation& situation);

// The question for `target`.
NdpMessage ndp_query(const MacAddress& own_mac, const IpAddress& target);

}  // namespace anteroom
