// A public header that shows what is inside.
#pragma once

#include <sys/socket.h>  // expect: include

#include <anteroom/time.h>

#include "stack/base/ring.h"  // expect: include
