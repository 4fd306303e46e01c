// A source of the TCP folder that includes what it may not.
#include "stack/tcp/bad_header.h"

#include <thread>    // expect: include
#include <unistd.h>  // expect: include
#include <vector>

#include <sodium.h>  // expect: include

#include <anteroom/tap/clock.h>  // expect: include
#include <anteroom/testing/pair.h>  // expect: include
#include <anteroom/time.h>

#include "bad_header.h"                    // expect: include
#include "stack/accept/backlog.h"          // expect: include
#include "stack/base/ring.h"
#include "stack/include/anteroom/time.h"   // expect: include
#include "stack/ip/route.h"                // expect: include
#include "stack/testing/peer.h"            // expect: include
#include "stack/wire/tcp_header.h"
#include "tap/loop.h"                      // expect: include
// #include "tap/loop.h" is only talked about here.
