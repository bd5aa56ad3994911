// Includes TM_SOURCE once for each instruction set. No include guard: it is meant to be included
// once for each source.

#include "targets.h"

#define TM_FOR plain
#define TM_LANES 4
#include TM_SOURCE
#undef TM_FOR
#undef TM_LANES

#if TM_HAS_X86

#define TM_FOR avx2
#define TM_LANES 8
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#include TM_SOURCE
#pragma clang attribute pop
#undef TM_FOR
#undef TM_LANES

#define TM_FOR avx512
#define TM_LANES 16
#pragma clang attribute push( \
  __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"))), \
  apply_to = function)
#include TM_SOURCE
#pragma clang attribute pop
#undef TM_FOR
#undef TM_LANES

#endif
