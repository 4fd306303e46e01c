// Total tables: a new error of the stack does not compile until it has a row.
#include "stack/api/winsock/errors.h"

namespace anteroom::winsock {

int wsa_error(Error error) {
  switch (error) {
    case Error::stale_id: return WSAENOTCONN;
    case Error::withdrawn_reset: return WSAECONNRESET;
    case Error::withdrawn_replaced: return WSAEACCES;
    case Error::withdrawn_expired: return WSAEACCES;
    case Error::withdrawn_listener_closed: return WSAENOTSOCK;
    case Error::too_large: return WSAEFAULT;
    case Error::would_block: return WSAEWOULDBLOCK;
    case Error::limit_reached: return WSAENOBUFS;
    case Error::no_buffer: return WSAENOBUFS;
    case Error::address_in_use: return WSAEADDRINUSE;
    case Error::address_not_ours: return WSAEADDRNOTAVAIL;
    case Error::no_route: return WSAENETUNREACH;
    case Error::no_port: return WSAENOBUFS;
    case Error::direction_closed: return WSAESHUTDOWN;
    case Error::reset_by_peer: return WSAECONNRESET;
    case Error::refused: return WSAECONNREFUSED;
    case Error::timed_out: return WSAETIMEDOUT;
    case Error::unreachable: return WSAEHOSTUNREACH;
    case Error::aborted: return WSAECONNABORTED;
    case Error::not_marked: return WSAEPROTONOSUPPORT;
    case Error::invalid_argument: return WSAEINVAL;
  }
  return WSAEINVAL;
}

int win32_error(int error) {
  switch (error) {
    case WSAECONNREFUSED: return ERROR_CONNECTION_REFUSED;
    case WSAECONNRESET: return ERROR_NETNAME_DELETED;
    case WSAETIMEDOUT: return ERROR_SEM_TIMEOUT;
    default: return error;
  }
}

}  // namespace anteroom::winsock
