#pragma once

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A product of a few rows with weights that lie as they were stored: y[r, c] = Σ x[r, d]·w[d, c].
///
/// Made for so few rows that reading the weights takes most of the time: they are read once, by all
/// threads together, and never copied. An element is summed up in an order that only `depth` and
/// `transposed` settle.
typedef struct {
  long rows, depth, columns;
  /// `[rows, depth]`
  const float *x;
  /// `[depth, columns]`, or `[columns, depth]` where `transposed`.
  const float *weights;
  /// `[columns]`, or null.
  const float *bias;
  /// `[rows, columns]`
  float *y;
  bool transposed, accumulates;
} tm_dense;

void tm_dense_product(const tm_dense *it);

#ifdef __cplusplus
}
#endif
