#include "winograd_weights.h"

#include <string.h>

#include "bounds.h"
#include "outer.h"
#include "parallel.h"
#include "targets.h"
#if TM_HAS_X86
#include <immintrin.h>
#endif

#define TM_SOURCE "winograd_weights.inc"
#include "each_target.h"

/// Floats of a tile's channels; rows that are kilobytes apart must not meet in the same lines of a cache.
static size_t channel_stride(int channels) {
  size_t padded = ((size_t)channels + 15) / 16 * 16;
  return padded % 256 ? padded : padded + 16;
}

static int tiles_across(const tm_winograd_shape *shape) { return (shape->output_width + 3) / 4; }
static int tiles_down(const tm_winograd_shape *shape) { return (shape->output_height + 3) / 4; }
static int tile_count(const tm_winograd_shape *shape) {
  return shape->batch * tiles_down(shape) * tiles_across(shape);
}

/// Tiles go in two halves, each with sums of its own, whatever the number of threads: it decides bits.
enum { HALVES = 2 };

/// Parts in which a half's six rows of points are computed: as many as keep all threads busy, and two
/// where the products do not stay in the second cache otherwise. Each part looks at all maps.
static int part_count(const tm_winograd_shape *shape, int threads) {
  const int least = (double)shape->inputs * shape->outputs > 8192 ? 2 : 1;
  const int wanted = max_int(least, (threads + HALVES - 1) / HALVES);
  return wanted <= 3 ? wanted : 6;
}

/// Tiles that are transformed before they are multiplied: as many as stay in the second cache.
static int tiles_at_once(const tm_winograd_shape *shape, int parts) {
  const int each = 36 / parts * (shape->inputs + shape->outputs);
  return max_int(16, min_int(128, (1 << 18) / each));
}

static size_t product_floats(const tm_winograd_shape *shape) {
  return (size_t)shape->inputs * channel_stride(shape->outputs) + 16;
}

/// What one point has of some tiles.
static size_t point_floats(const tm_winograd_shape *shape, int tiles) {
  return (size_t)tiles * (channel_stride(shape->inputs) + channel_stride(shape->outputs)) + 16;
}

static size_t zero_floats(const tm_winograd_shape *shape) {
  return channel_stride(max_int(shape->inputs, shape->outputs));
}

/// What all parts of a half have.
static size_t half_floats(const tm_winograd_shape *shape, int parts) {
  return 36 * (product_floats(shape) + point_floats(shape, tiles_at_once(shape, parts)));
}

size_t tm_winograd_weights_scratch_bytes(const tm_winograd_shape *shape) {
  size_t most = 0;
  for (int parts = 1; parts <= 6; parts++)
    if (half_floats(shape, parts) > most) most = half_floats(shape, parts);
  return sizeof(float) * (zero_floats(shape) + HALVES * most);
}

typedef struct {
  const tm_winograd_weights *it;
  int parts;
} work;

/// The products of a half.
static float *products(const work *all, int half) {
  const tm_winograd_weights *it = all->it;
  return it->scratch + zero_floats(&it->shape)
    + (size_t)half * half_floats(&it->shape, all->parts);
}

/// Collects the addresses of a square of pixels, zeros beyond the map.
static void square(
  const float *map, int height, int width, int channels, int row, int column, int side,
  const float *zeros, const float *at[]) {
  for (int i = 0; i < side; i++) {
    const bool inside = row + i >= 0 && row + i < height;
    const float *line = map + (ptrdiff_t)(row + i) * width * channels;
    for (int j = 0; j < side; j++)
      at[i * side + j] = inside && column + j >= 0 && column + j < width
        ? line + (ptrdiff_t)(column + j) * channels : zeros;
  }
}

/// Some rows of points, for half of the tiles.
static void run_part(void *context, int index) {
  typedef void (*transform)(const float *const *, int, int, int, float *, size_t);
  static const transform enters[] = TM_TABLE(enter_rows), spreads[] = TM_TABLE(spread_rows);
  static void (*const multiplies[])(const outer_product *, int, int) = TM_TABLE(multiply_outer);
  const work *all = context;
  const tm_winograd_weights *it = all->it;
  const tm_winograd_shape *shape = &it->shape;
  const int half = index / all->parts, part = index % all->parts;
  const int first_row = 6 * part / all->parts, end_row = 6 * (part + 1) / all->parts;
  const int first = (int)((long)tile_count(shape) * half / HALVES);
  const int end = (int)((long)tile_count(shape) * (half + 1) / HALVES);
  const int points = 6 * (end_row - first_row), most = tiles_at_once(shape, all->parts);
  const int across = tiles_across(shape), down = tiles_down(shape);
  const size_t inputs = channel_stride(shape->inputs), outputs = channel_stride(shape->outputs);
  const size_t plane = point_floats(shape, most);
  float *entered =
    products(all, half) + 36 * product_floats(shape) + 6 * (size_t)first_row * plane;
  float *cotangent = entered + (size_t)most * inputs;
  float *out = products(all, half) + 6 * (size_t)first_row * product_floats(shape);
  memset(out, 0, sizeof(float) * (size_t)points * product_floats(shape));
  for (int start = first; start < end; start += most) {
    const int count = min_int(most, end - start);
    for (int tile = 0; tile < count; tile++) {
      const int number = start + tile, item = number / (across * down);
      const int row = number / across % down * 4, column = number % across * 4;
      const float *at[36];
      square(
        it->input + (size_t)item * shape->height * shape->width * shape->inputs, shape->height,
        shape->width, shape->inputs, row - shape->before_row, column - shape->before_column, 6,
        it->scratch, at);
      enters[it->isa](
        at, shape->inputs, first_row, end_row, entered + (size_t)tile * inputs, plane);
      square(
        it->cotangent + (size_t)item * shape->output_height * shape->output_width * shape->outputs,
        shape->output_height, shape->output_width, shape->outputs, row, column, 4, it->scratch, at);
      spreads[it->isa](
        at, shape->outputs, first_row, end_row, cotangent + (size_t)tile * outputs, plane);
    }
    for (int point = 0; point < points; point++) {
      const outer_product block = {
        entered + (size_t)point * plane, cotangent + (size_t)point * plane, (ptrdiff_t)inputs,
        (ptrdiff_t)outputs, count, out + (size_t)point * product_floats(shape),
        (ptrdiff_t)outputs};
      multiplies[it->isa](&block, shape->inputs, shape->outputs);
    }
  }
}

/// Transforms what the products made for one input.
static void leave_input(void *context, int input) {
  static void (*const table[])(const float *, const float *, size_t, int, float *, size_t, bool) =
    TM_TABLE(leave_weights);
  const work *all = context;
  const tm_winograd_weights *it = all->it;
  const tm_winograd_shape *shape = &it->shape;
  const size_t row = (size_t)input * channel_stride(shape->outputs);
  table[it->isa](
    products(all, 0) + row, products(all, 1) + row, product_floats(shape), shape->outputs,
    it->weights_cotangent + 9 * (size_t)input, 9 * (size_t)shape->inputs, it->accumulates);
}

void tm_winograd_weights_run(const tm_winograd_weights *it) {
  memset(it->scratch, 0, sizeof(float) * zero_floats(&it->shape));
  work all = {it, part_count(&it->shape, tm_threads())};
  tm_parallel(HALVES * all.parts, run_part, &all);
  tm_parallel(it->shape.inputs, leave_input, &all);
}
