#include "stem_weights.h"

#include <string.h>

#include "bounds.h"
#include "outer.h"
#include "parallel.h"
#include "targets.h"
#if TM_HAS_X86
#include <immintrin.h>
#endif

#define TM_SOURCE "outer.inc"
#include "each_target.h"

/// Lines of the cotangent go in so many parts, each with sums of its own, whatever the number of
/// threads: it decides bits.
enum { PARTS = 16 };

bool tm_stem_weights_covers(const tm_pullback_shape *shape) {
  return shape->inputs <= 4 && shape->columns.dilation == 1 && shape->outputs >= 4;
}

/// Floats that the taps of a row of the window see.
static int seen(const tm_pullback_shape *shape) { return shape->columns.taps * shape->inputs; }

static size_t row_floats(const tm_pullback_shape *shape) {
  return ((size_t)shape->outputs + 15) / 16 * 16;
}

static size_t sum_floats(const tm_pullback_shape *shape) {
  return (size_t)shape->rows.taps * (size_t)seen(shape) * row_floats(shape);
}

/// A line of the input with its padding, as far as windows see.
static size_t line_floats(const tm_pullback_shape *shape) {
  const size_t floats =
    (size_t)(shape->output_width - 1) * shape->columns.stride * shape->inputs + seen(shape);
  return (floats + 15) / 16 * 16;
}

size_t tm_stem_weights_scratch_bytes(const tm_pullback_shape *shape) {
  return sizeof(float) * PARTS * (sum_floats(shape) + line_floats(shape));
}

static void run_part(void *context, int part) {
  static void (*const table[])(const outer_product *, int, int) = TM_TABLE(multiply_outer);
  const tm_stem_weights *it = context;
  const tm_pullback_shape *shape = &it->shape;
  float *sums = it->scratch + part * (sum_floats(shape) + line_floats(shape));
  float *line = sums + sum_floats(shape);
  memset(sums, 0, sizeof(float) * sum_floats(shape));
  const int channels = shape->inputs;
  // Where the line of the input begins among what is seen, and how much of it.
  const long before = (long)shape->columns.before * channels;
  const long length = (long)line_floats(shape), width = (long)shape->width * channels;
  const long copied = max_long(0, min_long(width, length - before));
  const long lines = (long)shape->batch * shape->output_height;
  for (long index = lines * part / PARTS; index < lines * (part + 1) / PARTS; index++) {
    const long item = index / shape->output_height, row = index % shape->output_height;
    for (int tap = 0; tap < shape->rows.taps; tap++) {
      const long at = row * shape->rows.stride + (long)tap * shape->rows.dilation
        - shape->rows.before;
      if (at < 0 || at >= shape->height || copied == 0) continue;
      memset(line, 0, sizeof(float) * (size_t)length);
      memcpy(
        line + before, it->input + (item * shape->height + at) * width,
        sizeof(float) * (size_t)copied);
      const outer_product product = {
        line, it->cotangent + index * shape->output_width * shape->outputs,
        (ptrdiff_t)shape->columns.stride * channels, shape->outputs, shape->output_width,
        sums + (size_t)tap * (size_t)seen(shape) * row_floats(shape),
        (ptrdiff_t)row_floats(shape)};
      table[it->isa](&product, seen(shape), shape->outputs);
    }
  }
}

void tm_stem_weights_run(const tm_stem_weights *it) {
  const tm_pullback_shape *shape = &it->shape;
  tm_parallel(PARTS, run_part, (void *)it);
  const int taps = shape->rows.taps * shape->columns.taps;
  for (int output = 0; output < shape->outputs; output++) {
    for (int input = 0; input < shape->inputs; input++) {
      for (int tap = 0; tap < taps; tap++) {
        const size_t from = (size_t)(tap * shape->inputs + input) * row_floats(shape) + output;
        float sum = 0;
        for (int part = 0; part < PARTS; part++)
          sum += it->scratch[part * (sum_floats(shape) + line_floats(shape)) + from];
        float *to = it->weights_cotangent + ((size_t)output * shape->inputs + input) * taps + tap;
        *to = it->accumulates ? *to + sum : sum;
      }
    }
  }
}
