#include "internal.h"

#include <stdio.h>
#include <stdlib.h>
// After stdio.h, as it uses FILE; before jerror.h, which asks it for the optional messages.
#include <jpeglib.h>
#include <jerror.h>
#include <string.h>

/// A picture of this many passes is made to waste time: usual ones have about ten.
enum { SCAN_LIMIT = 100 };

typedef struct {
  struct jpeg_error_mgr base;
  tm_landing landing;
  bool is_damaged;
  bool allows_truncation;
  bool is_truncated;
  /// All rows have been read.
  bool is_complete;
} error_manager;

static tm_image_status status_of(int code) {
  switch (code) {
    case JERR_OUT_OF_MEMORY:
      return TM_IMAGE_OUT_OF_MEMORY;
    case JERR_INPUT_EMPTY:
    case JERR_INPUT_EOF:
    case JWRN_JPEG_EOF:
      return TM_IMAGE_TRUNCATED;
    case JERR_ARITH_NOTIMPL:
    case JERR_BAD_PRECISION:
    case JERR_CONVERSION_NOTIMPL:
    case JERR_IMAGE_TOO_BIG:
    case JERR_SOF_UNSUPPORTED:
      return TM_IMAGE_UNSUPPORTED;
    default:
      return TM_IMAGE_CORRUPT;
  }
}

static void on_error(j_common_ptr cinfo) {
  error_manager *errors = (error_manager *)cinfo->err;
  char message[JMSG_LENGTH_MAX];
  errors->base.format_message(cinfo, message);
  tm_jump(&errors->landing, status_of(errors->base.msg_code), message);
}

static void on_message(j_common_ptr cinfo, int level) {
  if (level >= 0) return;
  error_manager *errors = (error_manager *)cinfo->err;
  switch (errors->base.msg_code) {
    case JWRN_JPEG_EOF:
      // The library makes up the rest in gray.
      if (errors->is_complete) break;
      if (!errors->allows_truncation) on_error(cinfo);
      errors->is_truncated = true;
      break;
    case JWRN_ARITH_BAD_CODE:
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_MUST_RESYNC:
      errors->is_damaged = true;
      break;
  }
}

static void print_nothing(j_common_ptr cinfo) { (void)cinfo; }

static struct jpeg_error_mgr *set_up(error_manager *errors) {
  struct jpeg_error_mgr *base = jpeg_std_error(&errors->base);
  base->error_exit = on_error;
  base->emit_message = on_message;
  base->output_message = print_nothing;
  return base;
}

// MARK: - Reading

typedef struct {
  tm_image_reader base;
  error_manager errors;
  struct jpeg_progress_mgr progress;
  struct jpeg_decompress_struct cinfo;
} jpeg_reader;

static void on_progress(j_common_ptr cinfo) {
  if (((j_decompress_ptr)cinfo)->input_scan_number <= SCAN_LIMIT) return;
  error_manager *errors = (error_manager *)cinfo->err;
  tm_jump(&errors->landing, TM_IMAGE_UNSUPPORTED, "the picture has more than 100 passes");
}

static void close_jpeg(tm_image_reader *base) {
  jpeg_reader *reader = (jpeg_reader *)base;
  jpeg_destroy_decompress(&reader->cinfo);
  free(reader);
}

/// Inks stored as Adobe does, 255 meaning none, whether or not the file says so: like Pillow, as
/// files that do otherwise are hardly met.
static void rgb_from_inks(const uint8_t *inks, uint8_t *target, size_t count) {
  for (size_t pixel = 0; pixel < count; pixel++, inks += 4, target += 3) {
    int paper = inks[3];
    for (int channel = 0; channel < 3; channel++) {
      // paper − ink · paper / 255, rounded as Pillow rounds.
      int product = (255 - inks[channel]) * paper + 128;
      target[channel] = (uint8_t)(paper - (((product >> 8) + product) >> 8));
    }
  }
}

static tm_image_status read_jpeg(tm_image_reader *base, uint8_t *pixels) {
  jpeg_reader *reader = (jpeg_reader *)base;
  if (setjmp(reader->errors.landing.place)) return reader->errors.landing.status;
  j_decompress_ptr cinfo = &reader->cinfo;
  reader->errors.allows_truncation = base->allows_truncation;
  jpeg_start_decompress(cinfo);

  const tm_image_header *header = &base->header;
  int channels = header->is_cmyk ? 4 : header->channels;
  if (cinfo->output_width != header->width || cinfo->output_height != header->height
      || cinfo->output_components != channels) {
    tm_jump(&reader->errors.landing, TM_IMAGE_UNSUPPORTED, "rows have an unexpected length");
  }
  size_t stride = (size_t)header->width * header->channels;
  JSAMPARRAY inks = NULL;
  if (header->is_cmyk) {
    inks = cinfo->mem->alloc_sarray(
        (j_common_ptr)cinfo, JPOOL_IMAGE, cinfo->output_width * 4, 1);
  }
  while (cinfo->output_scanline < cinfo->output_height) {
    JSAMPROW target = pixels + cinfo->output_scanline * stride;
    if (jpeg_read_scanlines(cinfo, inks ? inks : &target, 1) != 1) {
      tm_jump(&reader->errors.landing, TM_IMAGE_TRUNCATED, "the bytes end within a row");
    }
    if (inks) rgb_from_inks(inks[0], target, header->width);
  }
  // Reads on to the end marker, which may be missing: nonsense behind the last row tells that the
  // rows cannot be right.
  reader->errors.is_complete = true;
  jpeg_finish_decompress(cinfo);
  base->flaws = (tm_image_flaws){
    .is_damaged = reader->errors.is_damaged, .is_truncated = reader->errors.is_truncated};
  return TM_IMAGE_OK;
}

