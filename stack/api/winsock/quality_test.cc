// QoS as differentiated services: what a SYN's code point shows, what the answers put on the wire.
// conditional-accept 6.
#include "stack/api/winsock/quality.h"

#include <optional>

#include "stack/testing/winsock_hosts.h"

namespace anteroom::winsock {
namespace {

constexpr std::uint16_t kPort = 80;

struct Seen {
  std::optional<QOS> qos;
  std::optional<ULONG> answer;  // the service type to leave there
  std::optional<ULONG> rate;    // the token rate to leave there
};

int looking(WSABUF*, WSABUF*, QOS* qos, QOS*, WSABUF*, WSABUF* callee_data, GROUP*,
            DWORD_PTR context) {
  auto& seen = *reinterpret_cast<Seen*>(context);
  callee_data->len = 0;
  seen.qos.reset();
  if (qos == nullptr) return CF_ACCEPT;
  seen.qos = *qos;
  if (seen.answer) qos->SendingFlowspec.ServiceType = *seen.answer;
  if (seen.rate) qos->SendingFlowspec.TokenRate = *seen.rate;
  return CF_ACCEPT;
}

class Quality : public testing::WinsockHosts {
 protected:
  Quality() {
    pair.set_wire([this](testing::Toward toward, std::vector<std::uint8_t>& frame) {
      const bool ip = frame.size() > 15 && frame[12] == 8 && frame[13] == 0;
      if (ip) (toward == testing::Toward::server ? from_client : from_server) = frame[15] >> 2;
      return true;
    });
  }
  ~Quality() override { pair.set_wire({}); }
  Quality(const Quality&) = delete;
  Quality& operator=(const Quality&) = delete;

  void knock(std::uint8_t dscp) {
    ASSERT_TRUE(
        pair.client.connect(pair.now(), {.remote = {pair.server_address(), kPort}, .dscp = dscp}));
    pair.run_for(10ms);
  }
  int look(Seen& seen) { return decide(listener, looking, reinterpret_cast<DWORD_PTR>(&seen)); }
  int connect_asking(SOCKET s, QOS& qos, QOS* group = nullptr) {
    const sockaddr_in name = server_name(kPort);
    return error_of(WSAConnect(s, plain(name), sizeof name, nullptr, nullptr, &qos, group));
  }

