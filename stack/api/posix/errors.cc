// Every error of the stack as the errno that Linux gives in its place. A new error does not compile
// until it has its row.
#include "stack/api/posix/errors.h"

#include <cerrno>
#include <cstdlib>

namespace anteroom::posix {

int errno_of(Error error) {
  switch (error) {
    case Error::stale_id: return EBADF;
    case Error::withdrawn_reset: return ECONNABORTED;
    case Error::withdrawn_replaced: return ECONNABORTED;
    case Error::withdrawn_expired: return ECONNABORTED;
    case Error::withdrawn_listener_closed: return ECONNABORTED;
    case Error::too_large: return EMSGSIZE;
    case Error::would_block: return EAGAIN;
    case Error::limit_reached: return ENOBUFS;
    case Error::no_buffer: return ENOBUFS;
    case Error::address_in_use: return EADDRINUSE;
    case Error::address_not_ours: return EADDRNOTAVAIL;
    case Error::no_route: return ENETUNREACH;
    case Error::no_port: return EADDRNOTAVAIL;
    case Error::direction_closed: return EPIPE;
    case Error::reset_by_peer: return ECONNRESET;
    case Error::refused: return ECONNREFUSED;
    case Error::timed_out: return ETIMEDOUT;
    case Error::unreachable: return EHOSTUNREACH;
    case Error::aborted: return ECONNABORTED;
    case Error::not_marked: return EPROTO;
    case Error::invalid_argument: return EINVAL;
  }
  std::abort();  // no such error
}

}  // namespace anteroom::posix
