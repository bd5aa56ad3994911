#pragma once

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Normalisation of maps by the statistics of their batch, `[items, rows, columns, channels]`, together
/// with what often follows: z = γ · (x − mean) / √(variance + ε) + β, plus an addend, kept within
/// low...high, and of each window of `pool_rows` x `pool_columns` the largest. Windows lie side by side;
/// what is left over at the end belongs to none.
///
/// Only x is kept for the way back: whether a bound was met, and where the largest value stood, is
/// computed again. Sums over the batch are made of parts that depend on neither threads nor chance.
typedef struct {
  long items, rows, columns, channels;
  /// 1 x 1 for no windows. There is no addend where there are.
  long pool_rows, pool_columns;
  /// Whether values are kept within bounds.
  bool clamps;
  float low, high, epsilon;
  const float *x;
  /// All `[channels]`; `beta` is not read on the way back unless there are bounds or windows.
  const float *gamma, *beta;
  float *mean, *variance;
  /// As large as `tm_normalization_scratch_bytes` says.
  float *scratch;
} tm_normalization;

size_t tm_normalization_scratch_bytes(const tm_normalization *it);

/// Sets mean and variance, the latter with the number of values for divisor.
void tm_batch_moments(const tm_normalization *it);

/// Computes y with the given mean and variance. `addend` may be null.
void tm_batch_normalize(const tm_normalization *it, const float *addend, float *y);

/// The way back through `tm_batch_moments` and `tm_batch_normalize`.
typedef struct {
  /// The cotangent of y.
  const float *dy;
  /// y where there was an addend and bounds, else null.
  const float *y;
  /// Gets the addend's cotangent where `y` is there; may be `dy`.
  float *addend_cotangent;
  /// The cotangent of x, or null; may be x, and `dy` where there are no windows.
  float *dx;
  bool accumulates;
  /// `[channels]`, or null.
  float *gamma_cotangent, *beta_cotangent;
} tm_normalization_pull;

void tm_batch_normalize_pull(const tm_normalization *it, const tm_normalization_pull *pull);

#ifdef __cplusplus
}
#endif
