// For a source file written to Winsock: include it last, and write a using-directive. Takes Linux's
// macros and ambiguous names away in this file and puts Windows' in their place, as macros, so that
// #ifdef works too. Never include it from a header.
#pragma once

#include <anteroom/winsock.h>

#undef AF_UNSPEC
#define AF_UNSPEC ::anteroom::winsock::WS_AF_UNSPEC
#undef AF_INET
#define AF_INET ::anteroom::winsock::WS_AF_INET
#undef AF_INET6
#define AF_INET6 ::anteroom::winsock::WS_AF_INET6
#undef SOCK_STREAM
#define SOCK_STREAM ::anteroom::winsock::WS_SOCK_STREAM
#undef SOCK_DGRAM
#define SOCK_DGRAM ::anteroom::winsock::WS_SOCK_DGRAM
#undef SOCK_RAW
#define SOCK_RAW ::anteroom::winsock::WS_SOCK_RAW
#undef IPPROTO_IP
#define IPPROTO_IP ::anteroom::winsock::WS_IPPROTO_IP
#undef IPPROTO_TCP
#define IPPROTO_TCP ::anteroom::winsock::WS_IPPROTO_TCP
#undef IPPROTO_UDP
#define IPPROTO_UDP ::anteroom::winsock::WS_IPPROTO_UDP
#undef INADDR_ANY
#define INADDR_ANY ::anteroom::winsock::WS_INADDR_ANY
#undef INADDR_LOOPBACK
#define INADDR_LOOPBACK ::anteroom::winsock::WS_INADDR_LOOPBACK
#undef INADDR_NONE
#define INADDR_NONE ::anteroom::winsock::WS_INADDR_NONE
#undef SOMAXCONN
#define SOMAXCONN ::anteroom::winsock::WS_SOMAXCONN
#undef MSG_OOB
#define MSG_OOB ::anteroom::winsock::WS_MSG_OOB
#undef MSG_PEEK
#define MSG_PEEK ::anteroom::winsock::WS_MSG_PEEK
#undef MSG_DONTROUTE
#define MSG_DONTROUTE ::anteroom::winsock::WS_MSG_DONTROUTE
#undef MSG_WAITALL
#define MSG_WAITALL ::anteroom::winsock::WS_MSG_WAITALL
#undef SOL_SOCKET
#define SOL_SOCKET ::anteroom::winsock::WS_SOL_SOCKET
#undef SO_DEBUG
#define SO_DEBUG ::anteroom::winsock::WS_SO_DEBUG
#undef SO_ACCEPTCONN
#define SO_ACCEPTCONN ::anteroom::winsock::WS_SO_ACCEPTCONN
#undef SO_REUSEADDR
#define SO_REUSEADDR ::anteroom::winsock::WS_SO_REUSEADDR
#undef SO_KEEPALIVE
#define SO_KEEPALIVE ::anteroom::winsock::WS_SO_KEEPALIVE
#undef SO_DONTROUTE
#define SO_DONTROUTE ::anteroom::winsock::WS_SO_DONTROUTE
#undef SO_BROADCAST
#define SO_BROADCAST ::anteroom::winsock::WS_SO_BROADCAST
#undef SO_LINGER
#define SO_LINGER ::anteroom::winsock::WS_SO_LINGER
#undef SO_OOBINLINE
#define SO_OOBINLINE ::anteroom::winsock::WS_SO_OOBINLINE
#undef SO_SNDBUF
#define SO_SNDBUF ::anteroom::winsock::WS_SO_SNDBUF
#undef SO_RCVBUF
#define SO_RCVBUF ::anteroom::winsock::WS_SO_RCVBUF
#undef SO_SNDTIMEO
#define SO_SNDTIMEO ::anteroom::winsock::WS_SO_SNDTIMEO
#undef SO_RCVTIMEO
#define SO_RCVTIMEO ::anteroom::winsock::WS_SO_RCVTIMEO
#undef SO_ERROR
#define SO_ERROR ::anteroom::winsock::WS_SO_ERROR
#undef SO_TYPE
#define SO_TYPE ::anteroom::winsock::WS_SO_TYPE
#undef TCP_NODELAY
#define TCP_NODELAY ::anteroom::winsock::WS_TCP_NODELAY
#undef TCP_FASTOPEN
#define TCP_FASTOPEN ::anteroom::winsock::WS_TCP_FASTOPEN
#undef FIONREAD
#define FIONREAD ::anteroom::winsock::WS_FIONREAD
#undef FIONBIO
#define FIONBIO ::anteroom::winsock::WS_FIONBIO
#undef SIOCATMARK
#define SIOCATMARK ::anteroom::winsock::WS_SIOCATMARK
#undef POLLRDNORM
#define POLLRDNORM ::anteroom::winsock::WS_POLLRDNORM
#undef POLLRDBAND
#define POLLRDBAND ::anteroom::winsock::WS_POLLRDBAND
#undef POLLWRNORM
#define POLLWRNORM ::anteroom::winsock::WS_POLLWRNORM
#undef POLLIN
#define POLLIN ::anteroom::winsock::WS_POLLIN
#undef POLLOUT
#define POLLOUT ::anteroom::winsock::WS_POLLOUT
#undef POLLERR
#define POLLERR ::anteroom::winsock::WS_POLLERR
#undef POLLHUP
#define POLLHUP ::anteroom::winsock::WS_POLLHUP
#undef POLLNVAL
#define POLLNVAL ::anteroom::winsock::WS_POLLNVAL
#undef FD_SETSIZE
#define FD_SETSIZE ::anteroom::winsock::kFdSetSize

// Functions of ours.
#undef FD_SET
#undef FD_CLR
#undef FD_ISSET
#undef FD_ZERO
#undef htons
#undef htonl
#undef ntohs
#undef ntohl

// Types that <sys/types.h> has too, differently.
#define fd_set ::anteroom::winsock::fd_set
#define timeval ::anteroom::winsock::timeval
#define u_long ::anteroom::winsock::u_long

// Words of Windows' calling conventions and pointers, without meaning here.
#define CALLBACK
#define WSAAPI
#define WSPAPI
#define PASCAL
#define FAR
#define APIENTRY
