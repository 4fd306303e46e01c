// A test that waits for the wall clock.
void sleepy() { std::this_thread::sleep_for(1s); }  // expect: banned
