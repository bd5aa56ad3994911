#pragma once

#include <stdbool.h>

#include "pullback.h"

// Along one axis, with taps i, stride s, dilation d and padding b in front,
//
//   dx[s·a + r] = Σ w[i] · dy[a + q]  over taps with  r + b − d·i = s·q
//
// is for each phase r of 0..<s a convolution of dy with stride 1, so that nothing is multiplied that
// is not needed.

static inline int tm_divided_down(int a, int b) { return a >= 0 ? a / b : -((b - 1 - a) / b); }

/// Where q of one axis lies for a tap of a phase; whether the phase has the tap.
static inline bool tm_meets(const tm_window_axis *axis, int phase, int tap, int *q) {
  const int from = phase + axis->before - axis->dilation * tap;
  *q = tm_divided_down(from, axis->stride);
  return *q * axis->stride == from;
}

/// Taps that a phase has along one axis.
static inline int tm_taps_of(const tm_window_axis *axis, int phase) {
  int count = 0, q;
  for (int tap = 0; tap < axis->taps; tap++) count += tm_meets(axis, phase, tap, &q);
  return count;
}
