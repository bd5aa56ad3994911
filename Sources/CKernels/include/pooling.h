#pragma once

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/// How a window slides along one axis.
typedef struct {
  long taps, stride, dilation;
  /// Padding in front of the first and behind the last element.
  long before, after;
  /// Extents of the axis in what the window slides over, and in what it gives.
  long inputs, outputs;
} tm_pool_axis;

/// A window over feature maps `[items, rows, columns, channels]`.
typedef struct {
  long items, channels;
  tm_pool_axis rows, columns;
} tm_pool;

/// The largest value under each window and its position `row · columns + column` in its plane; the
/// first one of several, and a NaN before all.
void tm_max_pool(const tm_pool *pool, const float *x, float *y, int *winners);

/// Gives each output's cotangent to its winner, or adds it where `accumulates`. Only for windows
/// without dilation that all see some of the input.
void tm_max_pool_pull(
  const tm_pool *pool, const float *dy, const int *winners, float *dx, bool accumulates);

/// The mean under each window: of the elements that are inside, or with `padded` of those in the
/// padding too.
void tm_average_pool(const tm_pool *pool, const float *x, float *y, bool padded);

/// Spreads each output's cotangent evenly, with the same restriction as `tm_max_pool_pull`.
void tm_average_pool_pull(
  const tm_pool *pool, const float *dy, float *dx, bool padded, bool accumulates);

#ifdef __cplusplus
}
#endif
