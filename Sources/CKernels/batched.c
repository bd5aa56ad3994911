#include "batched.h"

#include <math.h>

#include "bounds.h"
#include "copying.h"
#include "panels.h"
#include "split.h"

/// Parts that the products are dealt out in, each with scratch memory of its own.
#define PARTS 8

typedef struct {
  const tm_batched_product *all;
  char *scratch;
} work;

static bool has_rows(const tm_batched_product *it) { return it->a_column == 1; }

static size_t packed_bytes(const tm_batched_product *it) {
  return (tm_panels_packed_bytes(it->isa, (int)it->depth, (int)it->columns) + 63) / 64 * 64;
}

static size_t part_bytes(const tm_batched_product *it) {
  size_t rows = has_rows(it) ? 0 : (size_t)(it->rows * it->depth) * sizeof(float);
  return packed_bytes(it) + (rows + 63) / 64 * 64;
}

size_t tm_batched_scratch_bytes(const tm_batched_product *it) {
  return part_bytes(it) * (size_t)min_long(PARTS, it->count);
}

static void multiply(const tm_batched_product *it, long index, char *scratch, bool alone) {
  const long *offsets = it->offsets + 3 * index;
  const float *a = it->a + offsets[0];
  float *packed = (float *)scratch;
  tm_panels_pack(
    it->isa, it->b + offsets[1], it->b_row, it->b_column, (int)it->depth, (int)it->columns,
    packed);
  if (!has_rows(it)) {
    float *rows = (float *)(scratch + packed_bytes(it));
    tm_box box = {
      .axes = 2, .extents = {it->rows, it->depth}, .from = {it->a_row, it->a_column},
      .to = {it->depth, 1}};
    tm_copy(&box, a, rows, false);
    a = rows;
  }
  tm_panel_product product = {
    .isa = it->isa, .rows = (int)it->rows, .depth = (int)it->depth, .columns = (int)it->columns,
    .a = a, .a_stride = has_rows(it) ? it->a_row : it->depth, .weights = packed,
    .out = it->c + offsets[2], .out_stride = it->columns, .accumulates = it->accumulates,
    .low = -INFINITY, .high = INFINITY};
  if (alone)
    tm_panels_multiply_parallel(&product);
  else
    tm_panels_multiply(&product);
}

static void run(void *context, int part) {
  const work *it = context;
  long parts = min_long(PARTS, it->all->count);
  for (long index = it->all->count * part / parts; index < it->all->count * (part + 1) / parts;
       index++)
    multiply(it->all, index, it->scratch + part * part_bytes(it->all), false);
}

void tm_batched_multiply(const tm_batched_product *it, float *scratch) {
  work all = {it, (char *)scratch};
  if (it->count == 1)
    multiply(it, 0, all.scratch, true);
  else
    tm_split(min_long(PARTS, it->count), it->count * it->rows * it->columns, run, &all);
}
