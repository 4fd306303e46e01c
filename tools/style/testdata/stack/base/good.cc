// The one folder that may know libsodium.
#include <sodium.h>
