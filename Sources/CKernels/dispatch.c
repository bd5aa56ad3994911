#include "dispatch.h"
#include "targets.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <strings.h>

static _Thread_local tm_isa limit = TM_ISA_COUNT - 1;

void tm_isa_limit(tm_isa highest) { limit = highest; }

/// What the environment allows. Its values are oneDNN's, so that both use the same set.
static tm_isa allowed(void) {
  const char *name = getenv("ONEDNN_MAX_CPU_ISA");
  if (!name) name = getenv("DNNL_MAX_CPU_ISA");
  if (!name || strncasecmp(name, "AVX512", 6) == 0) return TM_ISA_AVX512;
  if (strncasecmp(name, "AVX2", 4) == 0) return TM_ISA_AVX2;
  if (strcasecmp(name, "SSE41") == 0 || strcasecmp(name, "AVX") == 0) return TM_ISA_PLAIN;
  return TM_ISA_AVX512;
}

static tm_isa found(void) {
#if TM_HAS_X86
  tm_isa most = allowed();
  if (most >= TM_ISA_AVX512 && __builtin_cpu_supports("avx512f")
    && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq")
    && __builtin_cpu_supports("avx512vl"))
    return TM_ISA_AVX512;
  if (most >= TM_ISA_AVX2 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    return TM_ISA_AVX2;
#endif
  return TM_ISA_PLAIN;
}

tm_isa tm_isa_chosen(void) {
  // Looked up once; a race finds the same answer twice.
  static _Atomic int known = -1;
  int best = atomic_load(&known);
  if (best < 0) {
    best = found();
    atomic_store(&known, best);
  }
  return best < (int)limit ? (tm_isa)best : limit;
}
