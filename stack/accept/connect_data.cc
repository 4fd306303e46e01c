// The smallest of four bounds.
#include "stack/accept/connect_data.h"

#include <algorithm>

#include "stack/wire/ip.h"
#include "stack/wire/tcp_header.h"

namespace anteroom {

std::uint32_t response_bytes_max(const PendingConnection& request, const TcpConfig& tcp,
                                 const Limits& limits, std::uint16_t mtu) {
  const IpAddress& server = request.flow.local.address;
  const auto headers = static_cast<std::uint32_t>(ip_header_bytes(server) + kTcpHeaderBytes);
  auto options = static_cast<std::uint32_t>(syn_ack_option_bytes(request.options(), tcp));
  if (request.cookie != FastOpenOption::none) options += FastOpenCookies::kOptionBytes;
  if (request.marked) options += kConnectDataOptionBytes;
  const std::uint32_t mss = std::min<std::uint32_t>(request.mss, mss_of_mtu(mtu, server));
  std::uint32_t room = mss > options ? mss - options : 0;
  room = std::min<std::uint32_t>(room, request.window);
  if (request.address_validated || limits.amplification_factor_max == 0) return room;
  const std::uint64_t allowed = std::uint64_t{limits.amplification_factor_max} * request.ip_bytes;
  const std::uint64_t fixed = headers + options;
  return static_cast<std::uint32_t>(
      std::min<std::uint64_t>(room, allowed > fixed ? allowed - fixed : 0));
}

}  // namespace anteroom
