// Which of its addresses a host speaks from: RFC 1122 3.3.4.3, RFC 6724 5.
#include "stack/link/interface.h"

#include <gtest/gtest.h>

#include <anteroom/testing/pair.h>

namespace anteroom::testing {
namespace {

const IpAddress kOwn = address_v6(1), kPeer = address_v6(2);

// RFC 6724 5: the address of the destination's network, then one of its scope.
TEST(Source, IsOfTheDestinationsVersionAndScope) {
  InterfaceConfig config;
  const IpAddress link_local = IpAddress::parse("fe80::1").value();
  config.addresses = {{IpAddress::v4(192, 0, 2, 1), 24}, {link_local, 64}, {kOwn, 64}};
  const Interface interface(config);
  const IpAddress router = IpAddress::parse("fe80::99").value();
  const IpAddress far = IpAddress::parse("2001:db8:1::1").value();
  EXPECT_EQ(interface.source_for(kPeer, kPeer), kOwn);
  EXPECT_EQ(interface.source_for(router, router), link_local);
  EXPECT_EQ(interface.source_for(far, router), kOwn);
  EXPECT_EQ(interface.source_for(IpAddress::v4(198, 51, 100, 1), IpAddress::v4(192, 0, 2, 9)),
            IpAddress::v4(192, 0, 2, 1));
}

}  // namespace
}  // namespace anteroom::testing
