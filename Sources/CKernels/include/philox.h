#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A counter of four words and a key of two. Counters of consecutive blocks differ in their first
/// word.
typedef struct {
  uint32_t counter[4];
  uint32_t key[2];
} tm_philox_start;

/// Philox4x32-10: four words for each of `blocks` consecutive counters.
void tm_philox(tm_philox_start start, uint32_t *words, long blocks);

/// `count` values of the standard normal distribution, two for each two words of consecutive blocks,
/// by Box and Muller's transform in double precision. They are the same bits on every processor: nothing
/// but the four operations and the square root is used, none of them fused.
void tm_random_normal(tm_philox_start start, float *values, long count);

#ifdef __cplusplus
}
#endif
