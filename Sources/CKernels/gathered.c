#include "gathered.h"

#include <string.h>

#include "bounds.h"
#include "panels.h"
#include "parallel.h"

/// Rows of the matrix that are wanted for one product, so that its blocks are full.
enum { WANTED = 42 };

/// Rows of outputs that are computed together.
static int rows_together(const tm_gathered *it) {
  return min_int(it->rows.count, (WANTED + it->columns.count - 1) / it->columns.count);
}

static int depth_of(const tm_gathered *it) {
  return it->rows.taps * it->columns.taps * it->inputs;
}

/// Floats of what is gathered for one product, in whole lines of a cache.
static size_t piece_floats(const tm_gathered *it) {
  const size_t floats = (size_t)rows_together(it) * it->columns.count * depth_of(it);
  return (floats + 15) / 16 * 16;
}

/// Products of one item.
static int pieces_of(const tm_gathered *it) {
  const int together = rows_together(it);
  return (it->rows.count + together - 1) / together;
}

/// Threads that have scratch memory of their own: as many as share 16 megabytes, at least one.
static int workers(const tm_gathered *it) {
  const long pieces = (long)it->batch * pieces_of(it);
  const size_t most = ((size_t)1 << 22) / piece_floats(it);
  if (most <= 1 || pieces <= 1) return 1;
  return most < (size_t)pieces ? (int)most : (int)pieces;
}

size_t tm_gathered_scratch_bytes(const tm_gathered *it) {
  return sizeof(float) * piece_floats(it) * (size_t)workers(it);
}

static void copy(const float *from, float *to, int count) {
  for (int i = 0; i < count; i++) to[i] = from[i];
}

/// What one row of outputs sees, as rows of the matrix.
static void gather(const tm_gathered *it, const float *input, int row, float *to) {
  const int inputs = it->inputs;
  for (int column = 0; column < it->columns.count; column++)
    for (int i = 0; i < it->rows.taps; i++) {
      const long y = (long)row * it->rows.stride + it->rows.offsets[i];
      if (y < 0 || y >= it->height) {
        memset(to, 0, sizeof *to * (size_t)it->columns.taps * (size_t)inputs);
        to += (ptrdiff_t)it->columns.taps * inputs;
        continue;
      }
      const float *line = input + y * it->width * it->input_step;
      for (int j = 0; j < it->columns.taps; j++, to += inputs) {
        const long x = (long)column * it->columns.stride + it->columns.offsets[j];
        if (x < 0 || x >= it->width)
          memset(to, 0, sizeof *to * (size_t)inputs);
        else
          copy(line + x * it->input_step, to, inputs);
      }
    }
}

static void run_piece(void *context, int index) {
  const tm_gathered *it = context;
  const int pieces = pieces_of(it), together = rows_together(it), depth = depth_of(it);
  float *scratch = it->scratch + piece_floats(it) * (size_t)tm_thread_index();
  const int item = index / pieces, first = index % pieces * together;
  const int rows = min_int(together, it->rows.count - first);
  const float *input = it->input + (ptrdiff_t)item * it->height * it->width * it->input_step;
  for (int row = 0; row < rows; row++)
    gather(it, input, first + row, scratch + (ptrdiff_t)row * it->columns.count * depth);
  const ptrdiff_t line = (ptrdiff_t)item * it->rows.count + first;
  const tm_panel_product product = {
    .isa = it->isa, .rows = rows * it->columns.count, .depth = depth, .columns = it->outputs,
    .a = scratch, .a_stride = depth, .weights = it->weights,
    .out = it->output + line * it->columns.count * it->output_step,
    .out_stride = it->output_step, .bias = it->bias,
    .accumulates = it->accumulates, .low = it->low, .high = it->high};
  tm_panels_multiply(&product);
}

void tm_gathered_run(const tm_gathered *it) {
  tm_parallel_within(workers(it), it->batch * pieces_of(it), run_piece, (void *)it);
}
