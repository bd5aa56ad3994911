#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "dispatch.h"

#ifdef __cplusplus
extern "C" {
#endif

/// A product out[m, n] = Σ_k a[m, k] · w[k, n] with weights that were packed before. Rows are pixels
/// of a map with channels last, k its channels.
///
/// Each element is a sum over ascending k, by fused additions where the processor has them. Sums of
/// more than 256 terms are made of parts of equal length, of which each starts at zero. Nothing else
/// goes into an element's bits: not the number of rows, not the threads, not the clamp of others.
typedef struct {
  /// What the weights were packed for.
  tm_isa isa;
  int rows, depth, columns;
  /// `[rows, depth]`, rows `a_stride` floats apart.
  const float *a;
  ptrdiff_t a_stride;
  /// From `tm_panels_pack`.
  const float *weights;
  /// `[rows, columns]`, rows `out_stride` floats apart.
  float *out;
  ptrdiff_t out_stride;
  /// `[columns]`, or null.
  const float *bias;
  /// Adds to what `out` holds.
  bool accumulates;
  /// What is stored is kept within low...high; infinite for no limit. NaN stays NaN.
  float low, high;
} tm_panel_product;

/// Bytes of weights packed for an instruction set.
size_t tm_panels_packed_bytes(tm_isa isa, int depth, int columns);

/// Packs w[k, n] = weights[k · row_step + n · column_step] into panels that are as wide as two vectors,
/// at an address that 64 divides. A panel lies behind the other, k ascending, so a product with the
/// columns from n on, which starts a panel, has its weights at `packed + n · depth`.
void tm_panels_pack(
  tm_isa isa, const float *weights, ptrdiff_t row_step, ptrdiff_t column_step, int depth,
  int columns, float *packed);

/// Computes the product on the calling thread.
void tm_panels_multiply(const tm_panel_product *it);

/// Computes the product on all threads that the caller may use.
void tm_panels_multiply_parallel(const tm_panel_product *it);

#ifdef __cplusplus
}
#endif
