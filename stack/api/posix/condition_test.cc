// Held SYNs and the condition function: every verdict, and every way to misuse it.
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

// The cookie goes out, and the request comes back with its address validated.
TEST(AcceptIf, AChallengedRequestComesAgainValidated) {
  HeldHosts hosts;
  const int client = hosts.knocks("");
  std::vector<bool> validated;
  const AcceptCondition careful = [](const Request& request, AcceptAnswer&, void* context) {
    static_cast<std::vector<bool>*>(context)->push_back(request.address_validated);
    return request.address_validated ? AcceptVerdict::accept : AcceptVerdict::challenge;
  };
  EXPECT_EQ(answer_of(hosts.server.accept_if(hosts.listener, careful, &validated)), "EALREADY");
  const int fd = hosts.server.accept_if(hosts.listener, careful, &validated);
  EXPECT_GE(fd, 0);
  EXPECT_THAT(validated, ::testing::ElementsAre(false, true));
  const sockaddr_in address = hosts.server_address(80);
  EXPECT_EQ(hosts.client.connect(client, generic(address), sizeof address), 0);
}

// The listener of a held SYN with two more options.
struct ChosenHosts : PosixPair {
  explicit ChosenHosts(int first, int second = ANTEROOM_HOLD_SYN) {
    listener = server.socket(AF_INET, SOCK_STREAM, 0);
    const int on = 1;
    for (const int name : {int{ANTEROOM_HOLD_SYN}, first, second}) {
      EXPECT_EQ(server.setsockopt(listener, SOL_ANTEROOM, name, &on, sizeof on), 0);
    }
    EXPECT_EQ(server.setsockopt(listener, IPPROTO_TCP, TCP_SAVE_SYN, &on, sizeof on), 0);
    const sockaddr_in address = server_address(80);
    EXPECT_EQ(server.bind(listener, generic(address), sizeof address), 0);
    EXPECT_EQ(server.listen(listener, 8), 0);
  }
  int listener = -1;
};

TEST(AcceptIf, TheHandshakeComesFirstWhereAsked) {
  ChosenHosts hosts(ANTEROOM_HANDSHAKE_FIRST);
  const int client = hosts.client.socket(AF_INET, SOCK_STREAM, 0);
  const sockaddr_in address = hosts.server_address(80);
  EXPECT_EQ(hosts.client.connect(client, generic(address), sizeof address), 0);
  const AcceptCondition rejects = [](const Request& request, AcceptAnswer&, void*) {
    EXPECT_TRUE(request.handshake_complete);
    return AcceptVerdict::reject;
  };
  EXPECT_EQ(answer_of(hosts.server.accept_if(hosts.listener, rejects, nullptr)), "ECONNREFUSED");
  char byte = 0;
  EXPECT_EQ(answer_of(hosts.client.recv(client, &byte, 1, 0)), "ECONNRESET");
}

TEST(AcceptIf, MarkedConnectDataIsOutsideTheStream) {
  ChosenHosts hosts(ANTEROOM_MARKED);
  const int client = hosts.client.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  const int marked = ANTEROOM_MARKED_ONLY;
  hosts.client.setsockopt(client, SOL_ANTEROOM, ANTEROOM_MARKED, &marked, sizeof marked);
  hosts.client.setsockopt(client, SOL_ANTEROOM, ANTEROOM_CALLER_DATA, "knock", 5);
  const sockaddr_in address = hosts.server_address(80);
  EXPECT_EQ(answer_of(hosts.client.connect(client, generic(address), sizeof address)),
            "EINPROGRESS");
  std::string saw;
  const int fd = hosts.server.accept_if(
      hosts.listener,
      [](const Request& request, AcceptAnswer& answer, void* context) {
        *static_cast<std::string*>(context) = text_of(request.caller_data);
        answer.response_data = bytes_of("come in");
        return AcceptVerdict::accept;
      },
      &saw);
  ASSERT_GE(fd, 0);
  EXPECT_EQ(saw, "knock");
  hosts.passes(10ms);
  EXPECT_EQ(PosixPair::says(hosts.server, fd, "stream"), 6);
  std::string data(16, '.');
  socklen_t length = 3;
  EXPECT_EQ(answer_of(hosts.client.getsockopt(client, SOL_ANTEROOM, ANTEROOM_CONNECT_DATA,
                                              data.data(), &length)),
            "EMSGSIZE");
  EXPECT_EQ(length, 7u);
  EXPECT_EQ(
      hosts.client.getsockopt(client, SOL_ANTEROOM, ANTEROOM_CONNECT_DATA, data.data(), &length),
      0);
  EXPECT_EQ(data.substr(0, length), "come in");
  hosts.passes(10ms);
  EXPECT_EQ(PosixPair::hears(hosts.client, client, 16, 0), "stream");
  EXPECT_EQ(PosixPair::says(hosts.client, client, "answer"), 6);
  EXPECT_EQ(PosixPair::hears(hosts.server, fd, 16, 0), "answer");
}

