#include "internal.h"

#include <stdio.h>
#include <stdlib.h>

static _Thread_local char last_message[256] = "";

const char *tm_image_message(void) { return last_message; }

tm_image_status tm_fail(tm_image_status status, const char *message) {
  snprintf(last_message, sizeof last_message, "%s", message);
  return status;
}

void tm_jump(tm_landing *landing, tm_image_status status, const char *message) {
  landing->status = tm_fail(status, message);
  longjmp(landing->place, 1);
}

tm_image_status tm_image_reduce(
    tm_image_reader *reader, uint32_t divisor, tm_image_header *header) {
  if (!reader->reduce) return tm_fail(TM_IMAGE_UNSUPPORTED, "only JPEG can be read smaller");
  tm_image_status status = reader->reduce(reader, divisor);
  *header = reader->header;
  return status;
}

tm_image_status tm_image_read(
    tm_image_reader *reader, uint8_t *pixels, size_t capacity, bool allows_truncation,
    tm_image_flaws *flaws) {
  const tm_image_header *header = &reader->header;
  // Both sides are below 2^31, so the product with at most 4 channels fits 64 bits.
  uint64_t expected = (uint64_t)header->width * header->height * header->channels;
  if (capacity != expected) {
    return tm_fail(TM_IMAGE_UNSUPPORTED, "the buffer does not have the size of the picture");
  }
  reader->allows_truncation = allows_truncation;
  tm_image_status status = reader->read(reader, pixels);
  *flaws = reader->flaws;
  return status;
}

void tm_image_close(tm_image_reader *reader) {
  if (reader) reader->close(reader);
}

bool tm_output_reserve(tm_output *output, size_t more) {
  if (output->capacity - output->count >= more) return true;
  if (more > SIZE_MAX / 2 - output->count) return false;
  size_t capacity = output->count + more;
  if (capacity < 2 * output->capacity) capacity = 2 * output->capacity;
  if (capacity < 4096) capacity = 4096;
  uint8_t *bytes = realloc(output->bytes, capacity);
  if (!bytes) return false;
  output->bytes = bytes;
  output->capacity = capacity;
  return true;
}

void tm_image_free(tm_image_file *file) {
  free(file->bytes);
  file->bytes = NULL;
  file->count = 0;
}
