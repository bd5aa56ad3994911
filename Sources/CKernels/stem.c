#include "stem.h"

#include "bounds.h"
#include "parallel.h"
#include "phases.h"
#include "targets.h"
#if TM_HAS_X86
#include <immintrin.h>
#endif

/// Most vectors of a block.
enum { MOST_VECTORS = 8 };

/// How lines of dy are brought into planes.
typedef struct {
  /// Pixels of a line, and their channels.
  int width, channels;
  /// Vectors of which neighbouring lanes are apart; vectors of a line; where the first one starts.
  int strip, reach, lowest;
  /// Floats from one channel's plane to the next.
  ptrdiff_t plane;
} turning;

/// Some vectors of one phase's pixels: sums over planes, and over terms at some offsets in each.
typedef struct {
  const float *planes, *weights;
  float *out;
  ptrdiff_t plane_step;
  const ptrdiff_t *offsets;
  int depth, terms;
  /// Where vectors lie in a plane and in `out`, in floats.
  ptrdiff_t places[MOST_VECTORS], out_places[MOST_VECTORS];
} phase_block;

#define TM_SOURCE "stem.inc"
#include "each_target.h"

// MARK: - Phases

/// What phases of one axis see of dy: q within lowest...highest.
typedef struct {
  int lowest, highest;
} span;

static span seen(const tm_window_axis *axis) {
  const int first = axis->before - axis->dilation * (axis->taps - 1);
  return (span){
    -tm_divided_down(-first, axis->stride),
    tm_divided_down(axis->before + axis->stride - 1, axis->stride)};
}

/// Pixels of each phase.
static int cells(int extent, int stride) { return (extent + stride - 1) / stride; }

/// Most terms of a phase.
enum { MOST_TERMS = 256 };

static int most_taps(const tm_window_axis *axis) {
  int most = 0;
  for (int phase = 0; phase < axis->stride; phase++) most = max_int(most, tm_taps_of(axis, phase));
  return most;
}

void tm_stem_pack(const tm_pullback_shape *shape, const float *weights, float *packed) {
  const tm_window_axis *rows = &shape->rows, *columns = &shape->columns;
  const int taps = rows->taps * columns->taps;
  int q;
  for (int phase = 0; phase < rows->stride * columns->stride; phase++)
    for (int output = 0; output < shape->outputs; output++)
      for (int row = 0; row < rows->taps; row++) {
        if (!tm_meets(rows, phase / columns->stride, row, &q)) continue;
        for (int column = 0; column < columns->taps; column++) {
          if (!tm_meets(columns, phase % columns->stride, column, &q)) continue;
          for (int input = 0; input < shape->inputs; input++)
            *packed++ = weights
              [((size_t)output * shape->inputs + input) * taps + row * columns->taps + column];
        }
      }
}

// MARK: - Bands

/// How a band of some rows of each phase lies in scratch memory.
///
/// A line of dy is cut into as many strips as a vector has lanes, and vectors run across the strips: a
/// vector's left neighbour has each lane's left neighbour, so that terms are whole vectors at aligned
/// addresses. Strips overlap by what phases see of their neighbours.
typedef struct {
  int lanes;
  /// Rows of each phase.
  int rows;
  span down, across;
  /// Pixels of each phase in a strip, and of dy that they see.
  int strip, reach;
  /// Lines of dy.
  int lines;
  /// Vectors of a row of dx: for each pixel of a strip, column phases and their channels.
  int row_vectors;
  /// Floats of one channel of dy.
  ptrdiff_t plane;
} band;

static band band_of(const tm_pullback_shape *shape, tm_isa isa, int rows) {
  band it = {
    .lanes = tm_lanes(isa), .rows = rows, .down = seen(&shape->rows),
    .across = seen(&shape->columns)};
  it.strip = (cells(shape->width, shape->columns.stride) + it.lanes - 1) / it.lanes;
  it.reach = it.strip + it.across.highest - it.across.lowest;
  it.lines = rows + it.down.highest - it.down.lowest;
  it.row_vectors = it.strip * shape->columns.stride * shape->inputs;
  // An odd count of vectors, so that neighbouring planes lie in other lines of a cache.
  it.plane = (ptrdiff_t)(it.lines * it.reach | 1) * it.lanes;
  return it;
}

