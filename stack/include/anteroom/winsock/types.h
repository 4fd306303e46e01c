// Windows' types and structures, with Windows' names and 64-bit layouts whatever Linux calls a
// long.
#pragma once

#include <cstddef>
#include <cstdint>

namespace anteroom::winsock {

// The names are Windows'. NOLINTBEGIN(readability-identifier-naming)

using BYTE = std::uint8_t;
using CHAR = char;
using WCHAR = char16_t;
using WORD = std::uint16_t;
using INT = std::int32_t;
using UINT = std::uint32_t;
using BOOL = std::int32_t;
using LONG = std::int32_t;
using ULONG = std::uint32_t;
using DWORD = std::uint32_t;
using ULONG_PTR = std::uintptr_t;
using DWORD_PTR = std::uintptr_t;
using HANDLE = void*;
using HWND = void*;
using PVOID = void*;
using u_char = std::uint8_t;
using u_short = std::uint16_t;
using u_int = std::uint32_t;
using u_long = std::uint32_t;  // 32 bits, unlike <sys/types.h>

using SOCKET = std::uintptr_t;
using GROUP = std::uint32_t;
using WSAEVENT = HANDLE;
using LPWSAEVENT = WSAEVENT*;
using LPDWORD = DWORD*;
using LPINT = INT*;
using LPVOID = void*;

struct GUID {
  std::uint32_t Data1;
  std::uint16_t Data2;
  std::uint16_t Data3;
  std::uint8_t Data4[8];

  friend bool operator==(const GUID&, const GUID&) = default;
};

// Length first, unlike iovec.
struct WSABUF {
  ULONG len;
  CHAR* buf;
};
using LPWSABUF = WSABUF*;

struct sockaddr {
  u_short sa_family;
  char sa_data[14];
};
using SOCKADDR = sockaddr;

struct in_addr_bytes {
  u_char s_b1, s_b2, s_b3, s_b4;
};
struct in_addr_words {
  u_short s_w1, s_w2;
};
union in_addr_views {
  in_addr_bytes S_un_b;
  in_addr_words S_un_w;
  ULONG S_addr;
};
struct in_addr {
  union {
    in_addr_views S_un;
    ULONG s_addr;  // network byte order
  };
};
using IN_ADDR = in_addr;

struct sockaddr_in {
  u_short sin_family;
  u_short sin_port;  // network byte order
  in_addr sin_addr;
  char sin_zero[8];
};
using SOCKADDR_IN = sockaddr_in;

struct sockaddr_storage {
  u_short ss_family;
  char __ss_pad1[6];        // NOLINT(bugprone-reserved-identifier)
  std::int64_t __ss_align;  // NOLINT(bugprone-reserved-identifier)
  char __ss_pad2[112];      // NOLINT(bugprone-reserved-identifier)
};
using SOCKADDR_STORAGE = sockaddr_storage;

struct timeval {
  LONG tv_sec;
  LONG tv_usec;
};

struct linger {
  u_short l_onoff;
  u_short l_linger;  // seconds
};
using LINGER = linger;

inline constexpr UINT kFdSetSize = 64;  // Windows' FD_SETSIZE

struct fd_set {
  UINT fd_count;
  SOCKET fd_array[kFdSetSize];
};

struct WSAPOLLFD {
  SOCKET fd;
  std::int16_t events;
  std::int16_t revents;
};

struct WSANETWORKEVENTS {
  LONG lNetworkEvents;
  int iErrorCode[10];
};
using LPWSANETWORKEVENTS = WSANETWORKEVENTS*;

// Internal: the state or error; InternalHigh: bytes. Owned by the provider until completion.
struct WSAOVERLAPPED {
  ULONG_PTR Internal;
  ULONG_PTR InternalHigh;
  DWORD Offset;
  DWORD OffsetHigh;
  WSAEVENT hEvent;
};
using OVERLAPPED = WSAOVERLAPPED;
using LPWSAOVERLAPPED = WSAOVERLAPPED*;
using LPOVERLAPPED = WSAOVERLAPPED*;
using LPWSAOVERLAPPED_COMPLETION_ROUTINE = void (*)(DWORD error, DWORD bytes,
                                                    WSAOVERLAPPED* overlapped, DWORD flags);

struct FLOWSPEC {
  ULONG TokenRate;        // bytes per second
  ULONG TokenBucketSize;  // bytes
  ULONG PeakBandwidth;    // bytes per second
  ULONG Latency;          // microseconds
  ULONG DelayVariation;   // microseconds
  ULONG ServiceType;
  ULONG MaxSduSize;          // bytes
  ULONG MinimumPolicedSize;  // bytes
};

struct QOS {
  FLOWSPEC SendingFlowspec;
  FLOWSPEC ReceivingFlowspec;
  WSABUF ProviderSpecific;
};
using LPQOS = QOS*;

struct WSADATA {
  WORD wVersion;
  WORD wHighVersion;
  std::uint16_t iMaxSockets;
  std::uint16_t iMaxUdpDg;
  char* lpVendorInfo;
  char szDescription[257];
  char szSystemStatus[129];
};
using LPWSADATA = WSADATA*;

struct tcp_keepalive {
  ULONG onoff;
  ULONG keepalivetime;      // milliseconds
  ULONG keepaliveinterval;  // milliseconds
};

using LPCONDITIONPROC = int (*)(WSABUF* caller_id, WSABUF* caller_data, QOS* qos, QOS* group_qos,
                                WSABUF* callee_id, WSABUF* callee_data, GROUP* group,
                                DWORD_PTR context);

// NOLINTEND(readability-identifier-naming)

static_assert(sizeof(WSABUF) == 16 && offsetof(WSABUF, buf) == 8);
static_assert(sizeof(sockaddr) == 16 && sizeof(sockaddr_in) == 16);
static_assert(sizeof(sockaddr_storage) == 128);
static_assert(sizeof(timeval) == 8 && sizeof(linger) == 4);
static_assert(sizeof(fd_set) == 520 && offsetof(fd_set, fd_array) == 8);
static_assert(sizeof(WSANETWORKEVENTS) == 44);
static_assert(sizeof(WSAOVERLAPPED) == 32 && offsetof(WSAOVERLAPPED, hEvent) == 24);
static_assert(sizeof(FLOWSPEC) == 32 && sizeof(QOS) == 80);
static_assert(sizeof(WSADATA) == 408 && sizeof(GUID) == 16);

}  // namespace anteroom::winsock
