#pragma once

/// The fence before libpng and libjpeg: their errors, which jump, come out as statuses.
///
/// A call that does not return `TM_IMAGE_OK` leaves a sentence in `tm_image_message`. Nothing here
/// is shared between threads.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
  TM_IMAGE_OK = 0,
  /// The bytes end before the picture does.
  TM_IMAGE_TRUNCATED = 1,
  /// The bytes contradict the format.
  TM_IMAGE_CORRUPT = 2,
  /// The format has a feature that the library does not read or write.
  TM_IMAGE_UNSUPPORTED = 3,
  TM_IMAGE_OUT_OF_MEMORY = 4,
} tm_image_status;

/// Why the calling thread's last call that did not return `TM_IMAGE_OK` failed. Never null.
const char *tm_image_message(void);

// MARK: - Reading

typedef struct tm_image_reader tm_image_reader;

/// What a file says of itself before its pixels.
typedef struct {
  uint32_t width;
  uint32_t height;
  /// Samples per pixel that `tm_image_read` delivers: 1 gray, 2 gray and alpha, 3 RGB, 4 RGBA.
  uint8_t channels;
  /// Bits per sample (of a palette: per index) as stored.
  uint8_t bit_depth;
  /// The pixels arrive in several passes over the whole picture.
  bool is_progressive;
  /// The colours are stored as inks.
  bool is_cmyk;
} tm_image_header;

/// Reads a header and allocates nothing that grows with the picture.
///
/// The bytes must stay where they are until the reader is closed. `*reader` is null after a
/// failure.
tm_image_status tm_png_open(
    const uint8_t *bytes, size_t count, tm_image_reader **reader, tm_image_header *header);
tm_image_status tm_jpeg_open(
    const uint8_t *bytes, size_t count, tm_image_reader **reader, tm_image_header *header);

/// Lets a JPEG be read at 1/`divisor` of its size, 1, 2, 4 or 8, which costs less than reading all of
/// it; before `tm_image_read`. `*header` is then that of the smaller picture. Other formats refuse.
tm_image_status tm_image_reduce(
    tm_image_reader *reader, uint32_t divisor, tm_image_header *header);

/// What was wrong with the pixels of a picture that could be read all the same.
typedef struct {
  /// Entropy-coded data were wrong here and there and were patched over.
  bool is_damaged;
  /// The bytes end before the picture does: what is missing is gray in a JPEG, and 0 in a PNG.
  bool is_truncated;
} tm_image_flaws;

/// Reads the pixels, 8 bits per sample, interleaved; once per reader. `capacity` must be
/// width · height · channels. After a failure the samples are unspecified.
///
/// With `allows_truncation`, a picture of which some row is there is no failure.
tm_image_status tm_image_read(
    tm_image_reader *reader, uint8_t *pixels, size_t capacity, bool allows_truncation,
    tm_image_flaws *flaws);

/// Null is allowed.
void tm_image_close(tm_image_reader *reader);

// MARK: - Writing

/// Pixels to be written, 8 bits per sample, interleaved.
typedef struct {
  const uint8_t *pixels;
  uint32_t width;
  uint32_t height;
  /// As in `tm_image_header`.
  uint8_t channels;
} tm_image_picture;

/// A file in memory, to be released with `tm_image_free`.
typedef struct {
  uint8_t *bytes;
  size_t count;
} tm_image_file;

/// One iTXt chunk: both zero-terminated, the keyword ASCII, the text UTF-8.
typedef struct {
  const char *keyword;
  const char *text;
} tm_png_text;

/// Writes a PNG with fixed compression settings, the texts before the pixels.
tm_image_status tm_png_write(
    const tm_image_picture *picture, const tm_png_text *texts, size_t text_count,
    tm_image_file *file);

/// Writes a baseline JPEG of 1 or 3 channels; quality 1...100.
tm_image_status tm_jpeg_write(
    const tm_image_picture *picture, int32_t quality, tm_image_file *file);

void tm_image_free(tm_image_file *file);

#ifdef __cplusplus
}
#endif
