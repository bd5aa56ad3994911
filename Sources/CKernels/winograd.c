#include "winograd.h"

#include <math.h>

#include "bounds.h"
#include "panels.h"
#include "parallel.h"
#include "targets.h"
#if TM_HAS_X86
#include <immintrin.h>
#endif

#define TM_SOURCE "winograd.inc"
#include "each_target.h"

// MARK: - Weights

// Each of the 36 products has its weights packed as `tm_panels_pack` does.

typedef struct {
  tm_isa isa;
  const float *weights;
  int inputs, outputs;
  bool turned;
  float *packed;
} packing;

/// Packs the outputs of one vector.
static void pack_vector(void *context, int index) {
  static void (*const table[])(const float *, ptrdiff_t, int, bool, float *, size_t) =
    TM_TABLE(pack);
  const packing *it = context;
  const int lanes = tm_lanes(it->isa), output = index * lanes;
  const size_t plane = tm_panels_packed_bytes(it->isa, it->inputs, it->outputs) / sizeof(float);
  // Panels have two vectors, except the last where there is no second.
  const int panel = index / 2 * 2 * lanes;
  const int width = it->outputs - panel > lanes ? 2 * lanes : lanes;
  const ptrdiff_t output_step = it->turned ? 9 : 9 * (ptrdiff_t)it->inputs;
  const ptrdiff_t input_step = it->turned ? 9 * (ptrdiff_t)it->outputs : 9;
  for (int input = 0; input < it->inputs; input++)
    table[it->isa](
      it->weights + output * output_step + input * input_step, output_step,
      min_int(lanes, it->outputs - output), it->turned,
      it->packed + (size_t)panel * it->inputs + (size_t)input * width + (output - panel), plane);
}

size_t tm_winograd_packed_bytes(tm_isa isa, int inputs, int outputs) {
  return 36 * tm_panels_packed_bytes(isa, inputs, outputs);
}

void tm_winograd_pack(
  tm_isa isa, const float *weights, int inputs, int outputs, bool turned, float *packed) {
  packing it = {isa, weights, inputs, outputs, turned, packed};
  const int lanes = tm_lanes(isa);
  tm_parallel((outputs + lanes - 1) / lanes, pack_vector, &it);
}

// MARK: - Tiles

/// Floats from one tile to the next, in the transformed input and in the products. Whole vectors are
/// stored, and rows that are kilobytes apart must not meet in the same lines of a cache.
static size_t tile_stride(int channels) {
  size_t padded = ((size_t)channels + 15) / 16 * 16;
  return padded % 512 ? padded : padded + 16;
}

/// Floats from one of the 36 planes to the next; as above.
static size_t plane_stride(int tiles, int channels) {
  return (size_t)tiles * tile_stride(channels) + 16;
}

static size_t block_floats(int tiles, const tm_winograd_shape *shape) {
  return 36 * (plane_stride(tiles, shape->inputs) + plane_stride(tiles, shape->outputs));
}

static int tiles_across(const tm_winograd_shape *shape) { return (shape->output_width + 3) / 4; }
static int tiles_down(const tm_winograd_shape *shape) { return (shape->output_height + 3) / 4; }
static int tile_count(const tm_winograd_shape *shape) {
  return shape->batch * tiles_down(shape) * tiles_across(shape);
}

/// Tiles that the scratch memory has room for: 8 megabytes, as much as lets wide layers fetch their
/// weights once for some 50 tiles.
static int room(const tm_winograd_shape *shape) {
  const size_t each = block_floats(1, shape) - block_floats(0, shape);
  return max_int(1, min_int(tile_count(shape), (int)((1 << 21) / each)));
}

/// A thread works apart from others only with as many tiles at a time.
enum { LEAST_ALONE = 24 };

/// Tiles that a thread takes through the three stages at a time: few, so that everything stays in the
/// second cache, unless the weights do not fit there.
static int tiles_at_once(const tm_winograd_shape *shape) {
  return (double)shape->inputs * shape->outputs <= 8192 ? 28 : 112;
}

/// The zeros that stand for pixels beyond the input.
static size_t zero_floats(const tm_winograd_shape *shape) { return tile_stride(shape->inputs); }

size_t tm_winograd_scratch_bytes(const tm_winograd_shape *shape) {
  // The planes' gaps are there once for each thread that works apart, of which each has some tiles.
  return sizeof(float)
    * (zero_floats(shape) + block_floats(room(shape), shape)
       + (size_t)(room(shape) / LEAST_ALONE) * block_floats(0, shape));
}

/// Tiles that go through the three stages together.
typedef struct {
  const tm_winograd *it;
  const float *zeros;
  float *entered, *product;
  int first, count;
} block;

static block block_in(const tm_winograd *it, float *memory, int first, int count) {
  return (block){
    it, it->scratch, memory, memory + 36 * plane_stride(count, it->shape.inputs), first, count};
}

/// Where a tile lies.
typedef struct {
  int item, row, column;
} place;

static place place_of(int tile, const tm_winograd_shape *shape) {
  const int across = tiles_across(shape), down = tiles_down(shape);
  return (place){tile / (across * down), tile / across % down * 4, tile % across * 4};
}

