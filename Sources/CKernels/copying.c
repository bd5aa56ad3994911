#include "copying.h"

#include "bounds.h"
#include "dispatch.h"
#include "split.h"
#include "targets.h"

#if TM_HAS_X86
#include <immintrin.h>
#endif

/// Copies the last two axes of a box.
typedef void (*sheet_function)(
  const float *from, long from_step, float *to, long to_step, long rows, long columns,
  bool accumulates);

#define TM_SOURCE "copying.inc"
#include "each_target.h"

static bool is_dense(const tm_box *box) {
  int last = box->axes - 1;
  return box->from[last] == 1 && box->to[last] == 1;
}

bool tm_copies(const tm_box *box) {
  int last = box->axes - 1;
  if (last < 0 || box->axes > TM_BOX_AXES) return 0;
  return is_dense(box) || (last > 0 && box->from[last - 1] == 1 && box->to[last] == 1);
}

typedef struct {
  const tm_box *box;
  const float *from;
  float *to;
  sheet_function body;
  bool accumulates;
  /// The last two axes, and what of them a piece has.
  long rows, columns, row_piece, column_piece;
  /// Steps between rows on either side, and along a row in `from`.
  long from_row, to_row, from_column;
  long row_parts, column_parts;
} copying;

static void run(void *context, int index) {
  const copying *it = context;
  long column = index % it->column_parts * it->column_piece;
  long sheet = index / it->column_parts;
  long row = sheet % it->row_parts * it->row_piece;
  sheet /= it->row_parts;
  const float *from = it->from + row * it->from_row + column * it->from_column;
  float *to = it->to + row * it->to_row + column;
  for (int axis = it->box->axes - 3; axis >= 0; axis--) {
    long at = sheet % it->box->extents[axis];
    sheet /= it->box->extents[axis];
    from += at * it->box->from[axis];
    to += at * it->box->to[axis];
  }
  bool dense = it->from_column == 1;
  it->body(
    from, dense ? it->from_row : it->from_column, to, it->to_row,
    min_long(it->row_piece, it->rows - row), min_long(it->column_piece, it->columns - column),
    it->accumulates);
}

void tm_copy(const tm_box *box, const float *from, float *to, bool accumulates) {
  static const sheet_function copies[] = TM_TABLE(copy_rows);
  static const sheet_function transpositions[] = TM_TABLE(transpose);
  int last = box->axes - 1;
  bool dense = is_dense(box);
  copying it = {
    .box = box, .from = from, .to = to, .accumulates = accumulates,
    .body = (dense ? copies : transpositions)[tm_isa_chosen()],
    .rows = last > 0 ? box->extents[last - 1] : 1, .columns = box->extents[last],
    .from_row = last > 0 ? box->from[last - 1] : 0, .to_row = last > 0 ? box->to[last - 1] : 0,
    .from_column = box->from[last]};
  if (it.rows * it.columns == 0) return;
  // Pieces of transpositions are whole squares.
  it.column_piece = it.columns > 2 * TM_BLOCK ? TM_BLOCK : it.columns;
  it.row_piece = it.columns > TM_BLOCK / 16 ? 16 : TM_BLOCK / it.columns / 16 * 16;
  it.row_parts = (it.rows + it.row_piece - 1) / it.row_piece;
  it.column_parts = (it.columns + it.column_piece - 1) / it.column_piece;
  long sheets = 1;
  for (int axis = 0; axis < last - 1; axis++) sheets *= box->extents[axis];
  tm_split(
    sheets * it.row_parts * it.column_parts, sheets * it.rows * it.columns, run, &it);
}
