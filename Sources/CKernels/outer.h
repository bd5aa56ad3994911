#pragma once

#include <stddef.h>

/// A product summed over its rows, out[m, n] += Σ_t a[t, m] · b[t, n]: what gradients of weights are made
/// of. The code is in `outer.inc`.
typedef struct {
  const float *a, *b;
  ptrdiff_t a_step, b_step;
  /// Terms of the sum. They have a sum of their own, which is added to what is there: long sums that
  /// are made of parts lose less to rounding.
  int terms;
  /// Rows are as long as whole vectors.
  float *out;
  ptrdiff_t out_step;
} outer_product;
