// Names with a better one; this file is also listed nowhere. expect: listed
void names() {
  auto a = std::chrono::steady_clock::now();   // expect: banned
  int b = rand();                              // expect: banned
  std::memcpy(c, d, 4);                        // expect: banned
  assert(b > 0);                               // expect: banned
}
static_assert(sizeof(int) == 4);
std::shared_ptr<int> e;                        // expect: banned
using namespace std;                           // expect: banned
int operand(int x);  // a name that contains rand
// TODO: promise something expect: banned
