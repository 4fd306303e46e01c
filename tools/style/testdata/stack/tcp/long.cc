// Functions of all shapes; the limit of the self-test is six lines.
#include <vector>

namespace anteroom {

template <class T>
struct Shape {
  int six_lines() {
    int x = 0;
    x += 1;
    x += 2;
    return x;
  }
  int seven_lines() {  // expect: size
    const char* brace = "}";
    char other = '}';
    // }
    brace += R"x(})x"[0] == other;
    return 0;
  }
};

Listener::Listener(int a) : a_{a}, b_(a), c_{  // expect: size
                                   1,
                                   2,
                                   3,
                               } {
  start();
}

bool operator==(const Shape<int>& a, const Shape<int>& b) {  // expect: size
  int x = 0;
  x += 1;
  x += 2;
  x += 3;
  x += 4;
  return a.x == b.x;
}

constexpr Row kTable[] = {
    {row(1)},
    {row(2)},
    {row(3)},
    {row(4)},
    {row(5)},
    {row(6)},
    {row(7)},
};

const char* to_string(Error error) {
  switch (error) {
    case Error::none: return "none";
    case Error::refused: return "refused";
    case Error::timed_out: return "timed_out";
  }
  return "unknown";
}

TEST(Suite, LongTest) {  // expect: size
  if (true) {
    while (false) {
    }
  }
  more();
  more();
}

int ratcheted() {
  step();
  step();
  step();
  step();
  step();
  step();
  return 0;
}

int grown() {  // expect: size
  step();
  step();
  step();
  step();
  step();
  step();
  return 0;
}

}  // namespace anteroom
