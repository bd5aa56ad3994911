// What the cores can do at best: fused multiply-adds of single precision on registers alone.
//
//     cc -O3 -march=native -pthread peak.c -o peak && ./peak THREADS
//
// prints GFLOP/s of one thread and of THREADS at once, a multiply-add counted as two operations.

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

// As wide as the machine's registers, and enough sums at once to hide the latency without spilling.
#if defined(__AVX512F__)
enum { lanes = 16, sums = 24 };
#elif defined(__AVX__)
enum { lanes = 8, sums = 12 };
#elif defined(__aarch64__)
enum { lanes = 4, sums = 24 };
#else
enum { lanes = 4, sums = 12 };
#endif

typedef float vector __attribute__((vector_size(lanes * sizeof(float))));

static const long repeats = 20 * 1000 * 1000;

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec + 1e-9 * now.tv_nsec;
}

static void *work(void *result) {
  vector sum[sums];
  vector factor = {0};
  factor += 0.999f;
  for (int i = 0; i < sums; i++) sum[i] = factor * (float)i;
  for (long repeat = 0; repeat < repeats; repeat++) {
#pragma GCC unroll 24
    for (int i = 0; i < sums; i++) sum[i] = sum[i] * factor + factor;
  }
  vector total = {0};
  for (int i = 0; i < sums; i++) total += sum[i];
  *(float *)result = total[0];
  return NULL;
}

// The best of a few attempts: whatever else the machine does can only slow them down.
static double peak(int threads) {
  double best = 0;
  pthread_t thread[threads];
  float result[threads];
  for (int attempt = 0; attempt < 5; attempt++) {
    double start = seconds();
    for (int i = 0; i < threads; i++) {
      if (pthread_create(&thread[i], NULL, work, &result[i])) exit(1);
    }
    for (int i = 0; i < threads; i++) pthread_join(thread[i], NULL);
    double rate = 2e-9 * lanes * sums * repeats * threads / (seconds() - start);
    if (rate > best) best = rate;
  }
  return best;
}

int main(int count, char **arguments) {
  int threads = count > 1 ? atoi(arguments[1]) : 1;
  if (threads < 1 || threads > 1024) return 1;
  printf("%.1f %.1f\n", peak(1), peak(threads));
  return 0;
}
