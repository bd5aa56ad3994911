#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "dispatch.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Convolutions with any window: what each output sees is gathered into a row of a matrix, which is
/// multiplied by weights in panels (`panels.h`). For what no better kernel covers.
///
/// Each element is one sum over taps, and over channels within. Its bits depend neither on the batch nor
/// on the threads.

/// What outputs see along one axis.
typedef struct {
  /// Outputs.
  int count;
  /// Output i sees positions i · stride + offsets[tap]; those outside the input are zeros.
  int stride, taps;
  const int *offsets;
} tm_gathered_axis;

typedef struct {
  /// What the weights were packed for.
  tm_isa isa;
  /// The input is `[batch, height, width, …]`, of whose pixels the first `inputs` channels are used.
  int batch, height, width, inputs;
  /// The output is `[batch, rows, columns, …]`, of which `outputs` channels are written.
  int outputs;
  /// Floats from one pixel to the next.
  ptrdiff_t input_step, output_step;
  tm_gathered_axis rows, columns;
  const float *input;
  /// From `tm_panels_pack`: w[(row · columns + column) · inputs + input, output].
  const float *weights;
  float *output;
  /// `[outputs]`, or null.
  const float *bias;
  /// Adds to what `output` holds.
  bool accumulates;
  /// What is stored is kept within low...high; infinite for no limit. NaN stays NaN.
  float low, high;
  /// As large as `tm_gathered_scratch_bytes` says, at an address that 64 divides.
  float *scratch;
} tm_gathered;

/// Bytes of scratch memory, for any number of threads: some 16 megabytes, or what one row of outputs sees.
/// Looks at the shape alone.
size_t tm_gathered_scratch_bytes(const tm_gathered *it);

/// Computes the outputs on all threads that the caller may use.
void tm_gathered_run(const tm_gathered *it);

#ifdef __cplusplus
}
#endif
