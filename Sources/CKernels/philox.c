#include "philox.h"

#include <math.h>
#include <string.h>

#include "dispatch.h"
#include "targets.h"

/// Blocks that are computed at once.
#define TM_BLOCKS 32

/// An integer below 2^32 as a number, without an instruction for it: the bits of 2^52 + value.
static inline double tm_number(uint32_t value) {
  uint64_t bits = 0x4330000000000000u | value;
  double number;
  memcpy(&number, &bits, 8);
  return number - 0x1p52;
}

/// The square root without what the library's does about errors, which stands in the way of vectors.
static inline double tm_root(double value) {
#if __has_builtin(__builtin_elementwise_sqrt)
  return __builtin_elementwise_sqrt(value);
#else
  return sqrt(value);
#endif
}

#define TM_SOURCE "philox.inc"
#include "each_target.h"

void tm_philox(tm_philox_start start, uint32_t *words, long blocks) {
  static void (*const all[])(tm_philox_start, uint32_t (*)[TM_BLOCKS], long) = TM_TABLE(rounds);
  uint32_t columns[4][TM_BLOCKS];
  const tm_isa isa = tm_isa_chosen();
  for (long first = 0; first < blocks; first += TM_BLOCKS) {
    long here = blocks - first < TM_BLOCKS ? blocks - first : TM_BLOCKS;
    all[isa](start, columns, here);
    for (long block = 0; block < here; block++)
      for (int word = 0; word < 4; word++)
        words[4 * (first + block) + word] = columns[word][block];
    start.counter[0] += TM_BLOCKS;
  }
}

void tm_random_normal(tm_philox_start start, float *values, long count) {
  static void (*const all[])(tm_philox_start, float *, long) = TM_TABLE(normal);
  all[tm_isa_chosen()](start, values, count);
}
