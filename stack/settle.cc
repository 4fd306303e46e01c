// After each call on a connection or a request: what the owner is to be told, whether there may be
// something to send, when it wants the time again, and whether it is over.
#include "stack/parts.h"

namespace anteroom {

void Stack::Parts::push(SlotList& list, std::uint32_t index, std::uint32_t ConnectionSlot::*link) {
  connections[index].*link = kNoSlot;
  (list.last == kNoSlot ? list.first : connections[list.last].*link) = index;
  list.last = index;
}

std::uint32_t Stack::Parts::pop(SlotList& list, std::uint32_t ConnectionSlot::*link) {
  const std::uint32_t index = list.first;
  if (index == kNoSlot) return kNoSlot;
  list.first = connections[index].*link;
  if (list.first == kNoSlot) list.last = kNoSlot;
  connections[index].*link = kNoSlot;
  return index;
}

void Stack::Parts::settle(std::uint32_t index) {
  if (!connections[index].tcp.is_finished()) mark_ready(index);
  settle_quietly(index);
}

void Stack::Parts::settle_quietly(std::uint32_t index) {
  ConnectionSlot& slot = connections[index];
  if (slot.half_open) settle_handshake(index);
  if (slot.has_request && !settle_request(index)) return;
  if (slot.fast_open_waits) settle_fast_open(index);
  if (slot.tcp.signals() != 0 && may_tell(slot)) queue_event(index);
  const auto [at, timer] = slot.tcp.deadline();
  if (timer == Timer::none) {
    deadlines.clear(index, deadline_positions());
  } else {
    deadlines.set(index, at, deadline_positions());
  }
  if constexpr (kChecked) slot.tcp.check_invariants();
  if (slot.tcp.is_finished()) free_if_over(index);
}

// A connection of an ordinary listener enters its accept queue when established, or leaves unheard
// of.
void Stack::Parts::settle_handshake(std::uint32_t index) {
  ConnectionSlot& slot = connections[index];
  if (slot.tcp.state() == State::syn_received) return;
  slot.half_open = false;
  Listener* listener = listeners.find(slot.listener);
  if (listener == nullptr) return;
  --listener->half_open;
  if (slot.has_request) return;
  if (slot.tcp.is_finished() || slot.tcp.failure()) return;
  enter_accept_queue(index, *listener);
}

void Stack::Parts::enter_accept_queue(std::uint32_t index, Listener& listener) {
  connections[index].announced = true;
  ++listener.ready;
  SlotList queue{listener.first_ready, listener.last_ready};
  push(queue, index, &ConnectionSlot::next_accept);
  listener.first_ready = queue.first;
  listener.last_ready = queue.last;
}

void Stack::Parts::mark_ready(std::uint32_t index) {
  ConnectionSlot& slot = connections[index];
  if (slot.listed) return;
  slot.listed = true;
  push(ready, index, &ConnectionSlot::next_ready);
}

void Stack::Parts::queue_event(std::uint32_t index) {
  ConnectionSlot& slot = connections[index];
  if (slot.has_event || !slot.announced) return;
  slot.has_event = true;
  push(events, index, &ConnectionSlot::next_event);
}

// What is CLOSED has no flow (RFC 9293 3.3.2): the client's next SYN is for the listener, whether
// or not the owner has heard of the end. A slot in a list is freed when the list lets go of it.
void Stack::Parts::free_if_over(std::uint32_t index) {
  ConnectionSlot& slot = connections[index];
  if (!slot.tcp.is_finished()) return;
  leave_flow(index);
  const bool known = slot.announced && !(slot.released && slot.told_closed);
  if (slot.listed || slot.has_event || known) return;
  erase_connection(index);
}

void Stack::Parts::leave_flow(std::uint32_t index) {
  ConnectionSlot& slot = connections[index];
  if (slot.flow_left) return;
  flows.erase(slot.flow_tag, index);
  slot.flow_left = true;
}

void Stack::Parts::erase_connection(std::uint32_t index) {
  ConnectionSlot& slot = connections[index];
  deadlines.clear(index, deadline_positions());
  slot.tcp.release(pool);
  leave_flow(index);
  connections.erase(index);
}

// A new connection takes over the flow of one in TIME-WAIT. The old one leaves the index at once;
// its slot goes when its owner and the lists have let go of it.
void Stack::Parts::replace_time_wait(std::uint32_t index) {
  ConnectionSlot& slot = connections[index];
  leave_flow(index);
  slot.tcp.abort(Error::aborted, ctx);
  settle_quietly(index);
}

void Stack::Parts::ask_listener(std::uint32_t listener) {
  if (listeners[listener].may_indicate()) asked_listeners.push_back(listener);
}

void Stack::Parts::withdraw(std::uint32_t request, Error why) {
  const PendingConnection& gone = backlog[request];
  const std::uint32_t listener = gone.listener;
  const std::uint32_t connection = gone.has_connection ? gone.connection : kNoSlot;
  if (gone.handshaking) {  // it was never a request
    drop_request_connection(connection, true);
    backlog.withdraw(request, why, listeners);
    return settle(connection);
  }
  if (connection != kNoSlot) drop_request_connection(connection, true);
  backlog.withdraw(request, why, listeners);
  switch (why) {
    case Error::withdrawn_reset: ++stats.requests_withdrawn_reset; break;
    case Error::withdrawn_replaced: ++stats.requests_withdrawn_replaced; break;
    case Error::withdrawn_expired: ++stats.requests_withdrawn_expired; break;
    default: ++stats.requests_withdrawn_listener_closed; break;
  }
  ask_listener(listener);
  if (connection != kNoSlot) settle(connection);
}

std::optional<Event> Stack::Parts::next_event() {
  // Filled in place: one object from here to the caller.
  std::optional<Event> event(std::in_place);
  const bool any = tell_withdrawal(*event) || tell_request(*event) || tell_connection(*event) ||
                   tell_conflict(*event);
  if (!any) event.reset();
  return event;
}

bool Stack::Parts::tell_withdrawal(Event& event) {
  const auto gone = backlog.next_withdrawn();
  if (!gone) return false;
  event.kind = EventKind::request_withdrawn;
  event.failed = true;
  event.error = gone->why;
  event.pending = gone->pending;
  if (listeners.live(gone->listener)) event.listener = listeners.id_of(gone->listener);
  return true;
}

bool Stack::Parts::tell_request(Event& event) {
  while (!asked_listeners.empty()) {
    const std::uint32_t listener = asked_listeners.back();
    const std::uint32_t request =
        listeners.live(listener) ? backlog.indicate(listeners[listener]) : kNoRequest;
    if (request == kNoRequest) {
      asked_listeners.pop_back();
      continue;
    }
    event.kind = EventKind::connection_requested;
    event.listener = listeners.id_of(listener);
    event.pending = backlog.id_of(request);
    return true;
  }
  return false;
}

bool Stack::Parts::tell_conflict(Event& event) {
  if (conflicts.empty()) return false;
  event.kind = EventKind::address_conflict;
  event.address = conflicts.back();
  conflicts.pop_back();
  return true;
}

// The first thing that this connection has to tell; it stays in the list while there is more.
bool Stack::Parts::tell_connection(Event& event) {
  const std::uint32_t index = events.first;
  if (index == kNoSlot) return false;
  constexpr std::pair<Signal, EventKind> kOrder[] = {
      {kSignalConnected, EventKind::connected}, {kSignalReadable, EventKind::readable},
      {kSignalUrgent, EventKind::urgent},       {kSignalPeerClosed, EventKind::peer_closed},
      {kSignalWritable, EventKind::writable},   {kSignalSoftError, EventKind::soft_error},
      {kSignalClosed, EventKind::closed}};
  ConnectionSlot& slot = connections[index];
  event.connection = connections.id_of(index);
  event.listener = slot.listener;
  for (const auto& [signal, kind] : kOrder) {
    if ((slot.tcp.signals() & signal) == 0) continue;
    slot.tcp.clear_signal(signal);
    event.kind = kind;
    break;
  }
  if (event.kind == EventKind::connected && slot.ordinary) event.kind = EventKind::accept_ready;
  if (event.kind == EventKind::soft_error) {
    event.failed = true;
    event.error = slot.tcp.soft_error();
  }
  if (event.kind == EventKind::closed) {
    slot.told_closed = true;
    event.failed = slot.tcp.failure().has_value();
    event.error = slot.tcp.failure().value_or(Error{});
  }
  if (slot.tcp.signals() == 0) {
    (void)pop(events, &ConnectionSlot::next_event);
    slot.has_event = false;
    free_if_over(index);
  }
  return true;
}

}  // namespace anteroom
