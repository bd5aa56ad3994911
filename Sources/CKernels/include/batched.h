#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "dispatch.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Products c = a · b of many pairs of matrices of one size, or c += where `accumulates`.
///
/// Each b is packed into panels on the way (see `panels.h`, which also tells about the order of sums),
/// and each a brought into rows where it has none.
typedef struct {
  tm_isa isa;
  long count, rows, depth, columns;
  /// The first matrices, and where those of each product begin: a, b and c in turn.
  const float *a, *b;
  float *c;
  const long *offsets;
  /// Steps between rows and between columns; one of a pair is 1. c has dense rows.
  long a_row, a_column, b_row, b_column;
  bool accumulates;
} tm_batched_product;

/// How much scratch memory the products need; threads do not share any.
size_t tm_batched_scratch_bytes(const tm_batched_product *it);

/// `scratch` begins at an address that 64 divides.
void tm_batched_multiply(const tm_batched_product *it, float *scratch);

#ifdef __cplusplus
}
#endif
