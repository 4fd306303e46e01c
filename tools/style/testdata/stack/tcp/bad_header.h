#include "stack/base/ring.h"  // expect: comment comment
