#pragma once

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Masks hold one bit for each element, eight to a byte, the first one lowest.

/// Bits that are set where low < y < high, for `count` elements; those behind the last are 0.
void tm_gate_mask(float low, float high, const float *y, uint8_t *mask, long count);

/// dx = dy where the mask has a bit and, under the guided rule, where dy > 0 as well; 0 elsewhere. Or
/// dx +=, where `accumulates`. dx may be dy.
void tm_mask_pull(
  const uint8_t *mask, bool is_guided, const float *dy, float *dx, long count, bool accumulates);

/// y += x, for `count` elements.
void tm_add(const float *x, float *y, long count);

#ifdef __cplusplus
}
#endif
