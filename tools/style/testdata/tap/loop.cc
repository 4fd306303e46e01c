// A device may know the operating system and the public headers, not what is inside the stack.
#include <sys/epoll.h>

#include <anteroom/stack.h>
#include <anteroom/tap/loop.h>

#include "stack/tcp/connection.h"  // expect: include
#include "tap/epoll.h"
