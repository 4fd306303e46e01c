// accept(2) on both kinds of listener, and the condition function: every verdict, and every way to
// misuse it.
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <anteroom/testing/posix_pair.h>

namespace anteroom {
namespace {

using testing::answer_of;
using testing::generic;
using testing::PosixPair;

// A server that holds each SYN, and a client that knocks without waiting.
struct HeldHosts : PosixPair {
  int listener = listens(80, SOL_ANTEROOM, ANTEROOM_HOLD_SYN, 1);

  int knocks(const std::string& caller_data) {
    const int fd = client.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    client.setsockopt(fd, SOL_ANTEROOM, ANTEROOM_CALLER_DATA, caller_data.data(),
                      static_cast<socklen_t>(caller_data.size()));
    const sockaddr_in address = server_address(80);
    EXPECT_EQ(answer_of(client.connect(fd, generic(address), sizeof address)), "EINPROGRESS");
    passes(10ms);
    return fd;
  }
  // SO_ERROR of the client.
  int error_of(int fd) {
    int error = -1;
    socklen_t length = sizeof error;
    EXPECT_EQ(client.getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length), 0);
    return error;
  }
};

template <AcceptVerdict Verdict>
AcceptVerdict always(const Request&, AcceptAnswer&, void*) {
  return Verdict;
}

// What a condition function saw, and what it is to do.
struct Story {
  HeldHosts& hosts;
  std::vector<std::string> saw{};
  std::vector<std::string> answers{};
  std::string response{};
};

// --- Ordinary listeners ---

TEST(Accept, ArgumentsAreCheckedBeforeAnythingIsTaken) {
  PosixPair hosts;
  const int listener = hosts.listens(80);
  PosixSockets& server = hosts.server;
  sockaddr_in name{};
  socklen_t length = sizeof name;
  EXPECT_EQ(answer_of(server.accept4(listener, nullptr, nullptr, 1)), "EINVAL");
  EXPECT_EQ(answer_of(server.accept(listener, generic(name), nullptr)), "EFAULT");
  length = static_cast<socklen_t>(-1);
  EXPECT_EQ(answer_of(server.accept(listener, generic(name), &length)), "EINVAL");
  EXPECT_EQ(answer_of(server.accept(1, nullptr, nullptr)), "EBADF");
  EXPECT_EQ(answer_of(server.accept(server.socket(AF_INET, SOCK_STREAM, 0), nullptr, nullptr)),
            "EINVAL");
  EXPECT_EQ(answer_of(server.accept(server.epoll_create1(0), nullptr, nullptr)), "ENOTSOCK");
}

TEST(Accept, NamesThePeerAndTakesFlags) {
  PosixPair hosts;
  const int listener = hosts.listens(80);
  const int client = hosts.client.socket(AF_INET, SOCK_STREAM, 0);
  const sockaddr_in address = hosts.server_address(80);
  ASSERT_EQ(hosts.client.connect(client, generic(address), sizeof address), 0);
  sockaddr_in theirs{}, ours{};
  socklen_t length = sizeof theirs;
  const int fd =
      hosts.server.accept4(listener, generic(theirs), &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
  ASSERT_GE(fd, 0);
  EXPECT_EQ(length, sizeof theirs);
  length = sizeof ours;
  EXPECT_EQ(hosts.client.getsockname(client, generic(ours), &length), 0);
  EXPECT_EQ(theirs.sin_port, ours.sin_port);
  EXPECT_EQ(hosts.server.fcntl(fd, F_GETFL), O_RDWR | O_NONBLOCK);
  EXPECT_EQ(hosts.server.fcntl(fd, F_GETFD), FD_CLOEXEC);
}

TEST(Accept, WithoutWaitingAndWithATimeLimit) {
  PosixPair hosts;
  const int listener = hosts.listens(80);
  const timeval limit{0, 30'000};
  EXPECT_EQ(hosts.server.setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), 0);
  const Instant before = hosts.pair.now();
  EXPECT_EQ(answer_of(hosts.server.accept(listener, nullptr, nullptr)), "EAGAIN");
  EXPECT_EQ(hosts.pair.now() - before, 30ms);
  EXPECT_EQ(hosts.server.fcntl(listener, F_SETFL, O_NONBLOCK), 0);
  EXPECT_EQ(answer_of(hosts.server.accept(listener, nullptr, nullptr)), "EAGAIN");
  EXPECT_EQ(hosts.pair.now() - before, 30ms);
}

// Nobody will ever come, and the virtual clock knows it.
TEST(Accept, WaitingForWhatCannotHappenIsADeadlock) {
  PosixPair hosts;
  EXPECT_EQ(answer_of(hosts.server.accept(hosts.listens(80), nullptr, nullptr)), "EDEADLK");
}

TEST(Accept, ClosingTheListenerEndsAWaitingAccept) {
  PosixPair hosts;
  const int listener = hosts.listens(80);
  hosts.after(20ms, [&] { EXPECT_EQ(hosts.server.close(listener), 0); });
  EXPECT_EQ(answer_of(hosts.server.accept(listener, nullptr, nullptr)), "EBADF");
  const int other = hosts.listens(80);
  hosts.after(20ms, [&] { EXPECT_EQ(hosts.server.shutdown(other, SHUT_RD), 0); });
  EXPECT_EQ(answer_of(hosts.server.accept(other, nullptr, nullptr)), "EINVAL");
}

TEST(Accept, ClosingAListenerResetsWhoWaitsInIt) {
  PosixPair hosts;
  const int listener = hosts.listens(80);
  const int client = hosts.client.socket(AF_INET, SOCK_STREAM, 0);
  const sockaddr_in address = hosts.server_address(80);
  ASSERT_EQ(hosts.client.connect(client, generic(address), sizeof address), 0);
  EXPECT_EQ(hosts.server.close(listener), 0);
  char byte = 0;
  EXPECT_EQ(answer_of(hosts.client.recv(client, &byte, 1, 0)), "ECONNRESET");
}

TEST(Accept, AFullTableRefusesBeforeItTakes) {
  PosixPair hosts(testing::test_config(1), testing::test_config(2), {.descriptors_max = 2});
  const int listener = hosts.listens(80);
  const int client = hosts.client.socket(AF_INET, SOCK_STREAM, 0);
  const sockaddr_in address = hosts.server_address(80);
  ASSERT_EQ(hosts.client.connect(client, generic(address), sizeof address), 0);
  const int spare = hosts.server.socket(AF_INET, SOCK_STREAM, 0);
  EXPECT_EQ(answer_of(hosts.server.accept(listener, nullptr, nullptr)), "EMFILE");
  EXPECT_EQ(hosts.server.close(spare), 0);
  EXPECT_EQ(hosts.server.accept(listener, nullptr, nullptr), spare);
}

TEST(Accept, OptionsOfTheListenerAreInherited) {
  PosixPair hosts;
  const int listener = hosts.listens(80, IPPROTO_TCP, TCP_NODELAY, 1);
  const PosixPair::Ends ends = hosts.connects(listener, 80);
  int value = 0;
  socklen_t length = sizeof value;
  EXPECT_EQ(hosts.server.getsockopt(ends.server, IPPROTO_TCP, TCP_NODELAY, &value, &length), 0);
  EXPECT_EQ(value, 1);
}

// --- TCP_DEFER_ACCEPT ---

TEST(DeferAccept, WhoSpeaksGoesFirstAndSilenceIsHeardInTheEnd) {
  PosixPair hosts;
  const int listener = hosts.listens(80, IPPROTO_TCP, TCP_DEFER_ACCEPT, 3);
  ASSERT_GE(listener, 0);
  hosts.server.fcntl(listener, F_SETFL, O_NONBLOCK);
  const sockaddr_in address = hosts.server_address(80);
  const int silent = hosts.client.socket(AF_INET, SOCK_STREAM, 0);
  const int talker = hosts.client.socket(AF_INET, SOCK_STREAM, 0);
  ASSERT_EQ(hosts.client.connect(silent, generic(address), sizeof address), 0);
  ASSERT_EQ(hosts.client.connect(talker, generic(address), sizeof address), 0);
  EXPECT_EQ(answer_of(hosts.server.accept(listener, nullptr, nullptr)), "EAGAIN");
  EXPECT_EQ(PosixPair::says(hosts.client, talker, "me"), 2);
  hosts.passes(5ms);
  const int first = hosts.server.accept(listener, nullptr, nullptr);
  ASSERT_GE(first, 0);
  EXPECT_EQ(PosixPair::hears(hosts.server, first, 10, 0), "me");
  EXPECT_EQ(answer_of(hosts.server.accept(listener, nullptr, nullptr)), "EAGAIN");
  hosts.server.fcntl(listener, F_SETFL, 0);
  const Instant before = hosts.pair.now();
  EXPECT_GE(hosts.server.accept(listener, nullptr, nullptr), 0);
  EXPECT_GT(hosts.pair.now() - before, 2s);
  EXPECT_LE(hosts.pair.now() - before, 3s);
}

// --- Held SYNs ---

TEST(HeldSyn, PlainAcceptTakesTheHead) {
  HeldHosts hosts;
  const int first = hosts.knocks("one"), second = hosts.knocks("two");
  EXPECT_EQ(hosts.pair.client.stats().connections_opened, 0u);
  const int fd = hosts.server.accept(hosts.listener, nullptr, nullptr);
  ASSERT_GE(fd, 0);
  EXPECT_EQ(PosixPair::hears(hosts.server, fd, 10, 0), "one");
  hosts.passes(10ms);
  const sockaddr_in address = hosts.server_address(80);
  EXPECT_EQ(hosts.client.connect(first, generic(address), sizeof address), 0);
  EXPECT_EQ(answer_of(hosts.client.connect(second, generic(address), sizeof address)), "EALREADY");
}

TEST(HeldSyn, TheOptionBelongsBeforeListen) {
  HeldHosts hosts;
  const int off = 0;
  EXPECT_EQ(answer_of(hosts.server.setsockopt(hosts.listener, SOL_ANTEROOM, ANTEROOM_HOLD_SYN, &off,
                                              sizeof off)),
            "EINVAL");
}

TEST(AcceptIf, AcceptsWithResponseDataInTheSynAck) {
  HeldHosts hosts;
  const int client = hosts.knocks("knock");
  Story story{hosts, {}, {}, "come in"};
  const int fd = hosts.server.accept_if(
      hosts.listener,
      [](const Request& request, AcceptAnswer& answer, void* context) {
        Story& told = *static_cast<Story*>(context);
        told.saw.emplace_back(text_of(request.caller_data));
        answer.response_data = bytes_of(told.response);
        return AcceptVerdict::accept;
      },
      &story);
  ASSERT_GE(fd, 0);
  EXPECT_THAT(story.saw, ::testing::ElementsAre("knock"));
  EXPECT_EQ(PosixPair::hears(hosts.server, fd, 10, 0), "knock");
  hosts.passes(10ms);
  int bytes = 0;
  socklen_t length = sizeof bytes;
  EXPECT_EQ(hosts.client.getsockopt(client, SOL_ANTEROOM, ANTEROOM_RESPONSE_BYTES, &bytes, &length),
            0);
  EXPECT_EQ(bytes, 7);
  EXPECT_EQ(
      hosts.client.getsockopt(client, SOL_ANTEROOM, ANTEROOM_CALLER_BYTES_TAKEN, &bytes, &length),
      0);
  EXPECT_EQ(bytes, 5);
  EXPECT_EQ(PosixPair::hears(hosts.client, client, 10, 0), "come in");
}

TEST(AcceptIf, RejectedAndIgnored) {
  HeldHosts hosts;
  const int first = hosts.knocks("");
  EXPECT_EQ(
      answer_of(hosts.server.accept_if(hosts.listener, always<AcceptVerdict::reject>, nullptr)),
      "ECONNREFUSED");
  hosts.passes(10ms);
  EXPECT_EQ(hosts.error_of(first), ECONNREFUSED);
  const int second = hosts.knocks("");
  EXPECT_EQ(
      answer_of(hosts.server.accept_if(hosts.listener, always<AcceptVerdict::ignore>, nullptr)),
      "ECANCELED");
  hosts.passes(100ms);
  EXPECT_EQ(hosts.error_of(second), 0);  // it goes on trying
  EXPECT_EQ(hosts.pair.server.stats().requests_held, 0u);
}

// WSPAccept CF_DEFER: the head stays the head.
TEST(AcceptIf, ADeferredHeadIsAskedAboutAgain) {
  HeldHosts hosts;
  hosts.knocks("one");
  hosts.knocks("two");
  Story story{hosts, {}, {}, ""};
  const AcceptCondition twice = [](const Request& request, AcceptAnswer&, void* context) {
    Story& told = *static_cast<Story*>(context);
    told.saw.emplace_back(text_of(request.caller_data));
    return request.deferrals == 0 ? AcceptVerdict::defer : AcceptVerdict::accept;
  };
  EXPECT_EQ(answer_of(hosts.server.accept_if(hosts.listener, twice, &story)), "EINPROGRESS");
  pollfd entry{hosts.listener, POLLIN, 0};
  EXPECT_EQ(hosts.server.poll(&entry, 1, 0), 1);  // a deferred head stays readable
  EXPECT_GE(hosts.server.accept_if(hosts.listener, twice, &story), 0);
  EXPECT_EQ(answer_of(hosts.server.accept_if(hosts.listener, twice, &story)), "EINPROGRESS");
  EXPECT_THAT(story.saw, ::testing::ElementsAre("one", "one", "two"));
}

TEST(AcceptIf, ADeferredRequestStepsAsideWhereAsked) {
  PosixPair hosts;
  const int fd = hosts.server.socket(AF_INET, SOCK_STREAM, 0);
  const int on = 1;
  hosts.server.setsockopt(fd, SOL_ANTEROOM, ANTEROOM_HOLD_SYN, &on, sizeof on);
  hosts.server.setsockopt(fd, SOL_ANTEROOM, ANTEROOM_DEFER_ASIDE, &on, sizeof on);
  const sockaddr_in address = hosts.server_address(80);
  hosts.server.bind(fd, generic(address), sizeof address);
  ASSERT_EQ(hosts.server.listen(fd, 4), 0);
  for (const std::string data : {"one", "two"}) {
    const int client = hosts.client.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    hosts.client.setsockopt(client, SOL_ANTEROOM, ANTEROOM_CALLER_DATA, data.data(),
                            static_cast<socklen_t>(data.size()));
    hosts.client.connect(client, generic(address), sizeof address);
    hosts.passes(10ms);
  }
  std::vector<std::string> saw;
  const AcceptCondition defer = [](const Request& request, AcceptAnswer&, void* context) {
    static_cast<std::vector<std::string>*>(context)->emplace_back(text_of(request.caller_data));
    return AcceptVerdict::defer;
  };
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(answer_of(hosts.server.accept_if(fd, defer, &saw)), "EINPROGRESS");
  }
  EXPECT_THAT(saw, ::testing::ElementsAre("one", "two", "one", "two"));
}

TEST(AcceptIf, WaitsForARequest) {
  HeldHosts hosts;
  hosts.after(50ms, [&] {
    const int client = hosts.client.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    const sockaddr_in address = hosts.server_address(80);
    hosts.client.connect(client, generic(address), sizeof address);
  });
  EXPECT_GE(hosts.server.accept_if(hosts.listener, always<AcceptVerdict::accept>, nullptr), 0);
  EXPECT_EQ(answer_of(hosts.server.accept_if(1, always<AcceptVerdict::accept>, nullptr)), "EBADF");
  EXPECT_EQ(answer_of(hosts.server.accept_if(hosts.listener, nullptr, nullptr)), "EFAULT");
  const int ordinary = hosts.listens(81);
  EXPECT_EQ(answer_of(hosts.server.accept_if(ordinary, always<AcceptVerdict::accept>, nullptr)),
            "EOPNOTSUPP");
}

TEST(AcceptIf, ResponseDataThatDoesNotFitLeavesTheRequest) {
  HeldHosts hosts;
  hosts.knocks("");
  Story story{hosts, {}, {}, std::string(2'000, 'r')};
  const AcceptCondition long_answer = [](const Request& request, AcceptAnswer& answer,
                                         void* context) {
    answer.response_data = bytes_of(static_cast<Story*>(context)->response);
    answer.overflow_to_stream = request.deferrals > 0;
    return AcceptVerdict::accept;
  };
  EXPECT_EQ(answer_of(hosts.server.accept_if(hosts.listener, long_answer, &story)), "EMSGSIZE");
  const AcceptCondition odd = [](const Request&, AcceptAnswer&, void*) {
    return static_cast<AcceptVerdict>(77);
  };
  EXPECT_EQ(answer_of(hosts.server.accept_if(hosts.listener, odd, nullptr)), "EINVAL");
  EXPECT_EQ(
      answer_of(hosts.server.accept_if(hosts.listener, always<AcceptVerdict::defer>, nullptr)),
      "EINPROGRESS");
  const int fd = hosts.server.accept_if(hosts.listener, long_answer, &story);
  EXPECT_GE(fd, 0);
}

// --- Misuse inside the callback ---

TEST(AcceptIf, TheCallbackMayCallButNotAcceptOnItsListener) {
  HeldHosts hosts;
  hosts.knocks("");
  Story story{hosts};
  const int fd = hosts.server.accept_if(
      hosts.listener,
      [](const Request&, AcceptAnswer&, void* context) {
        Story& told = *static_cast<Story*>(context);
        PosixSockets& server = told.hosts.server;
        const int listener = told.hosts.listener;
        told.answers.push_back(answer_of(server.accept(listener, nullptr, nullptr)));
        told.answers.push_back(
            answer_of(server.accept_if(listener, always<AcceptVerdict::accept>, nullptr)));
        pollfd entry{listener, POLLIN, 0};
        told.answers.push_back(answer_of(server.poll(&entry, 1, 0)));
        told.answers.push_back(answer_of(server.close(server.socket(AF_INET, SOCK_STREAM, 0))));
        return AcceptVerdict::accept;
      },
      &story);
  EXPECT_GE(fd, 0);
  EXPECT_THAT(story.answers, ::testing::ElementsAre("EDEADLK", "EDEADLK", "0", "0"));
}

TEST(AcceptIf, ClosingTheListenerInsideMakesTheVerdictVoid) {
  HeldHosts hosts;
  const int client = hosts.knocks("");
  const AcceptCondition closes = [](const Request&, AcceptAnswer&, void* context) {
    HeldHosts& inside = *static_cast<HeldHosts*>(context);
    EXPECT_EQ(inside.server.close(inside.listener), 0);
    return AcceptVerdict::accept;
  };
  EXPECT_EQ(answer_of(hosts.server.accept_if(hosts.listener, closes, &hosts)), "EBADF");
  EXPECT_EQ(hosts.pair.server.stats().requests_held, 0u);
  hosts.pair.server.check_invariants();
  hosts.passes(2s);  // its next SYN finds nobody
  EXPECT_EQ(hosts.error_of(client), ECONNREFUSED);
}

TEST(AcceptIf, ARequestThatGoesMeanwhileIsAborted) {
  HeldHosts hosts;
  const int client = hosts.knocks("");
  std::pair<HeldHosts*, int> context{&hosts, client};
  const AcceptCondition slow = [](const Request&, AcceptAnswer&, void* given) {
    auto& [inside, caller] = *static_cast<std::pair<HeldHosts*, int>*>(given);
    inside->passes(200s);  // longer than any client waits
    return AcceptVerdict::accept;
  };
  EXPECT_EQ(answer_of(hosts.server.accept_if(hosts.listener, slow, &context)), "ECONNABORTED");
}

// What another thread does while the condition function runs: the request is not there for it.
TEST(AcceptIf, AJudgedRequestIsNobodyElses) {
  HeldHosts hosts;
  hosts.knocks("");
  const AcceptCondition looks = [](const Request&, AcceptAnswer&, void* context) {
    HeldHosts& inside = *static_cast<HeldHosts*>(context);
    std::string answer;
    std::thread other([&] {
      inside.server.fcntl(inside.listener, F_SETFL, O_NONBLOCK);
      answer = answer_of(inside.server.accept(inside.listener, nullptr, nullptr));
    });
    other.join();
    EXPECT_EQ(answer, "EAGAIN");
    return AcceptVerdict::accept;
  };
  EXPECT_GE(hosts.server.accept_if(hosts.listener, looks, &hosts), 0);
}

}  // namespace
}  // namespace anteroom
