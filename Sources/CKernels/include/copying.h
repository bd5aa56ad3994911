#pragma once

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Most axes of a box.
#define TM_BOX_AXES 8

/// A box of elements, outermost axis first, and how far both arrays advance along each axis.
typedef struct {
  int axes;
  long extents[TM_BOX_AXES], from[TM_BOX_AXES], to[TM_BOX_AXES];
} tm_box;

/// Whether `tm_copy` does this box: one of at least one axis, and of two where the last does not have
/// steps of 1 on both sides; then the one before the last has a step of 1 in `from`, and the last in `to`.
bool tm_copies(const tm_box *box);

/// Copies a box that `tm_copies` accepts, or adds it to what is there where `accumulates`. Arrays do not
/// overlap, and no element of the target is met twice.
void tm_copy(const tm_box *box, const float *from, float *to, bool accumulates);

#ifdef __cplusplus
}
#endif
