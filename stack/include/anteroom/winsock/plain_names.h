// The plain names of constants, where no macro of a system header that was included before has
// them. Where one has, its number is Linux's: write WS_name, or include port.h.
#pragma once

#include <anteroom/winsock/constants.h>

namespace anteroom::winsock {

// The names are Windows'. NOLINTBEGIN(readability-identifier-naming)

#ifndef AF_UNSPEC
inline constexpr auto AF_UNSPEC = WS_AF_UNSPEC;
#endif
#ifndef AF_INET
inline constexpr auto AF_INET = WS_AF_INET;
#endif
#ifndef AF_INET6
inline constexpr auto AF_INET6 = WS_AF_INET6;
#endif
#ifndef SOCK_STREAM
inline constexpr auto SOCK_STREAM = WS_SOCK_STREAM;
#endif
#ifndef SOCK_DGRAM
inline constexpr auto SOCK_DGRAM = WS_SOCK_DGRAM;
#endif
#ifndef SOCK_RAW
inline constexpr auto SOCK_RAW = WS_SOCK_RAW;
#endif
#ifndef IPPROTO_IP
inline constexpr auto IPPROTO_IP = WS_IPPROTO_IP;
#endif
#ifndef IPPROTO_TCP
inline constexpr auto IPPROTO_TCP = WS_IPPROTO_TCP;
#endif
#ifndef IPPROTO_UDP
inline constexpr auto IPPROTO_UDP = WS_IPPROTO_UDP;
#endif
#ifndef INADDR_ANY
inline constexpr auto INADDR_ANY = WS_INADDR_ANY;
#endif
#ifndef INADDR_LOOPBACK
inline constexpr auto INADDR_LOOPBACK = WS_INADDR_LOOPBACK;
#endif
#ifndef INADDR_NONE
inline constexpr auto INADDR_NONE = WS_INADDR_NONE;
#endif
#ifndef SOMAXCONN
inline constexpr auto SOMAXCONN = WS_SOMAXCONN;
#endif
#ifndef MSG_OOB
inline constexpr auto MSG_OOB = WS_MSG_OOB;
#endif
#ifndef MSG_PEEK
inline constexpr auto MSG_PEEK = WS_MSG_PEEK;
#endif
#ifndef MSG_DONTROUTE
inline constexpr auto MSG_DONTROUTE = WS_MSG_DONTROUTE;
#endif
#ifndef MSG_WAITALL
inline constexpr auto MSG_WAITALL = WS_MSG_WAITALL;
#endif
#ifndef SOL_SOCKET
inline constexpr auto SOL_SOCKET = WS_SOL_SOCKET;
#endif
#ifndef SO_DEBUG
inline constexpr auto SO_DEBUG = WS_SO_DEBUG;
#endif
#ifndef SO_ACCEPTCONN
inline constexpr auto SO_ACCEPTCONN = WS_SO_ACCEPTCONN;
#endif
#ifndef SO_REUSEADDR
inline constexpr auto SO_REUSEADDR = WS_SO_REUSEADDR;
#endif
#ifndef SO_KEEPALIVE
inline constexpr auto SO_KEEPALIVE = WS_SO_KEEPALIVE;
#endif
#ifndef SO_DONTROUTE
inline constexpr auto SO_DONTROUTE = WS_SO_DONTROUTE;
#endif
#ifndef SO_BROADCAST
inline constexpr auto SO_BROADCAST = WS_SO_BROADCAST;
#endif
#ifndef SO_LINGER
inline constexpr auto SO_LINGER = WS_SO_LINGER;
#endif
#ifndef SO_OOBINLINE
inline constexpr auto SO_OOBINLINE = WS_SO_OOBINLINE;
#endif
#ifndef SO_SNDBUF
inline constexpr auto SO_SNDBUF = WS_SO_SNDBUF;
#endif
#ifndef SO_RCVBUF
inline constexpr auto SO_RCVBUF = WS_SO_RCVBUF;
#endif
#ifndef SO_SNDTIMEO
inline constexpr auto SO_SNDTIMEO = WS_SO_SNDTIMEO;
#endif
#ifndef SO_RCVTIMEO
inline constexpr auto SO_RCVTIMEO = WS_SO_RCVTIMEO;
#endif
#ifndef SO_ERROR
inline constexpr auto SO_ERROR = WS_SO_ERROR;
#endif
#ifndef SO_TYPE
inline constexpr auto SO_TYPE = WS_SO_TYPE;
#endif
#ifndef TCP_NODELAY
inline constexpr auto TCP_NODELAY = WS_TCP_NODELAY;
#endif
#ifndef TCP_FASTOPEN
inline constexpr auto TCP_FASTOPEN = WS_TCP_FASTOPEN;
#endif
#ifndef FIONREAD
inline constexpr auto FIONREAD = WS_FIONREAD;
#endif
#ifndef FIONBIO
inline constexpr auto FIONBIO = WS_FIONBIO;
#endif
#ifndef SIOCATMARK
inline constexpr auto SIOCATMARK = WS_SIOCATMARK;
#endif
#ifndef POLLRDNORM
inline constexpr auto POLLRDNORM = WS_POLLRDNORM;
#endif
#ifndef POLLRDBAND
inline constexpr auto POLLRDBAND = WS_POLLRDBAND;
#endif
#ifndef POLLWRNORM
inline constexpr auto POLLWRNORM = WS_POLLWRNORM;
#endif
#ifndef POLLIN
inline constexpr auto POLLIN = WS_POLLIN;
#endif
#ifndef POLLOUT
inline constexpr auto POLLOUT = WS_POLLOUT;
#endif
#ifndef POLLERR
inline constexpr auto POLLERR = WS_POLLERR;
#endif
#ifndef POLLHUP
inline constexpr auto POLLHUP = WS_POLLHUP;
#endif
#ifndef POLLNVAL
inline constexpr auto POLLNVAL = WS_POLLNVAL;
#endif
#ifndef FD_SETSIZE
inline constexpr UINT FD_SETSIZE = kFdSetSize;
#endif
#ifndef TRUE
inline constexpr BOOL TRUE = 1;
#endif
#ifndef FALSE
inline constexpr BOOL FALSE = 0;
#endif

// NOLINTEND(readability-identifier-naming)

}  // namespace anteroom::winsock