static size_t band_floats(const tm_pullback_shape *shape, tm_isa isa, int rows) {
  const band it = band_of(shape, isa, rows);
  const size_t sums = (size_t)rows * shape->rows.stride * it.row_vectors * it.lanes;
  return (size_t)it.plane * shape->outputs + sums;
}

/// Floats of a band at most: what stays in the second cache, three quarters of a megabyte.
enum { BAND_FLOATS = 3 << 16 };

/// Rows of a band.
static int most_rows(const tm_pullback_shape *shape, tm_isa isa) {
  const int all = cells(shape->height, shape->rows.stride);
  const size_t first = band_floats(shape, isa, 1);
  const size_t each = (band_floats(shape, isa, 9) - first) / 8;
  const size_t room = first < BAND_FLOATS ? BAND_FLOATS - first : 0;
  return (int)min_int(all, 1 + (int)(room / each));
}

/// Whether numbers are so small that no product of them overflows.
static bool is_small(const tm_window_axis *axis) {
  const int most = 1 << 12;
  return axis->taps <= MOST_TERMS && axis->stride <= 64 && axis->dilation <= most
    && axis->before <= most;
}

bool tm_stem_covers(tm_isa isa, const tm_pullback_shape *shape) {
  return shape->inputs >= 1 && shape->inputs <= 4 && shape->outputs <= 1 << 12
    && shape->width <= 1 << 16 && is_small(&shape->rows) && is_small(&shape->columns)
    && most_taps(&shape->rows) * most_taps(&shape->columns) <= MOST_TERMS
    && band_floats(shape, isa, 1) <= BAND_FLOATS;
}

/// Threads that have scratch memory of their own.
static int workers(const tm_pullback_shape *shape, tm_isa isa, int rows) {
  const size_t most = (1 << 21) / band_floats(shape, isa, rows);
  const long bands =
    (long)shape->batch * ((cells(shape->height, shape->rows.stride) + rows - 1) / rows);
  return (int)(bands < (long)most ? bands : (long)most);
}

size_t tm_stem_scratch_bytes(tm_isa isa, const tm_pullback_shape *shape) {
  const int rows = most_rows(shape, isa);
  return sizeof(float) * band_floats(shape, isa, rows) * (size_t)workers(shape, isa, rows);
}

/// A pullback under way.
typedef struct {
  const tm_stem *it;
  band form;
  int bands_of_item;
} stem_work;

/// Turns the lines of dy that the rows from `first` on see.
static void turn_lines(const stem_work *work, int item, int first, int rows, float *planes) {
  static void (*const table[])(const turning *, const float *, float *) = TM_TABLE(turn);
  const tm_pullback_shape *shape = &work->it->shape;
  const band *form = &work->form;
  const turning how = {
    .width = shape->output_width, .channels = shape->outputs, .strip = form->strip,
    .reach = form->reach, .lowest = form->across.lowest, .plane = form->plane};
  const int lines = form->lines - form->rows + rows;
  for (int line = 0; line < lines; line++) {
    const int row = first + line + form->down.lowest;
    const bool is_inside = row >= 0 && row < shape->output_height;
    const ptrdiff_t pixel =
      ((ptrdiff_t)item * shape->output_height + row) * shape->output_width;
    table[work->it->isa](
      &how, is_inside ? work->it->dy + pixel * shape->outputs : NULL,
      planes + (ptrdiff_t)line * form->reach * form->lanes);
  }
}

/// Where the terms of a phase lie, in the order of the weights.
static int offsets_of(
  const tm_pullback_shape *shape, const band *form, int phase, ptrdiff_t *offsets) {
  const tm_window_axis *rows = &shape->rows, *columns = &shape->columns;
  int count = 0, down, across;
  for (int row = 0; row < rows->taps; row++) {
    if (!tm_meets(rows, phase / columns->stride, row, &down)) continue;
    for (int column = 0; column < columns->taps; column++)
      if (tm_meets(columns, phase % columns->stride, column, &across))
        offsets[count++] = form->lanes
          * ((ptrdiff_t)(down - form->down.lowest) * form->reach + across - form->across.lowest);
  }
  return count;
}

