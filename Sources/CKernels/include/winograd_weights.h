#pragma once

#include "dispatch.h"
#include "winograd.h"

#ifdef __cplusplus
extern "C" {
#endif

/// The gradient of the weights of what `tm_winograd` computes, in tiles too and with a quarter of the
/// multiplications: the transpose of its three stages. At each of the 36 points the gradient is a product
/// of the transformed input and the transformed cotangent, summed over tiles in order, so that its bits
/// do not depend on the threads.
typedef struct {
  tm_isa isa;
  tm_winograd_shape shape;
  /// `[batch, height, width, inputs]`
  const float *input;
  /// `[batch, output_height, output_width, outputs]`
  const float *cotangent;
  /// `[outputs, inputs, 3, 3]`
  float *weights_cotangent;
  /// Adds to what `weights_cotangent` holds.
  bool accumulates;
  /// As large as `tm_winograd_weights_scratch_bytes` says, at an address that 64 divides.
  float *scratch;
} tm_winograd_weights;

/// Bytes of scratch memory: 36 products, and some megabytes.
size_t tm_winograd_weights_scratch_bytes(const tm_winograd_shape *shape);

/// Computes the gradient on all threads that the caller may use.
void tm_winograd_weights_run(const tm_winograd_weights *it);

#ifdef __cplusplus
}
#endif
