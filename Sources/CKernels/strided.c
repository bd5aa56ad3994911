#include "strided.h"

#include <math.h>
#include <string.h>

#include "bounds.h"
#include "panels.h"
#include "parallel.h"
#include "phases.h"

// MARK: - Phases

/// The pixels of dx that are a stride apart.
typedef struct {
  /// Where the first one lies.
  int row, column;
  /// Lines of one item, and pixels of a line.
  int lines, width;
  int taps;
} phase;

static int cells(int extent, int stride, int first) {
  return extent > first ? (extent - first + stride - 1) / stride : 0;
}

static phase phase_at(const tm_pullback_shape *shape, int index) {
  const tm_window_axis *rows = &shape->rows, *columns = &shape->columns;
  const int row = index / columns->stride, column = index % columns->stride;
  return (phase){
    row, column, cells(shape->height, rows->stride, row),
    cells(shape->width, columns->stride, column), tm_strided_taps(shape, index, NULL)};
}

int tm_strided_phases(const tm_pullback_shape *shape) {
  return shape->rows.stride * shape->columns.stride;
}

int tm_strided_taps(const tm_pullback_shape *shape, int index, int *taps) {
  const tm_window_axis *rows = &shape->rows, *columns = &shape->columns;
  const int row_phase = index / columns->stride, column_phase = index % columns->stride;
  int count = 0, q;
  for (int row = 0; row < rows->taps; row++) {
    if (!tm_meets(rows, row_phase, row, &q)) continue;
    for (int column = 0; column < columns->taps; column++) {
      if (!tm_meets(columns, column_phase, column, &q)) continue;
      if (taps) taps[count] = row * columns->taps + column;
      count++;
    }
  }
  return count;
}

// MARK: - Bands

/// Floats that a band of a phase's lines brings together: what the second cache holds beside weights.
enum { BAND = 1 << 17 };

/// Lines of all items that are computed together, at least one.
static int lines_at_once(const tm_pullback_shape *shape, const phase *of) {
  const long each = (long)of->width * max_int(of->taps * shape->outputs, shape->inputs);
  const long lines = (long)of->lines * shape->batch;
  const long most = each > 0 ? BAND / each : lines;
  return (int)(most < 1 ? 1 : most < lines ? most : lines);
}

static size_t gathered_floats(const tm_pullback_shape *shape, const phase *of) {
  return (size_t)lines_at_once(shape, of) * of->width * of->taps * shape->outputs;
}

/// What one thread needs for any phase.
static size_t floats_of_thread(const tm_pullback_shape *shape) {
  size_t most = 0;
  for (int index = 0; index < tm_strided_phases(shape); index++) {
    const phase of = phase_at(shape, index);
    const size_t product = (size_t)lines_at_once(shape, &of) * of.width * shape->inputs;
    const size_t floats = gathered_floats(shape, &of) + product;
    if (floats > most) most = floats;
  }
  return (most + 15) / 16 * 16;
}

/// Threads that have scratch memory of their own: as many as share 16 megabytes, at least one.
static int workers(size_t floats_of_thread) {
  return max_int(1, (int)(((size_t)1 << 22) / (floats_of_thread + 1)));
}

size_t tm_strided_scratch_bytes(const tm_pullback_shape *shape) {
  const size_t each = floats_of_thread(shape);
  return sizeof(float) * each * (size_t)workers(each);
}

/// Brings together what `count` lines of a phase see of dy: rows [taps · outputs].
static void gather(
  const tm_strided *it, const phase *of, int first, int count, float *rows) {
  const tm_pullback_shape *shape = &it->shape;
  const size_t channels = (size_t)shape->outputs, step = channels * of->taps;
  for (int line = first; line < first + count; line++) {
    const float *item = it->dy
      + (size_t)(line / of->lines) * shape->output_height * shape->output_width * channels;
    int tap = 0, down, across;
    for (int i = 0; i < shape->rows.taps; i++) {
      if (!tm_meets(&shape->rows, of->row, i, &down)) continue;
      const int row = line % of->lines + down;
      for (int j = 0; j < shape->columns.taps; j++) {
        if (!tm_meets(&shape->columns, of->column, j, &across)) continue;
        float *to = rows + (size_t)(line - first) * of->width * step + channels * tap++;
        const float *from = item + (size_t)max_int(row, 0) * shape->output_width * channels;
        const bool sees = row >= 0 && row < shape->output_height;
        for (int x = 0; x < of->width; x++, to += step) {
          const int column = x + across;
          if (sees && column >= 0 && column < shape->output_width)
            memcpy(to, from + column * channels, channels * sizeof(float));
          else
            memset(to, 0, channels * sizeof(float));
        }
      }
    }
  }
}

