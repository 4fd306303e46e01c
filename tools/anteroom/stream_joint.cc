// Two pumps. The output is written in pieces of PIPE_BUF, which a pipe that is ready takes whole,
// so that nobody's standard output needs to be made non-blocking.
#include "tools/anteroom/stream_joint.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace anteroom::tools {
namespace {

constexpr std::size_t kHeldBytesMax = 64 * 1024;

}  // namespace

StreamJoint::StreamJoint(Stack& stack, tap::Loop& loop, ConnectionId connection, int input,
                         int output)
    : stack_(stack),
      loop_(loop),
      connection_(connection),
      input_(input),
      output_(output),
      buffer_(kHeldBytesMax) {}

StreamJoint::~StreamJoint() {
  if (input_watched_) loop_.unwatch(input_);
  if (output_watched_) loop_.unwatch(output_);
}

Bytes StreamJoint::read_ahead(std::size_t bytes) {
  const std::size_t wanted = std::min(bytes, buffer_.size());
  const auto size =
      stack_.receive_into(loop_.now(), connection_, MutableBytes(buffer_).first(wanted));
  if (size)
    to_output_.assign(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(*size));
  return to_output_;
}

tap::Trouble StreamJoint::start(bool with_input) {
  started_ = true;
  input_open_ = with_input;
  if (with_input) {
    // A file cannot be waited for, and never needs to be.
    const auto handler = [this](tap::Readiness) { on_input(); };
    input_watched_ = !loop_.watch(input_, {.readable = true}, handler);
  }
  pump();
  return std::nullopt;
}

void StreamJoint::pump() {
  if (!started_) return;
  pump_output();
  pump_input();
}

void StreamJoint::stop_input() {
  if (input_watched_) loop_.unwatch(input_);
  input_watched_ = false;
  input_open_ = false;
}

void StreamJoint::on_input() {
  const ssize_t size = read(input_, buffer_.data(), buffer_.size());
  if (size < 0 && (errno == EINTR || errno == EAGAIN)) return;
  if (size <= 0) {
    stop_input();
    (void)stack_.shutdown(loop_.now(), connection_);
    return;
  }
  const Bytes data = Bytes(buffer_).first(static_cast<std::size_t>(size));
  const Result<std::size_t> sent = stack_.send(loop_.now(), connection_, data);
  const Bytes rest = data.subspan(sent ? *sent : 0);
  to_stack_.assign(rest.begin(), rest.end());
  if (!to_stack_.empty() && input_watched_) loop_.set_wanted(input_, {});
}

void StreamJoint::pump_input() {
  if (!to_stack_.empty()) {
    const Result<std::size_t> sent = stack_.send(loop_.now(), connection_, to_stack_);
    const auto taken = static_cast<std::ptrdiff_t>(sent ? *sent : 0);
    to_stack_.erase(to_stack_.begin(), to_stack_.begin() + taken);
    if (!to_stack_.empty()) return;
    if (input_watched_) loop_.set_wanted(input_, {.readable = true});
  }
  while (input_open_ && !input_watched_ && to_stack_.empty()) on_input();
}

bool StreamJoint::output_is_ready() const {
  pollfd descriptor{output_, POLLOUT, 0};
  return poll(&descriptor, 1, 0) == 1;
}

void StreamJoint::watch_output(bool wanted) {
  if (wanted == output_watched_) return;
  if (wanted) {
    output_watched_ = !loop_.watch(output_, {.writable = true}, [this](tap::Readiness) {
      pump();
      if (finished_) finish();
    });
  } else {
    loop_.unwatch(output_);
    output_watched_ = false;
  }
}

// False: the output is full, and will say when it is not.
bool StreamJoint::write_held() {
  std::size_t written = 0;
  while (written < to_output_.size() && output_is_ready()) {
    const std::size_t piece = std::min<std::size_t>(PIPE_BUF, to_output_.size() - written);
    const ssize_t count = write(output_, to_output_.data() + written, piece);
    if (count > 0) written += static_cast<std::size_t>(count);
    if (count < 0 && errno != EINTR && errno != EAGAIN) {
      // Nobody reads any more: the peer should know.
      (void)stack_.abort(loop_.now(), connection_);
      written = to_output_.size();
    }
  }
  to_output_.erase(to_output_.begin(), to_output_.begin() + static_cast<std::ptrdiff_t>(written));
  watch_output(!to_output_.empty());
  return to_output_.empty();
}

void StreamJoint::pump_output() {
  while (write_held() && !peer_ended_) {
    const Result<std::size_t> size = stack_.receive_into(loop_.now(), connection_, buffer_);
    if (!size) return;
    if (*size == 0) {
      peer_ended_ = true;
      // With input our direction ends when that does, and else now.
      if (!input_open_ && to_stack_.empty()) (void)stack_.shutdown(loop_.now(), connection_);
      return;
    }
    to_output_.assign(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(*size));
  }
}

void StreamJoint::finish() {
  finished_ = true;
  if (started_) pump_output();
  if (!to_output_.empty()) return;
  stop_input();
  loop_.request_stop();
}

}  // namespace anteroom::tools
