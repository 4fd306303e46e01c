// Two hosts in one program: data in the SYN, a verdict, data in the SYN-ACK. Shown in README.md.
#include <array>
#include <iostream>

#include <anteroom/stack.h>
#include <anteroom/tap/memory_link.h>

using namespace std::chrono_literals;
namespace ar = anteroom;

static ar::Config host(std::uint8_t number) {
  ar::Config config;
  config.interface.addresses = {{ar::IpAddress::v4(192, 0, 2, number), 24}};
  config.interface.mac.octets[5] = number;
  config.seed[0] = number;  // constant, so that every run is the same; else ar::tap::random_seed()
  return config;
}

// Takes what the link has for the stack, and what the stack has for the link.
static void carry(ar::Instant now, ar::Stack& stack, ar::tap::Link& link) {
  std::array<std::uint8_t, 2048> frame;
  while (const std::size_t size = link.receive(now, frame))
    stack.receive(now, {frame.data(), size});
  while (const std::size_t size = stack.next_frame(now, frame))
    link.send(now, {frame.data(), size});
}

int main() {
  ar::Stack server(host(1));
  ar::Stack client(host(2));
  ar::tap::MemoryLink wire({});
  ar::Instant now{};
  const auto listener = server.listen({.local = {{}, 80}, .conditional = true});
  const auto connection = client.connect(now, {.remote = {ar::IpAddress::v4(192, 0, 2, 1), 80},
                                               .caller_data = ar::bytes_of("knock, knock")});
  if (!listener || !connection) return 1;

  std::array<std::uint8_t, 100> answer;
  for (; now < ar::Instant(1s); now += 1ms) {
    carry(now, client, wire.first());
    carry(now, server, wire.second());
    while (const auto event = server.next_event()) {
      if (event->kind != ar::EventKind::connection_requested) continue;
      const auto request = server.request(now, event->pending);  // nothing has been answered yet
      std::cout << "the caller says: " << ar::text_of(request->caller_data) << '\n';
      if (!server.accept(now, event->pending, {.response_data = ar::bytes_of("who is there?")}))
        return 1;
    }
    const auto size = client.receive_into(now, *connection, answer);
    if (!size) continue;
    std::cout << "the server answers: " << ar::text_of({answer.data(), *size}) << '\n';
    return *size == 13 ? 0 : 1;
  }
  return 1;
}
