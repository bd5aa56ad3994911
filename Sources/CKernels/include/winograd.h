#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "dispatch.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Convolutions by windows of 3x3 taps with stride 1, computed in tiles of 4x4 outputs with a quarter
/// of the multiplications.
///
/// Lavin and Gray: Fast Algorithms for Convolutional Neural Networks, 2015 (arXiv:1509.09308). The
/// polynomials are taken at 0, ±3/4, ±3/2 and infinity rather than at 0, ±1, ±2 and infinity: the
/// matrices stay exact in binary, and results have half the rounding error, which is less than twice
/// that of the plain sum.

/// The input has `height` x `width` pixels of `inputs` channels; the first tap of the first output
/// lies `before_row` pixels above it and `before_column` to its left, 0...2. What taps see beyond the
/// input is 0.
typedef struct {
  int batch, height, width, inputs, outputs;
  int before_row, before_column;
  int output_height, output_width;
} tm_winograd_shape;

/// Bytes of weights packed for an instruction set.
size_t tm_winograd_packed_bytes(tm_isa isa, int inputs, int outputs);

/// Transforms weights `[outputs, inputs, 3, 3]`, at an address that 64 divides. Where `turned`, they
/// lie as `[inputs, outputs, 3, 3]` and each window is turned by 180 degrees: so the weights of a
/// convolution with padding p become those of its pullback, which has padding 2 - p.
void tm_winograd_pack(
  tm_isa isa, const float *weights, int inputs, int outputs, bool turned, float *packed);

typedef struct {
  /// What the weights were packed for.
  tm_isa isa;
  tm_winograd_shape shape;
  /// `[batch, height, width, inputs]`
  const float *input;
  /// From `tm_winograd_pack`.
  const float *weights;
  /// `[batch, output_height, output_width, outputs]`
  float *output;
  /// `[outputs]`, or null.
  const float *bias;
  /// Adds to what `output` holds.
  bool accumulates;
  /// What is stored is kept within low...high; infinite for no limit. NaN stays NaN.
  float low, high;
  /// As large as `tm_winograd_scratch_bytes` says, at an address that 64 divides.
  float *scratch;
} tm_winograd;

/// Bytes of scratch memory: at most some 16 megabytes, for any number of threads.
size_t tm_winograd_scratch_bytes(const tm_winograd_shape *shape);

/// Computes the convolution on all threads that the caller may use.
void tm_winograd_run(const tm_winograd *it);

#ifdef __cplusplus
}
#endif
