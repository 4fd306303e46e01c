// Windows' error numbers: those of Winsock, and the few of Win32 that overlapped calls answer.
#pragma once

namespace anteroom::winsock {

// The names are Windows'. NOLINTBEGIN(readability-identifier-naming)

inline constexpr int WSAEINTR = 10004;
inline constexpr int WSAEBADF = 10009;
inline constexpr int WSAEACCES = 10013;
inline constexpr int WSAEFAULT = 10014;
inline constexpr int WSAEINVAL = 10022;
inline constexpr int WSAEMFILE = 10024;
inline constexpr int WSAEWOULDBLOCK = 10035;
inline constexpr int WSAEINPROGRESS = 10036;
inline constexpr int WSAEALREADY = 10037;
inline constexpr int WSAENOTSOCK = 10038;
inline constexpr int WSAEDESTADDRREQ = 10039;
inline constexpr int WSAEMSGSIZE = 10040;
inline constexpr int WSAEPROTOTYPE = 10041;
inline constexpr int WSAENOPROTOOPT = 10042;
inline constexpr int WSAEPROTONOSUPPORT = 10043;
inline constexpr int WSAESOCKTNOSUPPORT = 10044;
inline constexpr int WSAEOPNOTSUPP = 10045;
inline constexpr int WSAEPFNOSUPPORT = 10046;
inline constexpr int WSAEAFNOSUPPORT = 10047;
inline constexpr int WSAEADDRINUSE = 10048;
inline constexpr int WSAEADDRNOTAVAIL = 10049;
inline constexpr int WSAENETDOWN = 10050;
inline constexpr int WSAENETUNREACH = 10051;
inline constexpr int WSAENETRESET = 10052;
inline constexpr int WSAECONNABORTED = 10053;
inline constexpr int WSAECONNRESET = 10054;
inline constexpr int WSAENOBUFS = 10055;
inline constexpr int WSAEISCONN = 10056;
inline constexpr int WSAENOTCONN = 10057;
inline constexpr int WSAESHUTDOWN = 10058;
inline constexpr int WSAETOOMANYREFS = 10059;
inline constexpr int WSAETIMEDOUT = 10060;
inline constexpr int WSAECONNREFUSED = 10061;
inline constexpr int WSAEHOSTDOWN = 10064;
inline constexpr int WSAEHOSTUNREACH = 10065;
inline constexpr int WSAEPROCLIM = 10067;
inline constexpr int WSASYSNOTREADY = 10091;
inline constexpr int WSAVERNOTSUPPORTED = 10092;
inline constexpr int WSANOTINITIALISED = 10093;
inline constexpr int WSAEDISCON = 10101;
inline constexpr int WSAEINVALIDPROCTABLE = 10104;
inline constexpr int WSAEINVALIDPROVIDER = 10105;
inline constexpr int WSAEPROVIDERFAILEDINIT = 10106;
inline constexpr int WSASYSCALLFAILURE = 10107;
inline constexpr int WSA_E_CANCELLED = 10111;
inline constexpr int WSAHOST_NOT_FOUND = 11001;
inline constexpr int WSATRY_AGAIN = 11002;  // also what CF_DEFER answers
inline constexpr int WSA_QOS_RECEIVERS = 11005;
inline constexpr int WSA_QOS_SENDERS = 11006;
inline constexpr int WSA_QOS_BAD_STYLE = 11012;
inline constexpr int WSA_QOS_BAD_OBJECT = 11013;
inline constexpr int WSA_QOS_GENERIC_ERROR = 11015;
inline constexpr int WSA_QOS_ESERVICETYPE = 11016;

inline constexpr int WSA_INVALID_HANDLE = 6;
inline constexpr int WSA_NOT_ENOUGH_MEMORY = 8;
inline constexpr int WSA_INVALID_PARAMETER = 87;
inline constexpr int WSA_OPERATION_ABORTED = 995;
inline constexpr int WSA_IO_INCOMPLETE = 996;
inline constexpr int WSA_IO_PENDING = 997;
inline constexpr int ERROR_INVALID_HANDLE = 6;
inline constexpr int ERROR_INVALID_PARAMETER = 87;
inline constexpr int ERROR_INSUFFICIENT_BUFFER = 122;
inline constexpr int ERROR_NETNAME_DELETED = 64;
inline constexpr int ERROR_SEM_TIMEOUT = 121;
inline constexpr int ERROR_OPERATION_ABORTED = 995;
inline constexpr int ERROR_IO_INCOMPLETE = 996;
inline constexpr int ERROR_IO_PENDING = 997;
inline constexpr int ERROR_NOT_FOUND = 1168;
inline constexpr int ERROR_CONNECTION_REFUSED = 1225;

// NOLINTEND(readability-identifier-naming)

}  // namespace anteroom::winsock
