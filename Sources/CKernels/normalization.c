#include "normalization.h"

#include <math.h>

#include "bounds.h"
#include "dispatch.h"
#include "split.h"
#include "targets.h"
#if TM_HAS_X86
#include <immintrin.h>
#endif

/// What is done at once: some neighbouring positions, or a row of windows with what is left beside it.
typedef struct {
  const tm_normalization *it;
  const tm_normalization_pull *pull;
  const float *addend;
  float *y;
  /// Sums of each piece, `[pieces][2][channels]`.
  float *parts;
  /// `[channels]` each: z = (x − mean) · scale + shift, and dx = scale · dz + slope · (x − mean) + level.
  float *scale, *shift, *slope, *level;
} work;

/// A piece without windows: positions in a row.
typedef struct {
  long first, count;
} run;

static bool has_windows(const tm_normalization *it) {
  return it->pool_rows * it->pool_columns > 1;
}

static long positions(const tm_normalization *it) { return it->items * it->rows * it->columns; }

/// Positions of a piece without windows.
static long run_length(const tm_normalization *it) {
  return max_long(1, TM_BLOCK / it->channels);
}

static long run_count(const tm_normalization *it) {
  return (positions(it) + run_length(it) - 1) / run_length(it);
}

static run run_at(const tm_normalization *it, long index) {
  long first = index * run_length(it);
  return (run){first, min_long(run_length(it), positions(it) - first)};
}

/// Rows of windows in a picture, with the one of what is left over.
static long band_count(const tm_normalization *it) {
  return (it->rows + it->pool_rows - 1) / it->pool_rows;
}

static long piece_count(const tm_normalization *it) {
  return has_windows(it) ? it->items * band_count(it) : run_count(it);
}

#define TM_SOURCE "normalization.inc"
#include "each_target.h"

typedef void (*piece_function)(const work *all, long index);

typedef struct {
  const work *all;
  piece_function body;
} task;

static void run_piece(void *context, int index) {
  const task *it = context;
  it->body(it->all, index);
}

static void each_piece(const work *all, long pieces, const piece_function table[]) {
  task it = {all, table[tm_isa_chosen()]};
  tm_split(pieces, positions(all->it) * all->it->channels, run_piece, &it);
}

static long padded(long channels) { return (channels + 15) / 16 * 16; }

size_t tm_normalization_scratch_bytes(const tm_normalization *it) {
  long pieces = max_long(run_count(it), piece_count(it));
  return sizeof(float) * (size_t)(4 * padded(it->channels) + 2 * pieces * it->channels);
}

static work work_on(const tm_normalization *it) {
  long width = padded(it->channels);
  float *scratch = it->scratch;
  return (work){
    .it = it, .scale = scratch, .shift = scratch + width, .slope = scratch + 2 * width,
    .level = scratch + 3 * width, .parts = scratch + 4 * width};
}

void tm_batch_moments(const tm_normalization *it) {
  static const piece_function table[] = TM_TABLE(moments);
  work all = work_on(it);
  long pieces = run_count(it), channels = it->channels;
  each_piece(&all, pieces, table);
  // Σ (x − m)² is the sum of its parts about their own means, and of what these differ by.
  for (long c = 0; c < channels; c++) {
    double sum = 0, squares = 0;
    for (long piece = 0; piece < pieces; piece++)
      sum += (double)run_at(it, piece).count * all.parts[2 * piece * channels + c];
    double mean = sum / (double)positions(it);
    for (long piece = 0; piece < pieces; piece++) {
      const float *part = all.parts + 2 * piece * channels + c;
      double apart = part[0] - mean;
      squares += part[channels] + (double)run_at(it, piece).count * apart * apart;
    }
    it->mean[c] = (float)mean;
    it->variance[c] = (float)(squares / (double)positions(it));
  }
}

static void set_scales(work *all) {
  const tm_normalization *it = all->it;
  for (long c = 0; c < it->channels; c++) {
    all->scale[c] = (float)(it->gamma[c] / sqrt((double)it->variance[c] + it->epsilon));
    all->shift[c] = it->beta ? it->beta[c] : 0;
  }
}

void tm_batch_normalize(const tm_normalization *it, const float *addend, float *y) {
  static const piece_function plain[] = TM_TABLE(apply), pooled[] = TM_TABLE(apply_windows);
  work all = work_on(it);
  all.addend = addend;
  all.y = y;
  set_scales(&all);
  each_piece(&all, piece_count(it), has_windows(it) ? pooled : plain);
}

void tm_batch_normalize_pull(const tm_normalization *it, const tm_normalization_pull *pull) {
  static const piece_function sums[] = TM_TABLE(sums), sums_windows[] = TM_TABLE(sums_windows);
  static const piece_function pulls[] = TM_TABLE(pull), pulls_windows[] = TM_TABLE(pull_windows);
  work all = work_on(it);
  all.pull = pull;
  set_scales(&all);
  long pieces = piece_count(it), channels = it->channels;
  each_piece(&all, pieces, has_windows(it) ? sums_windows : sums);
  double size = (double)positions(it);
  for (long c = 0; c < channels; c++) {
    double sum = 0, product = 0;
    for (long piece = 0; piece < pieces; piece++) {
      sum += all.parts[2 * piece * channels + c];
      product += all.parts[(2 * piece + 1) * channels + c];
    }
    double inverse = 1 / sqrt((double)it->variance[c] + it->epsilon);
    if (pull->gamma_cotangent) pull->gamma_cotangent[c] = (float)(product * inverse);
    if (pull->beta_cotangent) pull->beta_cotangent[c] = (float)sum;
    double scale = it->gamma[c] * inverse;
    all.slope[c] = (float)(-scale * product * inverse * inverse / size);
    all.level[c] = (float)(-scale * sum / size);
  }
  if (pull->dx) each_piece(&all, pieces, has_windows(it) ? pulls_windows : pulls);
}
