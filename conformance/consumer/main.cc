// Two hosts in one program: data in the SYN, a verdict, data in the SYN-ACK. The README shows this
// file.
#include <array>
#include <iostream>

#include <anteroom/testing/pair.h>

using namespace std::chrono_literals;
namespace ar = anteroom;

int main() {
  ar::testing::Pair hosts;  // two stacks, a link in memory between them, one virtual clock
  ar::Stack& server = hosts.server;
  const auto listener = server.listen({.local = {{}, 80}, .conditional = true});
  const auto connection = hosts.client.connect(
      hosts.now(),
      {.remote = {hosts.server_address(), 80}, .caller_data = ar::bytes_of("knock, knock")});
  if (!listener || !connection) return 1;

  hosts.run_for(10ms);  // the SYN arrives, and nothing is answered
  for (const ar::Event& event : hosts.take_events(server)) {
    const auto request = server.request(hosts.now(), event.pending);
    if (!request) return 1;
    std::cout << "the caller says: " << ar::text_of(request->caller_data) << '\n';
    const auto answer = ar::bytes_of("who is there?");
    if (!server.accept(hosts.now(), event.pending, {.response_data = answer})) return 1;
  }

  hosts.run_for(10ms);  // the SYN-ACK brings the answer
  std::array<std::uint8_t, 100> answer;
  const auto size = hosts.client.receive_into(hosts.now(), *connection, answer);
  if (!size) return 1;
  std::cout << "the server answers: " << ar::text_of({answer.data(), *size}) << '\n';
  return *size == 13 ? 0 : 1;
}
