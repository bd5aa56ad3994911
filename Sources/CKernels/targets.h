#pragma once

#include "dispatch.h"

// How a kernel comes to be compiled for several instruction sets: its code stands in a `.inc` file
// that is included once for each, with TM_FOR naming the set, and a table of functions is indexed by
// `tm_isa_chosen()`. Loops over channels are plain C, which the compiler turns into vectors of the
// set's width; `TM_LANES` is that width in floats.
//
//   #define TM_FOR plain
//   #include "pooling.inc"          // defines TM_NAME(max_pooling)(…)
//   #include "each_target.h"        is the usual way: it includes TM_SOURCE for every set

#define TM_JOIN_(a, b) a##_##b
#define TM_JOIN(a, b) TM_JOIN_(a, b)
/// The name of a function for the set that is being compiled.
#define TM_NAME(name) TM_JOIN(name, TM_FOR)

#if defined(__x86_64__)
#define TM_HAS_X86 1
#endif

/// A table of `name` for each set.
#if TM_HAS_X86
#define TM_TABLE(name) {name##_plain, name##_avx2, name##_avx512}
#else
#define TM_TABLE(name) {name##_plain, name##_plain, name##_plain}
#endif

/// Floats of a set's vectors.
static inline int tm_lanes(tm_isa isa) {
#if TM_HAS_X86
  static const int lanes[TM_ISA_COUNT] = {4, 8, 16};
  return lanes[isa];
#else
  (void)isa;
  return 4;
#endif
}
