#pragma once

#include "parallel.h"

// Arrays are split over threads in blocks of this many elements: 64 KiB, small beside the second
// cache and large beside the price of handing out work.
#define TM_BLOCK 16384L

/// Calls `body` for each of `pieces` unless there is so little to do, in elements, that one thread is
/// done before a second has begun.
static inline void tm_split(
  long pieces, long elements, void (*body)(void *context, int index), void *context) {
  if (elements < 4 * TM_BLOCK) {
    for (long index = 0; index < pieces; index++) body(context, (int)index);
  } else {
    tm_parallel((int)pieces, body, context);
  }
}
