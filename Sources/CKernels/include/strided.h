#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "dispatch.h"
#include "pullback.h"

#ifdef __cplusplus
extern "C" {
#endif

/// The pullback of a convolution that skips pixels or spreads its taps: dx = wᵀ ∗ dy.
///
/// Of dx, the pixels that are a stride apart make a phase, and see some of the taps only. What they see
/// of dy is brought together as rows [taps · outputs] and multiplied by weights in panels, so that
/// nothing is multiplied by the zeros between pixels.
///
/// Each element is one sum over taps, then ascending channels of dy, as `tm_panel_product` adds them.
/// Its bits depend neither on the batch nor on the threads.
typedef struct {
  tm_isa isa;
  tm_pullback_shape shape;
  const float *dy;
  /// For each phase the weights [taps · outputs, inputs] of its taps, packed by `tm_panels_pack`; null
  /// for a phase without taps.
  const float *const *weights;
  float *dx;
  /// Adds to what `dx` holds.
  bool accumulates;
  /// As large as `tm_strided_scratch_bytes` says.
  float *scratch;
} tm_strided;

/// Phases of a pullback: rows' phases, each with those of columns.
int tm_strided_phases(const tm_pullback_shape *shape);

/// Taps that a phase sees, as indices into the window in the order of its rows of weights. Returns how
/// many there are, and writes that many into `taps` unless it is null.
int tm_strided_taps(const tm_pullback_shape *shape, int phase, int *taps);

/// Bytes of scratch memory: some megabytes, unless a single line of a map takes more.
size_t tm_strided_scratch_bytes(const tm_pullback_shape *shape);

/// Computes the pullback on all threads that the caller may use.
void tm_strided_run(const tm_strided *it);

#ifdef __cplusplus
}
#endif
