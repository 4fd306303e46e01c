// Echo (RFC 862), discard (RFC 863) and character generator (RFC 864).
#include <array>
#include <vector>

#include <fmt/format.h>

#include "tools/anteroom/service.h"
#include "tools/anteroom/slot_table.h"

namespace anteroom::tools {
namespace {

// Sends `data` as far as there is room and returns how far that was. 0 also when the connection is
// over: its `closed` event is on its way.
std::size_t send_some(Stack& stack, Instant now, ConnectionId id, Bytes data) {
  const Result<std::size_t> sent = stack.send(now, id, data);
  return sent ? *sent : 0;
}

class Echo final : public Service {
 public:
  Echo(Stack& stack, tap::Loop& loop) : stack_(stack), loop_(loop), buffer_(kHeldBytesMax) {}

  void open(ConnectionId connection) override { held_.add(connection); }

  void on_event(const Event& event) override {
    std::vector<std::uint8_t>* held = held_.find(event.connection);
    if (held == nullptr) return;
    if (event.kind == EventKind::closed) {
      held_.remove(event.connection);
      (void)stack_.close(loop_.now(), event.connection);
    } else if (event.kind != EventKind::connected) {
      pump(event.connection, *held);
    }
  }

 private:
  // Reads nothing new while something is held: the peer's window closes instead.
  void pump(ConnectionId id, std::vector<std::uint8_t>& held) {
    for (;;) {
      if (!held.empty()) {
        const std::size_t sent = send_some(stack_, loop_.now(), id, held);
        held.erase(held.begin(), held.begin() + static_cast<std::ptrdiff_t>(sent));
        if (!held.empty()) return;
      }
      const Result<std::size_t> size = stack_.receive_into(loop_.now(), id, buffer_);
      if (!size) return;
      if (*size == 0) {
        (void)stack_.close(loop_.now(), id);
        return;
      }
      const Bytes data = Bytes(buffer_).first(*size);
      const Bytes rest = data.subspan(send_some(stack_, loop_.now(), id, data));
      held.assign(rest.begin(), rest.end());
    }
  }

  Stack& stack_;
  tap::Loop& loop_;
  std::vector<std::uint8_t> buffer_;
  SlotTable<ConnectionId, std::vector<std::uint8_t>> held_;
};

// Reads everything; closes when the peer has.
void drain(Stack& stack, Instant now, ConnectionId id, MutableBytes buffer) {
  for (;;) {
    const Result<std::size_t> size = stack.receive_into(now, id, buffer);
    if (!size) return;
    if (*size == 0) {
      (void)stack.close(now, id);
      return;
    }
  }
}

class Discard final : public Service {
 public:
  Discard(Stack& stack, tap::Loop& loop) : stack_(stack), loop_(loop), buffer_(kHeldBytesMax) {}

  void open(ConnectionId) override {}
  void on_event(const Event& event) override {
    if (event.kind == EventKind::closed) {
      (void)stack_.close(loop_.now(), event.connection);
    } else if (event.kind != EventKind::connected) {
      drain(stack_, loop_.now(), event.connection, buffer_);
    }
  }

 private:
  Stack& stack_;
  tap::Loop& loop_;
  std::vector<std::uint8_t> buffer_;
};

class Chargen final : public Service {
 public:
  Chargen(Stack& stack, tap::Loop& loop) : stack_(stack), loop_(loop), buffer_(kHeldBytesMax) {
    // RFC 864: lines of 72 printable characters, each line one further on.
    for (std::size_t line = 0; line < kPrintable; ++line) {
      for (std::size_t i = 0; i < kLineCharacters; ++i) {
        pattern_ += static_cast<char>(' ' + (line + i) % kPrintable);
      }
      pattern_ += "\r\n";
    }
  }

  void open(ConnectionId connection) override { offsets_.add(connection) = 0; }

  void on_event(const Event& event) override {
    std::size_t* offset = offsets_.find(event.connection);
    if (offset == nullptr) return;
    if (event.kind == EventKind::closed) {
      offsets_.remove(event.connection);
      (void)stack_.close(loop_.now(), event.connection);
      return;
    }
    drain(stack_, loop_.now(), event.connection, buffer_);
    for (;;) {
      const Bytes rest = bytes_of(pattern_).subspan(*offset);
      const std::size_t sent = send_some(stack_, loop_.now(), event.connection, rest);
      *offset = (*offset + sent) % pattern_.size();
      if (sent < rest.size()) return;
    }
  }

 private:
  static constexpr std::size_t kPrintable = 95;
  static constexpr std::size_t kLineCharacters = 72;

  Stack& stack_;
  tap::Loop& loop_;
  std::vector<std::uint8_t> buffer_;
  std::string pattern_;
  SlotTable<ConnectionId, std::size_t> offsets_;
};

}  // namespace

std::unique_ptr<Service> make_echo(Stack& stack, tap::Loop& loop) {
  return std::make_unique<Echo>(stack, loop);
}
std::unique_ptr<Service> make_discard(Stack& stack, tap::Loop& loop) {
  return std::make_unique<Discard>(stack, loop);
}
std::unique_ptr<Service> make_chargen(Stack& stack, tap::Loop& loop) {
  return std::make_unique<Chargen>(stack, loop);
}

tap::Outcome<std::unique_ptr<Service>> make_service(const std::string& name, Stack& stack,
                                                    tap::Loop& loop) {
  constexpr std::string_view kForward = "forward:";
  if (name == "echo") return make_echo(stack, loop);
  if (name == "discard") return make_discard(stack, loop);
  if (name == "chargen") return make_chargen(stack, loop);
  if (name.starts_with(kForward)) return make_forward(name.substr(kForward.size()), stack, loop);
  return tap::Problem{fmt::format(
      "cannot use --service '{}': known are echo, discard, chargen and forward:HOST:PORT", name)};
}

}  // namespace anteroom::tools
