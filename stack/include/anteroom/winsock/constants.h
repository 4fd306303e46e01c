// Windows' constants with Windows' numbers. Those whose plain name is a macro on Linux are here as
// WS_name; plain_names.h adds the plain names where no macro is in the way.
#pragma once

#include <anteroom/winsock/types.h>

namespace anteroom::winsock {

// The names are Windows'. NOLINTBEGIN(readability-identifier-naming)

inline constexpr SOCKET INVALID_SOCKET = ~SOCKET{0};
inline constexpr int SOCKET_ERROR = -1;

// --- Conditional accept, groups, shutdown ---
inline constexpr int CF_ACCEPT = 0;
inline constexpr int CF_REJECT = 1;
inline constexpr int CF_DEFER = 2;
inline constexpr GROUP SG_UNCONSTRAINED_GROUP = 1;
inline constexpr GROUP SG_CONSTRAINED_GROUP = 2;
inline constexpr int SD_RECEIVE = 0;
inline constexpr int SD_SEND = 1;
inline constexpr int SD_BOTH = 2;

// --- Network events ---
inline constexpr int FD_READ_BIT = 0, FD_WRITE_BIT = 1, FD_OOB_BIT = 2, FD_ACCEPT_BIT = 3;
inline constexpr int FD_CONNECT_BIT = 4, FD_CLOSE_BIT = 5, FD_QOS_BIT = 6, FD_GROUP_QOS_BIT = 7;
inline constexpr int FD_ROUTING_INTERFACE_CHANGE_BIT = 8, FD_ADDRESS_LIST_CHANGE_BIT = 9;
inline constexpr LONG FD_READ = 1, FD_WRITE = 2, FD_OOB = 4, FD_ACCEPT = 8, FD_CONNECT = 16;
inline constexpr LONG FD_CLOSE = 32, FD_QOS = 64, FD_GROUP_QOS = 128;
inline constexpr LONG FD_ROUTING_INTERFACE_CHANGE = 256, FD_ADDRESS_LIST_CHANGE = 512;
inline constexpr int FD_MAX_EVENTS = 10;
inline constexpr LONG FD_ALL_EVENTS = 0x3ff;

// --- Sockets ---
inline constexpr int WS_AF_UNSPEC = 0, WS_AF_INET = 2, WS_AF_INET6 = 23;
inline constexpr int WS_SOCK_STREAM = 1, WS_SOCK_DGRAM = 2, WS_SOCK_RAW = 3;
inline constexpr int WS_IPPROTO_IP = 0, WS_IPPROTO_TCP = 6, WS_IPPROTO_UDP = 17;
inline constexpr ULONG WS_INADDR_ANY = 0, WS_INADDR_LOOPBACK = 0x7f000001;
inline constexpr ULONG WS_INADDR_NONE = 0xffffffff;
inline constexpr int WS_SOMAXCONN = 0x7fffffff;
constexpr int SOMAXCONN_HINT(int backlog) { return -backlog; }
inline constexpr int WS_MSG_OOB = 1, WS_MSG_PEEK = 2, WS_MSG_DONTROUTE = 4, WS_MSG_WAITALL = 8;
inline constexpr DWORD MSG_PARTIAL = 0x8000;
inline constexpr DWORD WSA_FLAG_OVERLAPPED = 1;
inline constexpr DWORD WSA_FLAG_MULTIPOINT_C_ROOT = 2, WSA_FLAG_MULTIPOINT_C_LEAF = 4;
inline constexpr DWORD WSA_FLAG_MULTIPOINT_D_ROOT = 8, WSA_FLAG_MULTIPOINT_D_LEAF = 0x10;
inline constexpr DWORD WSA_FLAG_NO_HANDLE_INHERIT = 0x80;

// --- Options: SOL_SOCKET ---
inline constexpr int WS_SOL_SOCKET = 0xffff;
inline constexpr int WS_SO_DEBUG = 1, WS_SO_ACCEPTCONN = 2, WS_SO_REUSEADDR = 4;
inline constexpr int WS_SO_KEEPALIVE = 8, WS_SO_DONTROUTE = 0x10, WS_SO_BROADCAST = 0x20;
inline constexpr int WS_SO_LINGER = 0x80, WS_SO_OOBINLINE = 0x100;
inline constexpr int SO_DONTLINGER = ~WS_SO_LINGER, SO_EXCLUSIVEADDRUSE = ~WS_SO_REUSEADDR;
inline constexpr int WS_SO_SNDBUF = 0x1001, WS_SO_RCVBUF = 0x1002;
inline constexpr int WS_SO_SNDTIMEO = 0x1005, WS_SO_RCVTIMEO = 0x1006;
inline constexpr int WS_SO_ERROR = 0x1007, WS_SO_TYPE = 0x1008;
inline constexpr int SO_GROUP_ID = 0x2001, SO_GROUP_PRIORITY = 0x2002, SO_MAX_MSG_SIZE = 0x2003;
inline constexpr int SO_PROTOCOL_INFOW = 0x2005, PVD_CONFIG = 0x3001;
inline constexpr int SO_CONDITIONAL_ACCEPT = 0x3002, SO_PAUSE_ACCEPT = 0x3003;
inline constexpr int SO_CONNDATA = 0x7000, SO_CONNOPT = 0x7001, SO_DISCDATA = 0x7002;
inline constexpr int SO_DISCOPT = 0x7003, SO_CONNDATALEN = 0x7004, SO_CONNOPTLEN = 0x7005;
inline constexpr int SO_DISCDATALEN = 0x7006, SO_DISCOPTLEN = 0x7007, SO_OPENTYPE = 0x7008;
inline constexpr int SO_UPDATE_ACCEPT_CONTEXT = 0x700b, SO_CONNECT_TIME = 0x700c;
inline constexpr int SO_UPDATE_CONNECT_CONTEXT = 0x7010;
// Ours, BOOL: connect()'s caller data may become stream bytes where the peer does not mark; else
// the connect fails with WSAEPROTONOSUPPORT.
inline constexpr int SO_CONNDATA_UNMARKED = 0x7ff0;

// --- Options: IPPROTO_TCP ---
inline constexpr int WS_TCP_NODELAY = 1, WS_TCP_FASTOPEN = 15;

// --- Service flags of a protocol ---
inline constexpr DWORD XP1_CONNECTIONLESS = 1, XP1_GUARANTEED_DELIVERY = 2;
inline constexpr DWORD XP1_GUARANTEED_ORDER = 4, XP1_MESSAGE_ORIENTED = 8;
inline constexpr DWORD XP1_PSEUDO_STREAM = 0x10, XP1_GRACEFUL_CLOSE = 0x20;
inline constexpr DWORD XP1_EXPEDITED_DATA = 0x40, XP1_CONNECT_DATA = 0x80;
inline constexpr DWORD XP1_DISCONNECT_DATA = 0x100, XP1_QOS_SUPPORTED = 0x2000;
inline constexpr DWORD XP1_IFS_HANDLES = 0x20000;
inline constexpr DWORD PFL_MATCHES_PROTOCOL_ZERO = 8;
inline constexpr int BIGENDIAN = 0, SECURITY_PROTOCOL_NONE = 0;

// --- Ioctls ---
inline constexpr DWORD WS_FIONREAD = 0x4004667f, WS_FIONBIO = 0x8004667e;
inline constexpr DWORD WS_SIOCATMARK = 0x40047307;
inline constexpr DWORD SIO_GET_EXTENSION_FUNCTION_POINTER = 0xc8000006;
inline constexpr DWORD SIO_GET_QOS = 0xc8000007, SIO_GET_GROUP_QOS = 0xc8000008;
inline constexpr DWORD SIO_SET_QOS = 0x8800000b, SIO_SET_GROUP_QOS = 0x8800000c;
inline constexpr DWORD SIO_ADDRESS_LIST_QUERY = 0x48000016;
inline constexpr DWORD SIO_KEEPALIVE_VALS = 0x98000004;

// --- Quality of service ---
inline constexpr ULONG QOS_NOT_SPECIFIED = 0xffffffff;
inline constexpr ULONG SERVICETYPE_NOTRAFFIC = 0, SERVICETYPE_BESTEFFORT = 1;
inline constexpr ULONG SERVICETYPE_CONTROLLEDLOAD = 2, SERVICETYPE_GUARANTEED = 3;
inline constexpr ULONG SERVICETYPE_NETWORK_UNAVAILABLE = 4, SERVICETYPE_GENERAL_INFORMATION = 5;
inline constexpr ULONG SERVICETYPE_NOCHANGE = 6, SERVICETYPE_NONCONFORMING = 9;
inline constexpr ULONG SERVICETYPE_NETWORK_CONTROL = 0xa, SERVICETYPE_QUALITATIVE = 0xd;

// --- Events and overlapped calls ---
inline constexpr WSAEVENT WSA_INVALID_EVENT = nullptr;
inline constexpr DWORD WSA_MAXIMUM_WAIT_EVENTS = 64;
inline constexpr DWORD WSA_INFINITE = 0xffffffff, WSA_WAIT_FAILED = 0xffffffff;
inline constexpr DWORD WSA_WAIT_EVENT_0 = 0, WSA_WAIT_TIMEOUT = 258;
inline constexpr DWORD WSA_WAIT_IO_COMPLETION = 192;

// --- WSAPoll ---
inline constexpr std::int16_t WS_POLLRDNORM = 0x0100, WS_POLLRDBAND = 0x0200, WS_POLLIN = 0x0300;
inline constexpr std::int16_t WS_POLLWRNORM = 0x0010, WS_POLLOUT = 0x0010;
inline constexpr std::int16_t WS_POLLERR = 0x0001, WS_POLLHUP = 0x0002, WS_POLLNVAL = 0x0004;

constexpr WORD MAKEWORD(int low, int high) { return static_cast<WORD>(low | high << 8); }
constexpr BYTE LOBYTE(WORD word) { return static_cast<BYTE>(word); }
constexpr BYTE HIBYTE(WORD word) { return static_cast<BYTE>(word >> 8); }

// NOLINTEND(readability-identifier-naming)

}  // namespace anteroom::winsock
