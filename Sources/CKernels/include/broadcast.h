#pragma once

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum { TM_SUM, TM_DIFFERENCE, TM_PRODUCT, TM_OPERATION_COUNT } tm_operation;

/// Elements `[outer, middle, inner]` of a result, and how far its operands advance along each of these
/// axes: 0 where one element is repeated. The innermost steps are 0 or 1.
typedef struct {
  long extents[3];
  long first[3];
  long second[3];
} tm_grid;

/// c = a ∘ b, or c += where `accumulates`. c is dense; it may be an operand that is not repeated.
void tm_combine(
  tm_operation operation, tm_grid grid, const float *a, const float *b, float *c,
  bool accumulates);

/// s[o, i] = Σ a[o, m, i]·b[o, m, i] over the middle axis, divided by `divisor`, or s += where
/// `accumulates`. Rows of a and b are dense; of b, which may be missing, the grid's second steps count.
///
/// Terms are added up in runs of 32, whose sums join the total.
void tm_sum_middle(
  tm_grid grid, const float *a, const float *b, float *s, float divisor, bool accumulates);

/// y[r, c] = scale[c]·x[r, c] + shift[c] for each row, or y += where `accumulates`. The shift may be
/// missing.
void tm_channel_affine(
  const float *x, const float *scale, const float *shift, float *y, long rows, long channels,
  bool accumulates);

#ifdef __cplusplus
}
#endif