TEST(AcceptIf, AClientThatInsistsOnMarksFailsElsewhere) {
  PosixPair hosts;
  hosts.listens(80);
  const int client = hosts.client.socket(AF_INET, SOCK_STREAM, 0);
  const int marked = ANTEROOM_MARKED_ONLY;
  hosts.client.setsockopt(client, SOL_ANTEROOM, ANTEROOM_MARKED, &marked, sizeof marked);
  hosts.client.setsockopt(client, SOL_ANTEROOM, ANTEROOM_CALLER_DATA, "knock", 5);
  const sockaddr_in address = hosts.server_address(80);
  EXPECT_EQ(answer_of(hosts.client.connect(client, generic(address), sizeof address)), "EPROTO");
}

TEST(AcceptIf, TheSynIsSavedForTheConnection) {
  ChosenHosts hosts(ANTEROOM_DEFER_ASIDE);
  const int client = hosts.client.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  const sockaddr_in address = hosts.server_address(80);
  hosts.client.connect(client, generic(address), sizeof address);
  const int fd = hosts.server.accept(hosts.listener, nullptr, nullptr);
  ASSERT_GE(fd, 0);
  std::vector<std::uint8_t> syn(200);
  socklen_t length = 10;
  EXPECT_EQ(answer_of(hosts.server.getsockopt(fd, IPPROTO_TCP, TCP_SAVED_SYN, syn.data(), &length)),
            "EINVAL");
  EXPECT_GE(length, 40u);
  length = 200;
  EXPECT_EQ(hosts.server.getsockopt(fd, IPPROTO_TCP, TCP_SAVED_SYN, syn.data(), &length), 0);
  EXPECT_EQ(syn[0] >> 4, 4);  // IPv4
  EXPECT_EQ(syn[9], IPPROTO_TCP);
  EXPECT_EQ(syn[33] & 0x3f, TH_SYN);  // the flags
  EXPECT_EQ(hosts.server.getsockopt(fd, IPPROTO_TCP, TCP_SAVED_SYN, syn.data(), &length), 0);
  EXPECT_EQ(length, 0u);  // once
}

// What the condition function chooses is on the SYN-ACK and on what follows it.
TEST(AcceptIf, TheAnswerMayChooseADscp) {
  std::vector<int> seen;  // outlives the wire that writes into it
  HeldHosts hosts;
  hosts.knocks("");
  hosts.pair.set_wire([&](testing::Toward toward, std::vector<std::uint8_t>& frame) {
    if (toward == testing::Toward::client) seen.push_back(frame[15] >> 2);
    return true;
  });
  const int fd = hosts.server.accept_if(
      hosts.listener,
      [](const Request&, AcceptAnswer& answer, void*) {
        answer.dscp = 46;
        return AcceptVerdict::accept;
      },
      nullptr);
  PosixPair::says(hosts.server, fd, "x");
  hosts.passes(10ms);
  EXPECT_GE(seen.size(), 2u);
  EXPECT_THAT(seen, ::testing::Each(46));
  int type_of_service = 0;
  socklen_t length = sizeof type_of_service;
  EXPECT_EQ(hosts.server.getsockopt(fd, IPPROTO_IP, IP_TOS, &type_of_service, &length), 0);
  EXPECT_EQ(type_of_service, 46 << 2);
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

TEST(AcceptIf, ShuttingTheListenerDownInsideDoesToo) {
  HeldHosts hosts;
  hosts.knocks("");
  const AcceptCondition shuts = [](const Request&, AcceptAnswer&, void* context) {
    HeldHosts& inside = *static_cast<HeldHosts*>(context);
    EXPECT_EQ(inside.server.shutdown(inside.listener, SHUT_RD), 0);
    return AcceptVerdict::accept;
  };
  EXPECT_EQ(answer_of(hosts.server.accept_if(hosts.listener, shuts, &hosts)), "EINVAL");
  EXPECT_EQ(hosts.pair.server.stats().requests_held, 0u);
  EXPECT_EQ(hosts.server.listen(hosts.listener, 1), 0);  // and can begin again
}

TEST(AcceptIf, AFullTableLeavesTheRequest) {
  PosixPair hosts(testing::test_config(1), testing::test_config(2), {.descriptors_max = 2});
  const int listener = hosts.listens(80, SOL_ANTEROOM, ANTEROOM_HOLD_SYN, 1);
  const int client = hosts.client.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  const sockaddr_in address = hosts.server_address(80);
  hosts.client.connect(client, generic(address), sizeof address);
  std::pair<PosixSockets*, int> context{&hosts.server, -1};
  const AcceptCondition takes_the_last = [](const Request&, AcceptAnswer&, void* given) {
    auto& [server, spare] = *static_cast<std::pair<PosixSockets*, int>*>(given);
    spare = server->socket(AF_INET, SOCK_STREAM, 0);
    return AcceptVerdict::accept;
  };
  EXPECT_EQ(answer_of(hosts.server.accept_if(listener, takes_the_last, &context)), "EMFILE");
  EXPECT_EQ(hosts.server.close(context.second), 0);
  EXPECT_GE(hosts.server.accept_if(listener, always<AcceptVerdict::accept>, nullptr), 0);
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
