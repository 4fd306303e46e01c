// Cites RFC 793 3.9, which is old, and RFC 9293, which is not. expect: standard
// Reads /elsewhere/machine/notes and /usr/include/stdio.h and /proc/self/maps. expect: path
