#include "broadcast.h"

#include "bounds.h"
#include "dispatch.h"
#include "split.h"
#include "targets.h"

#if TM_HAS_X86
#include <immintrin.h>
#endif

/// A part of a grid: some rows, and of each the elements from one on.
typedef struct {
  tm_grid grid;
  const float *a, *b;
  float *c;
  long start, end, from, count;
} grid_rows;

typedef void (*grid_function)(const grid_rows *it);
typedef void (*sum_function)(
  const float *a, long a_step, const float *b, long b_step, long rows, long count, float *s,
  float divisor, bool accumulates);
typedef void (*affine_function)(
  const float *x, const float *scale, const float *shift, float *y, long rows, long channels,
  bool accumulates);

#define TM_SOURCE "broadcast.inc"
#include "each_target.h"

// MARK: Element by element

typedef struct {
  grid_rows all;
  grid_function body;
  /// How many pieces a row falls into, and how many rows are in a piece; one of them is 1.
  long parts, rows;
} combination;

static void combine_piece(void *context, int index) {
  const combination *it = context;
  grid_rows piece = it->all;
  piece.start = index / it->parts * it->rows;
  piece.end = min_long(piece.start + it->rows, it->all.end);
  if (it->parts > 1) {
    piece.from = index % it->parts * TM_BLOCK;
    piece.count = min_long(TM_BLOCK, it->all.count - piece.from);
  }
  it->body(&piece);
}

void tm_combine(
  tm_operation operation, tm_grid grid, const float *a, const float *b, float *c,
  bool accumulates) {
  typedef const grid_function(*const table)[2][3];
  static table tables[] = TM_TABLE(combine);
  long rows = grid.extents[0] * grid.extents[1], inner = grid.extents[2];
  if (rows * inner == 0) return;
  int repeated = grid.second[2] == 0 ? 1 : grid.first[2] == 0 ? 2 : 0;
  combination it = {
    .all = {.grid = grid, .a = a, .b = b, .c = c, .end = rows, .count = inner},
    .body = tables[tm_isa_chosen()][operation][accumulates != 0][repeated],
    .parts = inner > 2 * TM_BLOCK ? (inner + TM_BLOCK - 1) / TM_BLOCK : 1};
  it.rows = it.parts > 1 || inner > TM_BLOCK ? 1 : TM_BLOCK / inner;
  tm_split((rows + it.rows - 1) / it.rows * it.parts, rows * inner, combine_piece, &it);
}

// MARK: Sums

/// Columns that one thread adds up: whole lines of the cache.
#define COLUMNS 64L

typedef struct {
  tm_grid grid;
  const float *a, *b;
  float *s;
  sum_function body;
  float divisor;
  bool accumulates;
} sums;

static void sum_piece(void *context, int index) {
  const sums *it = context;
  const long *extents = it->grid.extents, *second = it->grid.second;
  long parts = (extents[2] + COLUMNS - 1) / COLUMNS;
  long outer = index / parts, at = index % parts * COLUMNS;
  it->body(
    it->a + outer * extents[1] * extents[2] + at, extents[2],
    it->b ? it->b + outer * second[0] + at : 0, second[1], extents[1],
    min_long(COLUMNS, extents[2] - at), it->s + outer * extents[2] + at, it->divisor,
    it->accumulates);
}

void tm_sum_middle(
  tm_grid grid, const float *a, const float *b, float *s, float divisor, bool accumulates) {
  static const sum_function table[] = TM_TABLE(sum_middle);
  sums it = {
    .grid = grid, .a = a, .b = b, .s = s, .body = table[tm_isa_chosen()], .divisor = divisor,
    .accumulates = accumulates};
  long pieces = grid.extents[0] * ((grid.extents[2] + COLUMNS - 1) / COLUMNS);
  tm_split(pieces, grid.extents[0] * grid.extents[1] * grid.extents[2], sum_piece, &it);
}

// MARK: Channels

/// Channels fewer than this are repeated until a row is long enough for vectors.
#define FEW 16

typedef struct {
  affine_function body;
  const float *x, *scale, *shift;
  float *y;
  long rows, channels, piece;
  bool accumulates;
} affinity;

static void affine_piece(void *context, int index) {
  const affinity *it = context;
  long start = index * it->piece, rows = min_long(it->piece, it->rows - start);
  const float *x = it->x + start * it->channels;
  float *y = it->y + start * it->channels;
  it->body(x, it->scale, it->shift, y, rows, it->channels, it->accumulates);
}

void tm_channel_affine(
  const float *x, const float *scale, const float *shift, float *y, long rows, long channels,
  bool accumulates) {
  static const affine_function table[] = TM_TABLE(affine);
  affine_function body = table[tm_isa_chosen()];
  if (rows * channels == 0) return;
  float factors[FEW * FEW], offsets[FEW * FEW];
  if (channels < FEW && rows > FEW) {
    for (long at = 0; at < FEW * channels; at++) {
      factors[at] = scale[at % channels];
      offsets[at] = shift ? shift[at % channels] : 0;
    }
    long done = rows / FEW * FEW * channels;
    body(x + done, scale, shift, y + done, rows % FEW, channels, accumulates);
    scale = factors;
    if (shift) shift = offsets;
    rows /= FEW;
    channels *= FEW;
  }
  affinity it = {
    .body = body, .x = x, .scale = scale, .shift = shift, .y = y, .rows = rows,
    .channels = channels, .accumulates = accumulates};
  it.piece = channels > TM_BLOCK ? 1 : TM_BLOCK / channels;
  tm_split((rows + it.piece - 1) / it.piece, rows * channels, affine_piece, &it);
}