static tm_image_status reduce_jpeg(tm_image_reader *base, uint32_t divisor) {
  jpeg_reader *reader = (jpeg_reader *)base;
  if (setjmp(reader->errors.landing.place)) return reader->errors.landing.status;
  j_decompress_ptr cinfo = &reader->cinfo;
  cinfo->scale_num = 1;
  cinfo->scale_denom = divisor;
  jpeg_calc_output_dimensions(cinfo);
  base->header.width = cinfo->output_width;
  base->header.height = cinfo->output_height;
  return TM_IMAGE_OK;
}

tm_image_status tm_jpeg_open(
    const uint8_t *bytes, size_t count, tm_image_reader **result, tm_image_header *header) {
  *result = NULL;
  jpeg_reader *reader = calloc(1, sizeof *reader);
  if (!reader) return tm_fail(TM_IMAGE_OUT_OF_MEMORY, "no memory for a JPEG reader");
  reader->base.read = read_jpeg;
  reader->base.reduce = reduce_jpeg;
  reader->base.close = close_jpeg;
  j_decompress_ptr cinfo = &reader->cinfo;
  cinfo->err = set_up(&reader->errors);
  if (setjmp(reader->errors.landing.place)) {
    tm_image_status status = reader->errors.landing.status;
    close_jpeg(&reader->base);
    return status;
  }
  jpeg_create_decompress(cinfo);
  reader->progress.progress_monitor = on_progress;
  cinfo->progress = &reader->progress;
  jpeg_mem_src(cinfo, bytes, count);
  jpeg_read_header(cinfo, TRUE);

  bool is_cmyk = cinfo->num_components == 4;
  switch (cinfo->num_components) {
    case 1:
      cinfo->out_color_space = JCS_GRAYSCALE;
      break;
    case 3:
      cinfo->out_color_space = JCS_RGB;
      break;
    case 4:
      cinfo->out_color_space = JCS_CMYK;
      break;
    default:
      tm_jump(
          &reader->errors.landing, TM_IMAGE_UNSUPPORTED,
          "the picture has neither 1 nor 3 nor 4 colour components");
  }
  reader->base.header = (tm_image_header){
    .width = cinfo->image_width,
    .height = cinfo->image_height,
    .channels = cinfo->num_components == 1 ? 1 : 3,
    .bit_depth = (uint8_t)cinfo->data_precision,
    .is_progressive = cinfo->progressive_mode,
    .is_cmyk = is_cmyk,
  };
  *header = reader->base.header;
  *result = &reader->base;
  return TM_IMAGE_OK;
}

// MARK: - Writing

typedef struct {
  error_manager errors;
  struct jpeg_destination_mgr destination;
  tm_output output;
  struct jpeg_compress_struct cinfo;
} jpeg_writer;

static void provide_room(jpeg_writer *writer) {
  if (!tm_output_reserve(&writer->output, 4096)) {
    tm_jump(&writer->errors.landing, TM_IMAGE_OUT_OF_MEMORY, "no memory for the JPEG file");
  }
  writer->destination.next_output_byte = writer->output.bytes + writer->output.count;
  writer->destination.free_in_buffer = writer->output.capacity - writer->output.count;
}

static void begin_output(j_compress_ptr cinfo) { provide_room(cinfo->client_data); }

static boolean extend_output(j_compress_ptr cinfo) {
  // The library calls when all room is used, whatever the remaining count says.
  jpeg_writer *writer = cinfo->client_data;
  writer->output.count = writer->output.capacity;
  provide_room(writer);
  return TRUE;
}

static void end_output(j_compress_ptr cinfo) {
  jpeg_writer *writer = cinfo->client_data;
  writer->output.count = writer->output.capacity - writer->destination.free_in_buffer;
}

static tm_image_status write_jpeg(
    jpeg_writer *writer, const tm_image_picture *picture, int32_t quality) {
  j_compress_ptr cinfo = &writer->cinfo;
  cinfo->err = set_up(&writer->errors);
  if (setjmp(writer->errors.landing.place)) return writer->errors.landing.status;
  jpeg_create_compress(cinfo);
  cinfo->client_data = writer;
  writer->destination.init_destination = begin_output;
  writer->destination.empty_output_buffer = extend_output;
  writer->destination.term_destination = end_output;
  cinfo->dest = &writer->destination;

  cinfo->image_width = picture->width;
  cinfo->image_height = picture->height;
  cinfo->input_components = picture->channels;
  cinfo->in_color_space = picture->channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_set_defaults(cinfo);
  jpeg_set_quality(cinfo, quality, TRUE);
  jpeg_start_compress(cinfo, TRUE);
  size_t stride = (size_t)picture->width * picture->channels;
  while (cinfo->next_scanline < cinfo->image_height) {
    // The library takes a plain pointer but only reads from it.
    JSAMPROW row = (JSAMPROW)(picture->pixels + cinfo->next_scanline * stride);
    jpeg_write_scanlines(cinfo, &row, 1);
  }
  jpeg_finish_compress(cinfo);
  return TM_IMAGE_OK;
}

tm_image_status tm_jpeg_write(
    const tm_image_picture *picture, int32_t quality, tm_image_file *file) {
  // On the heap: locals that change after setjmp are lost in the jump.
  jpeg_writer *writer = calloc(1, sizeof *writer);
  if (!writer) return tm_fail(TM_IMAGE_OUT_OF_MEMORY, "no memory for a JPEG writer");
  tm_image_status status = write_jpeg(writer, picture, quality);
  jpeg_destroy_compress(&writer->cinfo);
  if (status != TM_IMAGE_OK) {
    free(writer->output.bytes);
    writer->output = (tm_output){0};
  }
  *file = (tm_image_file){.bytes = writer->output.bytes, .count = writer->output.count};
  free(writer);
  return status;
}
