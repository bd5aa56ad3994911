#pragma once

#ifdef __cplusplus
extern "C" {
#endif

/// Calls `body(context, index)` for each index below `count`, on as many threads as the calling thread
/// may use (`tm_threads`), and returns when all are done. Which thread takes which index is open; a
/// body must not care.
void tm_parallel(int count, void (*body)(void *context, int index), void *context);

/// The same on at most so many threads, for a body that has scratch memory for each.
void tm_parallel_within(
  int most, int count, void (*body)(void *context, int index), void *context);

/// How many threads `tm_parallel` uses when called by this thread, at least 1.
int tm_threads(void);

/// The number of the thread within the `tm_parallel` that it works for, below `tm_threads`; 0 outside.
int tm_thread_index(void);

#ifdef __cplusplus
}
#endif
