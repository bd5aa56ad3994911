#include "panels.h"

#include <math.h>
#include <stdbool.h>

#include "bounds.h"
#include "dispatch.h"
#include "parallel.h"
#include "targets.h"
#if TM_HAS_X86
#include <immintrin.h>
#endif

/// A few rows of the result by one or two vectors of columns, for a part of the sum.
typedef struct {
  const float *a, *weights, *bias;
  float *out;
  ptrdiff_t a_stride, out_stride;
  int depth, last_lanes;
  /// Memory to fetch into the second cache meanwhile, and bytes of it for every four terms.
  const float *ahead;
  ptrdiff_t ahead_step;
  bool adds, clamps;
  float low, high;
} panel_block;

/// The length of a part of the sum: at most 256, so that a panel's part stays in the nearest cache,
/// and a long sum loses less to rounding.
static int part_depth(int depth) {
  int parts = (depth + 255) / 256;
  return parts ? (depth + parts - 1) / parts : 1;
}

/// Rows that are multiplied by all panels before the next ones are, a multiple of what a block has.
/// Few (64 kilobytes of A) keep their results in the second cache; where the weights do not fit into
/// it anyway, more rows (a megabyte) have them fetched less often.
static int rows_in_cache(int depth, int columns) {
  const int floats = (double)depth * columns <= 1 << 17 ? 1 << 14 : 1 << 18;
  return (floats / depth + 41) / 42 * 42;
}

#define TM_SOURCE "panels.inc"
#include "each_target.h"

size_t tm_panels_packed_bytes(tm_isa isa, int depth, int columns) {
  size_t width = (size_t)tm_lanes(isa);
  return sizeof(float) * (size_t)depth * (((size_t)columns + width - 1) / width * width);
}

void tm_panels_pack(
  tm_isa isa, const float *weights, ptrdiff_t row_step, ptrdiff_t column_step, int depth,
  int columns, float *packed) {
  static void (*const table[])(const float *, ptrdiff_t, ptrdiff_t, int, int, float *) =
    TM_TABLE(pack);
  table[isa](weights, row_step, column_step, depth, columns, packed);
}

void tm_panels_multiply(const tm_panel_product *it) {
  static void (*const table[])(const tm_panel_product *) = TM_TABLE(multiply);
  table[it->isa](it);
}

/// A product cut into pieces of rows and of columns.
typedef struct {
  const tm_panel_product *whole;
  int rows, columns, across;
} pieces;

static void multiply_piece(void *context, int index) {
  const pieces *cut = context;
  tm_panel_product it = *cut->whole;
  const int row = index / cut->across * cut->rows, column = index % cut->across * cut->columns;
  it.rows = min_int(cut->rows, it.rows - row);
  it.columns = min_int(cut->columns, it.columns - column);
  it.a += row * it.a_stride;
  it.out += row * it.out_stride + column;
  if (it.bias) it.bias += column;
  it.weights += (size_t)column * it.depth;
  tm_panels_multiply(&it);
}

void tm_panels_multiply_parallel(const tm_panel_product *it) {
  const int threads = tm_threads();
  const double work = (double)it->rows * it->depth * it->columns;
  // Less than some microseconds are not worth another thread.
  if (threads == 1 || work < 1 << 19) {
    tm_panels_multiply(it);
    return;
  }
  // A few pieces for each thread, so that none waits long for another.
  const int wanted = 4 * threads;
  const int most_down = (it->rows + 41) / 42;
  const int down = most_down < wanted ? most_down : wanted;
  const int width = 2 * tm_lanes(it->isa);
  const int panels = (it->columns + width - 1) / width;
  int across = (wanted + down - 1) / down;
  if (across > panels) across = panels;
  pieces cut = {.whole = it};
  cut.rows = (it->rows + down - 1) / down;
  cut.columns = (panels + across - 1) / across * width;
  cut.across = (it->columns + cut.columns - 1) / cut.columns;
  tm_parallel((it->rows + cut.rows - 1) / cut.rows * cut.across, multiply_piece, &cut);
}
