// A test may use the testing library and GoogleTest, and nothing here is wrong.
#include <vector>

#include <gtest/gtest.h>

#include <anteroom/testing/peer.h>

#include "stack/testing/script.h"

using namespace std::chrono_literals;

namespace {

const char* text = R"(memcpy( "steady_clock" assert( })";
constexpr int kThousand = 1'000;  // the quote opens no literal: memcpy(

}  // namespace