  SOCKET listener = listen_at(kPort, true);
  int from_client = -1;  // code point of the last packet
  int from_server = -1;
};

TEST_F(Quality, NoCodePointIsANullPointer) {
  knock(0);
  Seen seen;
  EXPECT_EQ(look(seen), 0);
  EXPECT_FALSE(seen.qos);
}

TEST_F(Quality, CodePointsAreServiceTypes) {
  struct Row {
    std::uint8_t dscp;
    ULONG service;
  };
  for (const Row row : {Row{24, 2}, Row{40, 3}, Row{48, 10}, Row{46, 5}, Row{1, 5}}) {
    knock(row.dscp);
    Seen seen;
    EXPECT_EQ(look(seen), 0);
    ASSERT_TRUE(seen.qos) << int{row.dscp};
    for (const FLOWSPEC& flow : {seen.qos->SendingFlowspec, seen.qos->ReceivingFlowspec}) {
      EXPECT_EQ(flow.ServiceType, row.service) << int{row.dscp};
      EXPECT_EQ(flow.TokenRate, 0xffffffffu);
      EXPECT_EQ(flow.MinimumPolicedSize, 0xffffffffu);
    }
    pair.run_for(10ms);
    EXPECT_EQ(from_server, row.dscp);  // left alone, it is the connection's
  }
}

TEST_F(Quality, WhatTheCallbackLeavesIsTheConnections) {
  knock(40);
  Seen seen{.qos = {}, .answer = SERVICETYPE_CONTROLLEDLOAD, .rate = {}};
  EXPECT_EQ(look(seen), 0);
  pair.run_for(10ms);
  EXPECT_EQ(from_server, 24);
}

TEST_F(Quality, ReservationsAreNotGrantedAndTheRequestStays) {
  knock(40);
  Seen seen{.qos = {}, .answer = {}, .rate = 1'000'000};
  EXPECT_EQ(look(seen), WSAEOPNOTSUPP);
  seen.rate.reset();
  seen.answer = SERVICETYPE_NONCONFORMING;
  EXPECT_EQ(look(seen), WSAEOPNOTSUPP);
  seen.answer.reset();
  EXPECT_EQ(look(seen), 0);
}

TEST_F(Quality, ConnectMarksItsSyn) {
  QOS qos = quality_of(48);
  const SOCKET s = make_socket(client);
  set_non_blocking(s);
  EXPECT_EQ(connect_asking(s, qos), WSAEWOULDBLOCK);
  pair.run_for(10ms);
  EXPECT_EQ(from_client, 48);
}

TEST_F(Quality, ConnectIsRefusedReservationsAndGroups) {
  QOS qos = quality_of(24);
  qos.ReceivingFlowspec.PeakBandwidth = 5;
  EXPECT_EQ(connect_asking(make_socket(client), qos), WSAEOPNOTSUPP);
  QOS plain_qos = quality_of(24);
  EXPECT_EQ(connect_asking(make_socket(client), plain_qos, &plain_qos), WSAEINVAL);
}

TEST_F(Quality, SetByIoctlBeforeConnecting) {
  QOS qos = quality_of(24);
  QOS read_back{};
  DWORD returned = 0;
  const SOCKET s = make_socket(client);
  set_non_blocking(s);
  EXPECT_EQ(WSAIoctl(s, SIO_SET_QOS, &qos, sizeof qos, nullptr, 0, &returned, nullptr, nullptr), 0);
  EXPECT_EQ(WSAIoctl(s, SIO_GET_QOS, nullptr, 0, &read_back, sizeof read_back, &returned, nullptr,
                     nullptr),
            0);
  EXPECT_EQ(read_back.SendingFlowspec.ServiceType, SERVICETYPE_CONTROLLEDLOAD);
  EXPECT_EQ(returned, sizeof(QOS));
  EXPECT_EQ(connect_error(s, kPort), WSAEWOULDBLOCK);
  pair.run_for(10ms);
  EXPECT_EQ(from_client, 24);
  qos.SendingFlowspec.TokenRate = 1;
  EXPECT_EQ(
      error_of(WSAIoctl(s, SIO_SET_QOS, &qos, sizeof qos, nullptr, 0, &returned, nullptr, nullptr)),
      WSAEOPNOTSUPP);
  EXPECT_EQ(error_of(WSAIoctl(s, SIO_SET_GROUP_QOS, &qos, sizeof qos, nullptr, 0, &returned,
                              nullptr, nullptr)),
            WSAEOPNOTSUPP);
}

TEST_F(Quality, ByNameThereIsNothing) {
  QOS qos{};
  char16_t name[] = u"G711";
  WSABUF buffer{sizeof name, reinterpret_cast<char*>(name)};
  EXPECT_FALSE(WSAGetQOSByName(listener, &buffer, &qos));
  EXPECT_EQ(WSAGetLastError(), WSAEINVAL);
  char16_t list[] = {0, u'x', u'x'};
  buffer = {sizeof list, reinterpret_cast<char*>(list)};
  EXPECT_TRUE(WSAGetQOSByName(listener, &buffer, &qos));
  EXPECT_EQ(list[1], 0);  // an empty list ends twice
  EXPECT_EQ(list[2], u'x');
  buffer.len = 2;
  EXPECT_FALSE(WSAGetQOSByName(listener, &buffer, &qos));
  EXPECT_EQ(WSAGetLastError(), WSAENOBUFS);
}

}  // namespace
}  // namespace anteroom::winsock
