#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "dispatch.h"
#include "pullback.h"

#ifdef __cplusplus
extern "C" {
#endif

/// The gradient of the weights of a network's first convolution, whose input has few channels. What the
/// taps of one row of a window see lies side by side in a line of the input, so that lines are multiplied
/// as they are. Sums are made of parts that do not depend on the threads.
typedef struct {
  tm_isa isa;
  tm_pullback_shape shape;
  /// `[batch, height, width, inputs]`
  const float *input;
  /// `[batch, output_height, output_width, outputs]`
  const float *cotangent;
  /// `[outputs, inputs, taps, taps]`
  float *weights_cotangent;
  /// Adds to what `weights_cotangent` holds.
  bool accumulates;
  /// As large as `tm_stem_weights_scratch_bytes` says, at an address that 64 divides.
  float *scratch;
} tm_stem_weights;

/// Whether this is the way to compute it: 1...4 inputs, and taps of a row side by side.
bool tm_stem_weights_covers(const tm_pullback_shape *shape);

size_t tm_stem_weights_scratch_bytes(const tm_pullback_shape *shape);

/// Computes the gradient on all threads that the caller may use.
void tm_stem_weights_run(const tm_stem_weights *it);

#ifdef __cplusplus
}
#endif
