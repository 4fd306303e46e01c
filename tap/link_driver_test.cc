// Calls that wait on a real link, from one thread and from many. Not here: TAP devices
// (conformance/kernel).
#include <mutex>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <anteroom/tap/link_driver.h>
#include <anteroom/tap/memory_link.h>

#include "tap/joined_hosts.h"

namespace anteroom::tap {
namespace {

using Held = std::lock_guard<LinkDriver>;

using Hosts = JoinedHosts;

// Waits with the lock held until `seen` is true of an event.
template <typename Seen>
bool wait_for_event(LinkDriver& driver, Seen seen) {
  for (;;) {
    while (const auto event = driver.next_event()) {
      if (seen(*event)) return true;
    }
    if (!driver.wait(Instant::max())) return false;
  }
}

TEST(LinkDriver, WaitsUntilTheDeadlineAndNoLonger) {
  Hosts hosts;
  const Held held(*hosts.client_driver);
  const Instant deadline = hosts.client_driver->now() + 20ms;
  while (hosts.client_driver->now() < deadline) {
    EXPECT_TRUE(hosts.client_driver->wait(deadline));
  }
  EXPECT_TRUE(hosts.client_driver->wait(deadline));  // in the past: at once
}

TEST(LinkDriver, AFrameEndsTheWaitOfTheOtherHost) {
  Hosts hosts;
  ASSERT_TRUE(hosts.server.listen({.local = {{}, 80}}));
  std::thread network([&] { hosts.server_driver->run(); });
  bool connected = false;
  {
    const Held held(*hosts.client_driver);
    const auto id = hosts.client.connect(hosts.client_driver->now(),
                                         {.remote = {IpAddress::v4(192, 0, 2, 1), 80}});
    ASSERT_TRUE(id);
    hosts.client_driver->turn();
    connected = wait_for_event(*hosts.client_driver,
                               [](const Event& e) { return e.kind == EventKind::connected; });
  }
  EXPECT_TRUE(connected);
  hosts.server_driver->request_stop();
  network.join();
}

TEST(LinkDriver, ATimerOfTheStackEndsTheWait) {
  Hosts hosts;
  const Held held(*hosts.client_driver);
  // Nobody answers ARP: the second query is a timer's, and so is the end.
  ASSERT_TRUE(hosts.client.connect(hosts.client_driver->now(),
                                   {.remote = {IpAddress::v4(192, 0, 2, 9), 80}}));
  hosts.client_driver->turn();
  const auto first = hosts.client.stats().frames_out;
  while (hosts.client.stats().frames_out == first) {
    ASSERT_TRUE(hosts.client_driver->wait(Instant::max()));
  }
  EXPECT_GT(hosts.client.stats().frames_out, first);
}

// One sleeps on the link, three on a condition variable; the lock is free only once all do.
TEST(LinkDriver, EveryThreadThatWaitsLooksAgainWhenToldTo) {
  constexpr int kThreads = 4;
  Hosts hosts;
  LinkDriver& driver = *hosts.client_driver;
  int waiting = 0;
  bool flag = false;
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      const Held held(driver);
      ++waiting;
      while (!flag) EXPECT_TRUE(driver.wait(Instant::max()));
    });
  }
  for (bool told = false; !told;) {
    const Held held(driver);
    if (waiting < kThreads) continue;
    flag = told = true;
    driver.notify();
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(waiting, kThreads);
}

// A thread that sleeps without bound hears of the timer that another thread's verb has armed.
TEST(LinkDriver, ATimerArmedByAnotherThreadIsServed) {
  Hosts hosts;
  LinkDriver& driver = *hosts.client_driver;
  std::thread network([&] { driver.run(); });
  {
    const Held held(driver);
    ASSERT_TRUE(hosts.client.connect(driver.now(), {.remote = {IpAddress::v4(192, 0, 2, 9), 80}}));
    driver.turn();
  }
  for (bool asked_twice = false; !asked_twice;) {
    const Held held(driver);
    asked_twice = hosts.client.stats().frames_out >= 2;
    if (!asked_twice) (void)driver.wait(Instant::max());
  }
  driver.request_stop();
  network.join();
}

TEST(LinkDriver, StopsBeforeItBegan) {
  Hosts hosts;
  hosts.client_driver->request_stop();
  hosts.client_driver->run();
}

TEST(LinkDriver, NothingComesFromALinkThatIsGone) {
  Hosts hosts;
  hosts.client_link.gone = true;
  hosts.client_driver->run();  // ends at once
  const Held held(*hosts.client_driver);
  EXPECT_FALSE(hosts.client_driver->wait(Instant::max()));
  const Instant deadline = hosts.client_driver->now() + 1ms;
  EXPECT_TRUE(hosts.client_driver->wait(deadline));  // time still passes
}

// A link without a descriptor says by its deadline that a frame waits.
TEST(LinkDriver, ALinkInMemoryNeedsNoDescriptor) {
  MemoryLink link({});
  Stack server(config_of(1)), client(config_of(2));
  const auto server_driver = *LinkDriver::make(server, link.first(), {});
  const auto client_driver = *LinkDriver::make(client, link.second(), {});
  ASSERT_TRUE(server.listen({.local = {{}, 80}}));
  ASSERT_TRUE(client.connect(client_driver->now(), {.remote = {IpAddress::v4(192, 0, 2, 1), 80}}));
  bool connected = false;
  for (int i = 0; i < 10 && !connected; ++i) {
    client_driver->turn();
    server_driver->turn();
    while (const auto event = client_driver->next_event()) {
      connected = connected || event->kind == EventKind::connected;
    }
  }
  EXPECT_TRUE(connected);
}

}  // namespace
}  // namespace anteroom::tap
