#pragma once

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Functions of one element, with the one or two parameters a and b that some have.
typedef enum {
  /// max(x, 0); the slope reads the value.
  TM_RECTIFIER,
  /// a·x below zero.
  TM_LEAKY_RECTIFIER,
  /// x within a…b.
  TM_CLIP,
  /// 1 / (1 + e⁻ˣ); the slope reads the value.
  TM_LOGISTIC,
  /// x / (1 + exp(−a·x))
  TM_SWISH,
  /// a·x + b within 0…1.
  TM_HARD_LOGISTIC,
  /// x · (x / 6 + ½ within 0…1)
  TM_HARD_SWISH,
  /// The hyperbolic tangent; the slope reads the value.
  TM_TANGENT,
  /// eˣ; the slope reads the value.
  TM_EXPONENTIAL,
  /// x · Φ(x)
  TM_GAUSSIAN_LINEAR,
  /// The same, approximated by a hyperbolic tangent.
  TM_GAUSSIAN_TANGENT,
  TM_FUNCTION_COUNT,
} tm_function;

/// y = f(x) for `count` elements; y may be x.
///
/// The exponential in these functions is within 2 units in the last place.
void tm_map(tm_function f, float a, float b, const float *x, float *y, long count);

/// dx = dy · f′, or dx += where `accumulates`; dx may be dy or the subject of the slope, which is the
/// function's input unless told otherwise above.
void tm_map_pull(
  tm_function f, float a, float b, const float *dy, const float *subject, float *dx, long count,
  bool accumulates);

/// How a cotangent passes a rectifier, as `BackwardRule` explains.
typedef enum { TM_RULE_EXACT, TM_RULE_GUIDED, TM_RULE_DECONVOLUTION } tm_rule;

/// dx = dy where the rule lets it pass, else 0; or dx += where `accumulates`. `y` is the rectifier's
/// value, which deconvolution does not read.
void tm_rectifier_pull(
  tm_rule rule, const float *dy, const float *y, float *dx, long count, bool accumulates);

#ifdef __cplusplus
}
#endif