/// Whether rows of a phase are those of dy as they lie there.
static bool lies_together(const tm_pullback_shape *shape, const phase *of) {
  if (of->taps != 1 || of->lines != shape->output_height || of->width != shape->output_width)
    return false;
  int down = 1, across = 1;
  for (int i = 0; i < shape->rows.taps && !tm_meets(&shape->rows, of->row, i, &down); i++) {}
  for (int j = 0; j < shape->columns.taps && !tm_meets(&shape->columns, of->column, j, &across); j++) {}
  return down == 0 && across == 0;
}

/// Puts channels first..<first + count of some lines where they belong; nothing for zeros.
static void put(
  const tm_strided *it, const phase *of, int line, int lines, int first, int count,
  const float *product) {
  const tm_pullback_shape *shape = &it->shape;
  if (!product && it->accumulates) return;
  for (int end = line + lines; line < end; line++) {
    const size_t row = (size_t)(line / of->lines) * shape->height
      + (size_t)(line % of->lines) * shape->rows.stride + of->row;
    for (int x = 0; x < of->width; x++) {
      const size_t column = (size_t)x * shape->columns.stride + of->column;
      float *to = it->dx + (row * shape->width + column) * shape->inputs + first;
      if (!product) {
        memset(to, 0, count * sizeof(float));
        continue;
      }
      if (it->accumulates)
        for (int channel = 0; channel < count; channel++) to[channel] += product[channel];
      else
        memcpy(to, product, count * sizeof(float));
      product += count;
    }
  }
}

/// One phase, cut into bands of lines and these into pieces of channels.
typedef struct {
  const tm_strided *it;
  phase of;
  const float *weights;
  int lines, channels, across;
  bool lies_together;
  size_t thread_floats;
} work;

static void run_piece(void *context, int index) {
  const work *work = context;
  const tm_strided *it = work->it;
  const phase *of = &work->of;
  const int line = index / work->across * work->lines;
  const int lines = min_int(work->lines, of->lines * it->shape.batch - line);
  const int first = index % work->across * work->channels;
  const int count = min_int(work->channels, it->shape.inputs - first);
  if (!work->weights) return put(it, of, line, lines, first, count, NULL);
  const int depth = of->taps * it->shape.outputs;
  float *rows = it->scratch + work->thread_floats * (size_t)tm_thread_index();
  float *product = rows + gathered_floats(&it->shape, of);
  const float *a = rows;
  if (work->lies_together)
    a = it->dy + (size_t)line * of->width * depth;
  else
    gather(it, of, line, lines, rows);
  const tm_panel_product panels = {
    .isa = it->isa, .rows = lines * of->width, .depth = depth, .columns = count, .a = a,
    .a_stride = depth, .weights = work->weights + (size_t)first * depth, .out = product,
    .out_stride = count, .low = -INFINITY, .high = INFINITY};
  tm_panels_multiply(&panels);
  put(it, of, line, lines, first, count, product);
}

/// Channels of a piece start where panels do, whatever the instruction set.
enum { PANEL = 32 };

void tm_strided_run(const tm_strided *it) {
  const size_t thread_floats = floats_of_thread(&it->shape);
  const int most_threads = workers(thread_floats), threads = min_int(tm_threads(), most_threads);
  const int panels = (it->shape.inputs + PANEL - 1) / PANEL;
  for (int index = 0; index < tm_strided_phases(&it->shape); index++) {
    const phase of = phase_at(&it->shape, index);
    const int lines = of.lines * it->shape.batch;
    if (lines == 0 || of.width == 0) continue;
    work work = {
      .it = it, .of = of, .weights = it->weights[index], .lines = lines_at_once(&it->shape, &of),
      .lies_together = lies_together(&it->shape, &of),
      .thread_floats = thread_floats};
    const int bands = (lines + work.lines - 1) / work.lines;
    // Few bands are cut across, so that each thread has two pieces.
    const int across = threads == 1 || bands >= 2 * threads ? 1 : min_int(panels, 2 * threads);
    work.channels = (panels + across - 1) / across * PANEL;
    work.across = (it->shape.inputs + work.channels - 1) / work.channels;
    tm_parallel_within(most_threads, bands * work.across, run_piece, &work);
  }
}
