// Signal handlers reach only what is global: the loop that runs.
#include "tools/anteroom/stop_signals.h"

#include <signal.h>

#include <atomic>

namespace anteroom::tools {
namespace {

std::atomic<tap::Loop*> running_loop{nullptr};

extern "C" void stop_running_loop(int) {
  if (tap::Loop* loop = running_loop.load()) loop->request_stop();
}

void set_handler(int signal, void (*handler)(int)) {
  struct sigaction action = {};
  action.sa_handler = handler;
  sigaction(signal, &action, nullptr);
}

}  // namespace

StopSignals::StopSignals(tap::Loop& loop) {
  running_loop.store(&loop);
  set_handler(SIGINT, stop_running_loop);
  set_handler(SIGTERM, stop_running_loop);
  set_handler(SIGPIPE, SIG_IGN);
}

StopSignals::~StopSignals() {
  set_handler(SIGINT, SIG_DFL);
  set_handler(SIGTERM, SIG_DFL);
  running_loop.store(nullptr);
}

}  // namespace anteroom::tools
