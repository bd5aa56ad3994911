#define _GNU_SOURCE  // RTLD_DEFAULT
#include "parallel.h"

#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <stdatomic.h>
#include <unistd.h>

#include "bounds.h"

// Our kernels use the threads that oneDNN's OpenMP runtime keeps, since threads of two runtimes would
// stand in one another's way. What is loaded is looked up rather than linked: that can neither load a
// second runtime nor fail where there is none, and then one thread does all.
typedef struct {
  void (*fork)(void (*)(void *), void *, unsigned, unsigned);
  int (*width)(void);
  int (*index)(void);
  int (*is_inside)(void);
} runtime;

static runtime openmp;

static void look_up(void) {
  runtime it = {
    (void (*)(void (*)(void *), void *, unsigned, unsigned))dlsym(RTLD_DEFAULT, "GOMP_parallel"),
    (int (*)(void))dlsym(RTLD_DEFAULT, "omp_get_max_threads"),
    (int (*)(void))dlsym(RTLD_DEFAULT, "omp_get_thread_num"),
    (int (*)(void))dlsym(RTLD_DEFAULT, "omp_in_parallel")};
  if (it.fork && it.width && it.index && it.is_inside) openmp = it;
}

// GNU's runtime lets threads that wait spin for milliseconds, and reads from the environment, before
// any code of ours runs, that it should not. On cores that have other work as well that made passes
// take ten times as long. It spins for microseconds only while it keeps more threads than there are
// processors; so a thread of ours has it keep that many, asleep, for as long as the process lives.

static void nothing(void *context) { (void)context; }

static void *keep_threads(void *context) {
  long processors = sysconf(_SC_NPROCESSORS_ONLN);
  // Signals are for threads that are awake.
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, NULL);
  openmp.fork(nothing, NULL, (unsigned)(processors < 1 ? 2 : processors + 1), 0);
  (void)context;
  for (;;) pause();
}

static void shorten_spins(void) {
  if (getenv("GOMP_SPINCOUNT") || getenv("OMP_WAIT_POLICY")) return;
  pthread_t thread;
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes) != 0) return;
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_create(&thread, &attributes, keep_threads, NULL);
  pthread_attr_destroy(&attributes);
}

static const runtime *loaded(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, look_up);
  return openmp.fork ? &openmp : NULL;
}

int tm_threads(void) {
  const runtime *it = loaded();
  // A thread that works for others already has no others to work for it.
  int width = it && !it->is_inside() ? it->width() : 1;
  if (width <= 1) return 1;
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, shorten_spins);
  return width;
}

// A region in a thread of another one is a single thread, whatever that thread's number is outside.
static _Thread_local int thread_index;

int tm_thread_index(void) { return thread_index; }

typedef struct {
  int count;
  _Atomic int next;
  void (*body)(void *, int);
  void *context;
} work;

static void run(void *argument) {
  work *it = argument;
  int outside = thread_index;
  thread_index = openmp.index();
  for (int index; (index = atomic_fetch_add(&it->next, 1)) < it->count;)
    it->body(it->context, index);
  thread_index = outside;
}

void tm_parallel(int count, void (*body)(void *context, int index), void *context) {
  tm_parallel_within(count, count, body, context);
}

void tm_parallel_within(
  int most, int count, void (*body)(void *context, int index), void *context) {
  int width = min_int(tm_threads(), min_int(most, count));
  if (width <= 1) {
    int outside = thread_index;
    thread_index = 0;
    for (int index = 0; index < count; index++) body(context, index);
    thread_index = outside;
    return;
  }
  work it = {.count = count, .body = body, .context = context};
  loaded()->fork(run, &it, (unsigned)width, 0);
}
