#include "masks.h"

#include <string.h>

#include "dispatch.h"
#include "split.h"
#include "targets.h"

#if TM_HAS_X86
#include <immintrin.h>
#endif

#define TM_SOURCE "masks.inc"
#include "each_target.h"

typedef struct {
  tm_isa isa;
  enum { GATE, PULL, ADD } kind;
  float low, high;
  const float *from;
  float *to;
  uint8_t *mask;
  long count;
  bool is_guided, accumulates;
} work;

static void run(void *context, int index) {
  static void (*const gate_masks[])(float, float, const float *, uint8_t *, long) =
    TM_TABLE(gate_mask);
  static void (*const mask_pulls[])(const uint8_t *, bool, const float *, float *, long, bool) =
    TM_TABLE(mask_pull);
  static void (*const adds[])(const float *, float *, long) = TM_TABLE(add);
  const work *it = context;
  long at = index * TM_BLOCK;
  long count = it->count - at < TM_BLOCK ? it->count - at : TM_BLOCK;
  const tm_isa isa = it->isa;
  switch (it->kind) {
  case GATE: gate_masks[isa](it->low, it->high, it->from + at, it->mask + at / 8, count); break;
  case PULL:
    mask_pulls[isa](
      it->mask + at / 8, it->is_guided, it->from + at, it->to + at, count, it->accumulates);
    break;
  case ADD: adds[isa](it->from + at, it->to + at, count); break;
  }
}

static void split(work it) {
  it.isa = tm_isa_chosen();
  tm_split((it.count + TM_BLOCK - 1) / TM_BLOCK, it.count, run, &it);
}

void tm_gate_mask(float low, float high, const float *y, uint8_t *mask, long count) {
  split((work){.kind = GATE, .low = low, .high = high, .from = y, .mask = mask, .count = count});
}

void tm_mask_pull(
  const uint8_t *mask, bool is_guided, const float *dy, float *dx, long count, bool accumulates) {
  split((work){
    .kind = PULL, .mask = (uint8_t *)mask, .is_guided = is_guided, .from = dy, .to = dx,
    .count = count, .accumulates = accumulates});
}

void tm_add(const float *x, float *y, long count) {
  split((work){.kind = ADD, .from = x, .to = y, .count = count});
}
