#include "pooling.h"

#include "bounds.h"
#include "dispatch.h"
#include "split.h"
#include "targets.h"

#if TM_HAS_X86
#include <immintrin.h>
#endif

/// A pool with its arrays; which of them a function uses depends on what it does.
typedef struct {
  const tm_pool *pool;
  const float *from;
  float *to;
  int *winners;
  bool padded, accumulates;
} pooling;

/// The positions that one window sees along one axis.
typedef struct {
  long first, count, step;
  /// Taps inside the picture or its padding.
  long padded;
} span;

/// The windows that see one position along one axis.
typedef struct {
  long first, end;
} range;

static inline span seen(const tm_pool_axis *axis, long output) {
  long start = output * axis->stride - axis->before;
  // Almost every window is inside, and a division takes long.
  if (start >= 0 && start + (axis->taps - 1) * axis->dilation < axis->inputs)
    return (span){start, axis->taps, axis->dilation, axis->taps};
  long skipped = start >= 0 ? 0 : (-start + axis->dilation - 1) / axis->dilation;
  long room = axis->inputs - 1 - start, padded = room + axis->after;
  long end = room < 0 ? 0 : min_long(axis->taps, room / axis->dilation + 1);
  return (span){
    start + skipped * axis->dilation, max_long(0, end - skipped), axis->dilation,
    padded < 0 ? 0 : min_long(axis->taps, padded / axis->dilation + 1)};
}

static inline range seeing(const tm_pool_axis *axis, long position) {
  // Numbers of rows and columns fit, and short divisions are faster.
  unsigned at = (unsigned)(position + axis->before), stride = (unsigned)axis->stride;
  unsigned taps = (unsigned)axis->taps;
  return (range){
    at < taps ? 0 : (at - taps) / stride + 1, min_long(axis->outputs, (long)(at / stride) + 1)};
}

static inline float divisor(span rows, span columns, bool padded) {
  return padded ? (float)(rows.padded * columns.padded) : (float)(rows.count * columns.count);
}

typedef void (*row_function)(const pooling *it, long item, long row);

#define TM_SOURCE "pooling.inc"
#include "each_target.h"

typedef struct {
  pooling pooling;
  row_function body;
  long rows;
} work;

static void run(void *context, int index) {
  const work *it = context;
  it->body(&it->pooling, index / it->rows, index % it->rows);
}

/// Calls `body` for each of `rows` rows of each item, which `elements` elements are read for.
static void each_row(pooling it, row_function body, long rows, long elements) {
  work all = {it, body, rows};
  tm_split(it.pool->items * rows, elements, run, &all);
}

static long inputs(const tm_pool *pool) {
  return pool->items * pool->channels * pool->rows.inputs * pool->columns.inputs;
}

void tm_max_pool(const tm_pool *pool, const float *x, float *y, int *winners) {
  static const row_function table[] = TM_TABLE(max_row);
  pooling it = {.pool = pool, .from = x, .to = y, .winners = winners};
  each_row(it, table[tm_isa_chosen()], pool->rows.outputs, inputs(pool));
}

void tm_max_pool_pull(
  const tm_pool *pool, const float *dy, const int *winners, float *dx, bool accumulates) {
  static const row_function table[] = TM_TABLE(max_pull_row);
  pooling it = {
    .pool = pool, .from = dy, .to = dx, .winners = (int *)winners, .accumulates = accumulates};
  each_row(it, table[tm_isa_chosen()], pool->rows.inputs, inputs(pool));
}

void tm_average_pool(const tm_pool *pool, const float *x, float *y, bool padded) {
  static const row_function table[] = TM_TABLE(average_row);
  pooling it = {.pool = pool, .from = x, .to = y, .padded = padded};
  each_row(it, table[tm_isa_chosen()], pool->rows.outputs, inputs(pool));
}

void tm_average_pool_pull(
  const tm_pool *pool, const float *dy, float *dx, bool padded, bool accumulates) {
  static const row_function table[] = TM_TABLE(average_pull_row);
  pooling it = {
    .pool = pool, .from = dy, .to = dx, .padded = padded, .accumulates = accumulates};
  each_row(it, table[tm_isa_chosen()], pool->rows.inputs, inputs(pool));
}
