#include "elementwise.h"

#include "dispatch.h"
#include "split.h"
#include "targets.h"

typedef void (*map_function)(float a, float b, const float *x, float *y, long count);
typedef void (*pull_function)(
  float a, float b, const float *dy, const float *subject, float *dx, long count,
  bool accumulates);
typedef void (*rectifier_function)(
  tm_rule rule, const float *dy, const float *y, float *dx, long count, bool accumulates);

#define TM_SOURCE "elementwise.inc"
#include "each_target.h"

typedef struct {
  map_function map;
  pull_function pull;
  rectifier_function rectifier;
  tm_rule rule;
  float a, b;
  const float *from, *subject;
  float *to;
  long count;
  bool accumulates;
} work;

static void run(void *context, int index) {
  const work *it = context;
  long at = index * TM_BLOCK;
  long count = it->count - at < TM_BLOCK ? it->count - at : TM_BLOCK;
  const float *subject = it->subject ? it->subject + at : 0;
  if (it->map)
    it->map(it->a, it->b, it->from + at, it->to + at, count);
  else if (it->pull)
    it->pull(it->a, it->b, it->from + at, subject, it->to + at, count, it->accumulates);
  else
    it->rectifier(it->rule, it->from + at, subject, it->to + at, count, it->accumulates);
}

static void split(work *it) {
  tm_split((it->count + TM_BLOCK - 1) / TM_BLOCK, it->count, run, it);
}

void tm_map(tm_function f, float a, float b, const float *x, float *y, long count) {
  static const map_function *const tables[] = TM_TABLE(maps);
  work it = {.map = tables[tm_isa_chosen()][f], .a = a, .b = b, .from = x, .to = y, .count = count};
  split(&it);
}

void tm_map_pull(
  tm_function f, float a, float b, const float *dy, const float *subject, float *dx, long count,
  bool accumulates) {
  static const pull_function *const tables[] = TM_TABLE(pulls);
  work it = {
    .pull = tables[tm_isa_chosen()][f], .a = a, .b = b, .from = dy, .subject = subject, .to = dx,
    .count = count, .accumulates = accumulates};
  split(&it);
}

void tm_rectifier_pull(
  tm_rule rule, const float *dy, const float *y, float *dx, long count, bool accumulates) {
  static const rectifier_function table[] = TM_TABLE(rectifier);
  work it = {
    .rectifier = table[tm_isa_chosen()], .rule = rule, .from = dy, .subject = y, .to = dx,
    .count = count, .accumulates = accumulates};
  split(&it);
}
