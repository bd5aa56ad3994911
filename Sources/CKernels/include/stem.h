#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "dispatch.h"
#include "pullback.h"

#ifdef __cplusplus
extern "C" {
#endif

/// The pullback of a network's first convolution: dx = wᵀ ∗ dy for pictures of 1...4 channels, whose
/// few channels fill no vector. Here a vector holds pixels instead.
///
/// Each phase of the stride is a convolution of dy with stride 1, so that nothing is multiplied that is
/// not needed. A band of rows of dy at a time is brought to where each of its channels is a plane, and
/// where each line is cut into as many strips as a vector has lanes. A vector then has one pixel of each
/// strip, its neighbour has their neighbours, and each phase's pixels are summed up in registers from
/// whole vectors.
///
/// Each element is one sum over ascending channels of dy, then taps, by fused additions where the
/// processor has them. Its bits depend neither on the batch nor on the threads.

/// Whether `tm_stem_run` can compute this, and in the second cache.
bool tm_stem_covers(tm_isa isa, const tm_pullback_shape *shape);

/// Brings weights `[outputs, inputs, taps, taps]` into the order of `tm_stem_run`, in which there are
/// as many.
void tm_stem_pack(const tm_pullback_shape *shape, const float *weights, float *packed);

/// Bytes of scratch memory: at most some 8 megabytes, for any number of threads.
size_t tm_stem_scratch_bytes(tm_isa isa, const tm_pullback_shape *shape);

typedef struct {
  tm_isa isa;
  tm_pullback_shape shape;
  const float *dy;
  /// From `tm_stem_pack`.
  const float *weights;
  float *dx;
  /// Adds to what `dx` holds.
  bool accumulates;
  /// As large as `tm_stem_scratch_bytes` says, at an address that 64 divides.
  float *scratch;
} tm_stem;

/// Computes the pullback on all threads that the caller may use.
void tm_stem_run(const tm_stem *it);

#ifdef __cplusplus
}
#endif
