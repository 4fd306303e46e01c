// rtnetlink requests: one change of the link, then the new addresses.
#include "tap/host_interface.h"

#include <linux/if_addr.h>
#include <net/if.h>

#include <memory>
#include <string>

#include <netlink/errno.h>
#include <netlink/netlink.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>

namespace anteroom::tap {
namespace {

template <typename T, void (*Free)(T*)>
struct Deleter {
  void operator()(T* object) const { Free(object); }
};
using Socket = std::unique_ptr<nl_sock, Deleter<nl_sock, nl_socket_free>>;
using HostLink = std::unique_ptr<rtnl_link, Deleter<rtnl_link, rtnl_link_put>>;
using HostAddress = std::unique_ptr<rtnl_addr, Deleter<rtnl_addr, rtnl_addr_put>>;
using NetworkAddress = std::unique_ptr<nl_addr, Deleter<nl_addr, nl_addr_put>>;

Problem netlink_problem(const std::string& what, int error) {
  std::string sentence = what + ": " + nl_geterror(error);
  if (error == -NLE_PERM) sentence += "; run as root or in `unshare -rn`";
  return {std::move(sentence)};
}

Trouble bring_up(nl_sock& socket, const TapOptions& options) {
  rtnl_link* found = nullptr;
  int error = rtnl_link_get_kernel(&socket, 0, options.name.c_str(), &found);
  if (error < 0) return netlink_problem("cannot find the interface " + options.name, error);
  const HostLink current(found);
  const HostLink change(rtnl_link_alloc());
  rtnl_link_set_flags(change.get(), IFF_UP);
  if (options.mtu) rtnl_link_set_mtu(change.get(), *options.mtu);
  error = rtnl_link_change(&socket, current.get(), change.get(), 0);
  if (error < 0) return netlink_problem("cannot bring up " + options.name, error);
  return std::nullopt;
}

Trouble add_address(nl_sock& socket, const TapOptions& options, const Prefix& prefix) {
  const std::string text = to_string(prefix);
  nl_addr* parsed = nullptr;
  int error = nl_addr_parse(text.c_str(), AF_UNSPEC, &parsed);
  if (error < 0) return netlink_problem("cannot use the host address " + text, error);
  const NetworkAddress local(parsed);
  const HostAddress address(rtnl_addr_alloc());
  rtnl_addr_set_ifindex(address.get(), static_cast<int>(if_nametoindex(options.name.c_str())));
  rtnl_addr_set_local(address.get(), local.get());
  // Without the second that RFC 4862 5.4 waits for: there are two hosts on this link, both ours.
  if (!prefix.address.is_v4()) rtnl_addr_set_flags(address.get(), IFA_F_NODAD);
  error = rtnl_addr_add(&socket, address.get(), 0);
  // An interface that was there before may have the address already.
  if (error < 0 && error != -NLE_EXIST) {
    return netlink_problem("cannot give " + text + " to " + options.name, error);
  }
  return std::nullopt;
}

}  // namespace

Trouble configure_host_interface(const TapOptions& options) {
  const Socket socket(nl_socket_alloc());
  if (!socket) return Problem{"cannot make a netlink socket: out of memory"};
  const int error = nl_connect(socket.get(), NETLINK_ROUTE);
  if (error < 0) return netlink_problem("cannot open a netlink socket", error);
  if (Trouble trouble = bring_up(*socket, options)) return trouble;
  for (const Prefix& prefix : options.host_addresses) {
    if (Trouble trouble = add_address(*socket, options, prefix)) return trouble;
  }
  return std::nullopt;
}

}  // namespace anteroom::tap
