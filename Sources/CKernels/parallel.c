#define _GNU_SOURCE  // RTLD_DEFAULT
#include "parallel.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>

// Our kernels use the threads that oneDNN's OpenMP runtime keeps, since threads of two runtimes would
// stand in one another's way. What is loaded is looked up rather than linked: that can neither load a
// second runtime nor fail where there is none, and then one thread does all.
typedef struct {
  void (*fork)(void (*)(void *), void *, unsigned, unsigned);
  int (*width)(void);
  int (*index)(void);
} runtime;

static runtime openmp;

static void look_up(void) {
  runtime it = {
    (void (*)(void (*)(void *), void *, unsigned, unsigned))dlsym(RTLD_DEFAULT, "GOMP_parallel"),
    (int (*)(void))dlsym(RTLD_DEFAULT, "omp_get_max_threads"),
    (int (*)(void))dlsym(RTLD_DEFAULT, "omp_get_thread_num")};
  if (it.fork && it.width && it.index) openmp = it;
}

static const runtime *loaded(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, look_up);
  return openmp.fork ? &openmp : NULL;
}

int tm_threads(void) {
  const runtime *it = loaded();
  int width = it ? it->width() : 1;
  return width < 1 ? 1 : width;
}

int tm_thread_index(void) {
  const runtime *it = loaded();
  return it ? it->index() : 0;
}

typedef struct {
  int count;
  _Atomic int next;
  void (*body)(void *, int);
  void *context;
} work;

static void run(void *argument) {
  work *it = argument;
  for (int index; (index = atomic_fetch_add(&it->next, 1)) < it->count;)
    it->body(it->context, index);
}

void tm_parallel(int count, void (*body)(void *context, int index), void *context) {
  int width = tm_threads();
  if (width > count) width = count;
  if (width <= 1) {
    for (int index = 0; index < count; index++) body(context, index);
    return;
  }
  work it = {.count = count, .body = body, .context = context};
  loaded()->fork(run, &it, (unsigned)width, 0);
}
