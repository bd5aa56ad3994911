#define _GNU_SOURCE  // RTLD_DEFAULT
#include "internal.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>

static _Thread_local char message[160] = "";

const char *tm_message(void) { return message; }

static const char *status_name(dnnl_status_t status) {
  switch (status) {
  case dnnl_success: return "success";
  case dnnl_out_of_memory: return "out of memory";
  case dnnl_invalid_arguments: return "invalid arguments";
  case dnnl_unimplemented: return "not implemented";
  case dnnl_runtime_error: return "runtime error";
  default: return "error";
  }
}

tm_status tm_report(dnnl_status_t status, const char *action) {
  if (status == dnnl_success) return TM_OK;
  snprintf(
    message, sizeof message, "oneDNN %s could not %s: %s (status %d)", tm_engine_version(), action,
    status_name(status), (int)status);
  return status == dnnl_unimplemented ? TM_UNSUPPORTED : TM_FAILED;
}

static dnnl_engine_t engine;
static void create_engine(void) {
  if (dnnl_engine_create(&engine, dnnl_cpu, 0) != dnnl_success) engine = NULL;
}

dnnl_engine_t tm_engine(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, create_engine);
  return engine;
}

static char version[32];
static void write_version(void) {
  const dnnl_version_t *it = dnnl_version();
  snprintf(version, sizeof version, "%d.%d.%d", it->major, it->minor, it->patch);
}

const char *tm_engine_version(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, write_version);
  return version;
}

const char *tm_isa_name(void) {
  // The numbers are the same in all versions, the enumerators are not.
  switch ((unsigned)dnnl_get_effective_cpu_isa()) {
  case 0x0001: return "sse41";
  case 0x0003: return "avx";
  case 0x0007: return "avx2";
  case 0x0027: return "avx512_core";
  case 0x0067: return "avx512_core_vnni";
  case 0x00e7: return "avx512_core_bf16";
  case 0x01ef: return "avx512_core_fp16";
  case 0x03e7:
  case 0x0fef: return "avx512_core_amx";
  case 0x0407: return "avx2_vnni";
  case 0x0c07: return "avx2_vnni_2";
  case 0x0000: return "generic";
  default: return "other";
  }
}

void tm_set_threads(int32_t count) {
  // oneDNN brings its OpenMP runtime along. Looking the function up in what is loaded, rather than
  // linking it, can neither load a second runtime nor fail where the library has none.
  void (*set)(int) = (void (*)(int))dlsym(RTLD_DEFAULT, "omp_set_num_threads");
  if (set) set(count);
}
