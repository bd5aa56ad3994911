#pragma once

#include "CImageShims.h"

#include <setjmp.h>

/// What both kinds of reader begin with.
struct tm_image_reader {
  tm_image_status (*read)(tm_image_reader *, uint8_t *pixels);
  /// Null where the format has no such way.
  tm_image_status (*reduce)(tm_image_reader *, uint32_t divisor);
  void (*close)(tm_image_reader *);
  tm_image_header header;
  bool allows_truncation;
  tm_image_flaws flaws;
};

/// Where a library's error handler returns to, with the status it leaves.
typedef struct {
  jmp_buf place;
  tm_image_status status;
} tm_landing;

/// Stores the message for the calling thread and returns the status.
tm_image_status tm_fail(tm_image_status status, const char *message);

/// As `tm_fail`, then jumps.
_Noreturn void tm_jump(tm_landing *landing, tm_image_status status, const char *message);

/// A file that is being written.
typedef struct {
  uint8_t *bytes;
  size_t count;
  size_t capacity;
} tm_output;

/// Makes room for `more` bytes after `count`; false when memory runs out.
bool tm_output_reserve(tm_output *output, size_t more);
