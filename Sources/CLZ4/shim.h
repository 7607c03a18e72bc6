// LZ4's block API (wire) and frame API (files), as Debian's liblz4-dev ships them.
#include <lz4.h>
#include <lz4frame.h>