static void enter_tile(const block *some, int index) {
  static void (*const table[])(const float *const[36], int, float *, size_t) = TM_TABLE(enter);
  const tm_winograd_shape *shape = &some->it->shape;
  const place tile = place_of(some->first + index, shape);
  const float *item =
    some->it->input + (size_t)tile.item * shape->height * shape->width * shape->inputs;
  const float *at[36];
  for (int i = 0; i < 6; i++) {
    const int row = tile.row - shape->before_row + i;
    const bool inside = row >= 0 && row < shape->height;
    const float *line = item + (ptrdiff_t)row * shape->width * shape->inputs;
    for (int j = 0; j < 6; j++) {
      const int column = tile.column - shape->before_column + j;
      at[i * 6 + j] = inside && column >= 0 && column < shape->width
        ? line + (ptrdiff_t)column * shape->inputs : some->zeros;
    }
  }
  table[some->it->isa](
    at, shape->inputs, some->entered + (size_t)index * tile_stride(shape->inputs),
    plane_stride(some->count, shape->inputs));
}

static void multiply_columns(const block *some, int point, int first, int count) {
  const tm_winograd_shape *shape = &some->it->shape;
  const size_t weights =
    tm_panels_packed_bytes(some->it->isa, shape->inputs, shape->outputs) / sizeof(float);
  const tm_panel_product product = {
    .isa = some->it->isa,
    .rows = some->count,
    .depth = shape->inputs,
    .columns = count,
    .a = some->entered + (size_t)point * plane_stride(some->count, shape->inputs),
    .a_stride = (ptrdiff_t)tile_stride(shape->inputs),
    .weights = some->it->weights + point * weights + (size_t)first * shape->inputs,
    .out = some->product + (size_t)point * plane_stride(some->count, shape->outputs) + first,
    .out_stride = (ptrdiff_t)tile_stride(shape->outputs),
    .low = -INFINITY,
    .high = INFINITY,
  };
  tm_panels_multiply(&product);
}

static void leave_tile(const block *some, int index) {
  static void (*const table[])(const tm_winograd *, const float *, size_t, float *, int, int) =
    TM_TABLE(leave);
  const tm_winograd_shape *shape = &some->it->shape;
  const place tile = place_of(some->first + index, shape);
  const size_t pixel =
    ((size_t)tile.item * shape->output_height + tile.row) * shape->output_width + tile.column;
  table[some->it->isa](
    some->it, some->product + (size_t)index * tile_stride(shape->outputs),
    plane_stride(some->count, shape->outputs), some->it->output + pixel * shape->outputs,
    min_int(4, shape->output_height - tile.row), min_int(4, shape->output_width - tile.column));
}

// MARK: - Each thread by itself

typedef struct {
  const tm_winograd *it;
  size_t slice;
  int blocks;
} apart;

static void run_block(void *context, int index) {
  const apart *work = context;
  const tm_winograd_shape *shape = &work->it->shape;
  const long tiles = tile_count(shape);
  const int first = (int)(tiles * index / work->blocks);
  const int next = (int)(tiles * (index + 1) / work->blocks);
  float *memory =
    work->it->scratch + zero_floats(shape) + work->slice * (size_t)tm_thread_index();
  const block some = block_in(work->it, memory, first, next - first);
  for (int tile = 0; tile < some.count; tile++) enter_tile(&some, tile);
  for (int point = 0; point < 36; point++) multiply_columns(&some, point, 0, shape->outputs);
  for (int tile = 0; tile < some.count; tile++) leave_tile(&some, tile);
}

// MARK: - All threads together

typedef struct {
  block some;
  /// Pieces of each product, and their columns.
  int across, columns;
} together;

static void enter_some(void *context, int index) {
  const block *some = &((const together *)context)->some;
  for (int tile = index * 4; tile < min_int(some->count, index * 4 + 4); tile++)
    enter_tile(some, tile);
}

static void multiply_some(void *context, int index) {
  const together *work = context;
  const int column = index % work->across * work->columns;
  multiply_columns(
    &work->some, index / work->across, column,
    min_int(work->columns, work->some.it->shape.outputs - column));
}

static void leave_some(void *context, int index) {
  const block *some = &((const together *)context)->some;
  for (int tile = index * 4; tile < min_int(some->count, index * 4 + 4); tile++)
    leave_tile(some, tile);
}

void tm_winograd_run(const tm_winograd *it) {
  const tm_winograd_shape *shape = &it->shape;
  const int tiles = tile_count(shape), threads = tm_threads(), most = room(shape);
  if (tiles == 0 || shape->outputs == 0) return;
  for (size_t i = 0; i < zero_floats(shape); i++) it->scratch[i] = 0;

  // Apart, unless the tiles or the memory for them are too few for that.
  const int alone = min_int(tiles_at_once(shape), min_int(most, tiles) / threads);
  if (alone >= LEAST_ALONE) {
    const int blocks = ((tiles + alone - 1) / alone + threads - 1) / threads * threads;
    apart work = {it, block_floats((tiles + blocks - 1) / blocks, shape), blocks};
    tm_parallel(blocks, run_block, &work);
    return;
  }
  together work;
  const int panel = 2 * tm_lanes(it->isa);
  const int panels = (shape->outputs + panel - 1) / panel;
  const int parts = min_int(panels, threads == 1 ? 1 : (panels + 3) / 4);
  work.columns = (panels + parts - 1) / parts * panel;
  work.across = (shape->outputs + work.columns - 1) / work.columns;
  const int blocks = (tiles + most - 1) / most;
  for (int index = 0; index < blocks; index++) {
    const int first = (int)((long)tiles * index / blocks);
    const int count = (int)((long)tiles * (index + 1) / blocks) - first;
    work.some = block_in(it, it->scratch + zero_floats(shape), first, count);
    tm_parallel((count + 3) / 4, enter_some, &work);
    tm_parallel(36 * work.across, multiply_some, &work);
    tm_parallel((count + 3) / 4, leave_some, &work);
  }
}