/// Sums up all phases' pixels of some rows, into vectors as they lie in rows of dx.
static void sum_phases(const stem_work *work, int rows, const float *planes, float *sums) {
  static void (*const table[])(const phase_block *, int, int) = TM_TABLE(sum);
  // As many vectors as let sums, weights and one of dy fill the registers.
  static const int most[TM_ISA_COUNT][4] = {{8, 5, 3, 2}, {8, 5, 4, 2}, {8, 8, 8, 6}};
  const tm_pullback_shape *shape = &work->it->shape;
  const band *form = &work->form;
  const tm_isa isa = work->it->isa;
  const int lanes = form->lanes, vectors = rows * form->strip;
  const int blocks = (vectors + most[isa][shape->inputs - 1] - 1) / most[isa][shape->inputs - 1];
  const int strides = shape->columns.stride, phases = shape->rows.stride * strides;
  ptrdiff_t offsets[MOST_TERMS];
  const float *weights = work->it->weights;
  for (int phase = 0; phase < phases; phase++) {
    phase_block some = {
      .planes = planes, .weights = weights, .plane_step = form->plane, .offsets = offsets,
      .depth = shape->outputs};
    some.terms = offsets_of(shape, form, phase, offsets);
    weights += (size_t)some.terms * shape->outputs * shape->inputs;
    some.out = sums
      + (ptrdiff_t)lanes
        * (phase / strides * form->row_vectors + phase % strides * shape->inputs);
    for (int block = 0; block < blocks; block++) {
      const int first = (int)((long)vectors * block / blocks);
      const int next = (int)((long)vectors * (block + 1) / blocks);
      for (int vector = first; vector < next; vector++) {
        const ptrdiff_t row = vector / form->strip, column = vector % form->strip;
        some.places[vector - first] = lanes * (row * form->reach + column);
        some.out_places[vector - first] = lanes
          * (row * shape->rows.stride * form->row_vectors + column * strides * shape->inputs);
      }
      table[isa](&some, shape->inputs, next - first);
    }
  }
}

/// Brings the sums to the rows of dx that start with row `first` of each phase.
static void store_rows(
  const stem_work *work, int item, int first, int rows, const float *sums) {
  static void (*const table[])(const float *, int, float *, int, bool) = TM_TABLE(spread_lanes);
  const tm_pullback_shape *shape = &work->it->shape;
  const band *form = &work->form;
  const int stride = shape->rows.stride, length = shape->width * shape->inputs;
  const int end = min_int(shape->height, (first + rows) * stride);
  for (int row = first * stride; row < end; row++) {
    const ptrdiff_t vectors = (ptrdiff_t)(row - first * stride) * form->row_vectors;
    table[work->it->isa](
      sums + vectors * form->lanes, form->row_vectors,
      work->it->dx + ((ptrdiff_t)item * shape->height + row) * length, length,
      work->it->accumulates);
  }
}

static void run_band(void *context, int index) {
  const stem_work *work = context;
  const tm_pullback_shape *shape = &work->it->shape;
  const band *form = &work->form;
  float *planes =
    work->it->scratch + band_floats(shape, work->it->isa, form->rows) * (size_t)tm_thread_index();
  float *sums = planes + (ptrdiff_t)form->plane * shape->outputs;
  const int item = index / work->bands_of_item;
  const int first = index % work->bands_of_item * form->rows;
  const int rows = min_int(form->rows, cells(shape->height, shape->rows.stride) - first);
  turn_lines(work, item, first, rows, planes);
  sum_phases(work, rows, planes, sums);
  store_rows(work, item, first, rows, sums);
}

void tm_stem_run(const tm_stem *it) {
  const tm_pullback_shape *shape = &it->shape;
  const int all = cells(shape->height, shape->rows.stride), most = most_rows(shape, it->isa);
  const int most_threads = workers(shape, it->isa, most);
  const int threads = min_int(tm_threads(), most_threads);
  // Bands of about equal height, and about as many for each thread.
  int bands = (all + most - 1) / most;
  while (bands < all && shape->batch * bands % threads != 0) bands++;
  stem_work work = {.it = it};
  work.form = band_of(shape, it->isa, (all + bands - 1) / bands);
  work.bands_of_item = (all + work.form.rows - 1) / work.form.rows;
  tm_parallel_within(most_threads, shape->batch * work.bands_of_item, run_band, &work);
}
