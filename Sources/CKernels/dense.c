#include "dense.h"

#include <string.h>

#include "dispatch.h"
#include "split.h"
#include "targets.h"
#if TM_HAS_X86
#include <immintrin.h>
#endif

/// Rows of weights that are summed up side by side, and rows of x that meet them.
#define DENSE_OUTPUTS 4
#define DENSE_ROWS 16
/// Floats of each of these rows that stay in the nearest cache meanwhile: 16 KiB together.
#define DENSE_DEPTH 1024L
/// Columns of eight rows of weights that do: 16 KiB, too.
#define DENSE_COLUMNS 512L

/// Groups of eight terms for which it is noted which are zero in all rows: 32,768 terms.
#define DENSE_GROUPS 4096

/// Computes some columns of the result. A bit of `active` stands for each term of a group of eight,
/// clear where x is zero in all rows; null where nothing is known.
typedef void (*dense_function)(
  const tm_dense *it, const unsigned char *active, long first, long count);

typedef void (*note_function)(const tm_dense *it, unsigned char *active);

#define TM_SOURCE "dense.inc"
#include "each_target.h"

typedef struct {
  const tm_dense *dense;
  dense_function body;
  const unsigned char *active;
  long piece;
} work;

static void run(void *context, int index) {
  const work *it = context;
  long first = index * it->piece, left = it->dense->columns - first;
  it->body(it->dense, it->active, first, left < it->piece ? left : it->piece);
}

void tm_dense_product(const tm_dense *it) {
  static const dense_function dots[] = TM_TABLE(dense_dots);
  static const dense_function sums[] = TM_TABLE(dense_sums);
  static const note_function notes[] = TM_TABLE(note_terms);
  work all = {.dense = it, .body = (it->transposed ? dots : sums)[tm_isa_chosen()]};
  unsigned char active[DENSE_GROUPS];
  if (!it->transposed && it->depth <= 8 * DENSE_GROUPS) {
    notes[tm_isa_chosen()](it, active);
    all.active = active;
  }
  // A dozen or more pieces, unless rows of weights would be read in stretches too short to be worth
  // fetching ahead.
  long least = it->transposed ? DENSE_OUTPUTS : 256;
  all.piece = (it->columns / 16 + least - 1) / least * least;
  if (all.piece < least) all.piece = least;
  tm_split(
    (it->columns + all.piece - 1) / all.piece, it->depth * it->columns, run, &all);
}
