#pragma once

/// The fence before oneDNN: prepared operations on plain `float` memory behind opaque handles.
///
/// Compiles unchanged against oneDNN 2.x and 3.x, and shows nothing of either. Every call that can
/// fail returns a status, and `tm_message` says what happened to the calling thread's last failure.
///
/// A primitive may be run by any thread, by one at a time. Distinct primitives are independent.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
  TM_OK = 0,
  /// The library has no implementation for what was asked, or none worth using.
  TM_UNSUPPORTED = 1,
  TM_FAILED = 2,
} tm_status;

/// Why the calling thread's last call that did not return `TM_OK` failed. Never null.
const char *tm_message(void);

/// The version of the library that is loaded, such as `2.6.3`.
const char *tm_engine_version(void);

/// The instruction set that the library generates code for, such as `avx512_core`.
const char *tm_isa_name(void);

/// Sets how many threads primitives prepared and run by the calling thread may use.
void tm_set_threads(int32_t count);

// MARK: - Layouts

/// How the elements of an array lie in memory.
typedef struct tm_layout tm_layout;

/// The row-major layout of `[extents[0], …]`, for 1 to 5 axes.
tm_status tm_layout_create(int32_t rank, const int64_t *extents, tm_layout **layout);

void tm_layout_destroy(tm_layout *layout);

/// Bytes that an array of this layout takes, padding included.
size_t tm_layout_byte_count(const tm_layout *layout);

bool tm_layout_equal(const tm_layout *a, const tm_layout *b);

// MARK: - Primitives

/// An operation with everything chosen but the addresses it works on.
typedef struct tm_primitive tm_primitive;

/// What a primitive is given an address for.
typedef enum {
  TM_SOURCE,
  TM_TARGET,
  TM_WEIGHTS,
  TM_BIAS,
  /// What is carried back, where the source is something else.
  TM_COTANGENT,
  /// Memory that keeps nothing between runs.
  TM_SCRATCH,
  TM_ROLE_COUNT,
} tm_role;

void tm_primitive_destroy(tm_primitive *primitive);

/// The name of the implementation that the library chose. It lives as long as the primitive.
const char *tm_impl_name(const tm_primitive *primitive);

/// The layout that a primitive expects for a role, or null where it has no such role. It lives as
/// long as the primitive.
const tm_layout *tm_primitive_layout(const tm_primitive *primitive, tm_role role);

/// Gives an address, which must stay valid until it is replaced, to a role.
///
/// The library may clear the padding of a newly bound array. Source, weights and bias are only read
/// where their layouts have no padding.
tm_status tm_primitive_bind(tm_primitive *primitive, tm_role role, void *address);

/// Runs a primitive on the addresses bound to it, and returns when it is done.
tm_status tm_primitive_run(tm_primitive *primitive);

/// A copy from one layout to another; `adds` to what the target holds instead of replacing it.
tm_status tm_reorder_create(
  const tm_layout *source, const tm_layout *target, bool adds, tm_primitive **primitive);

// MARK: - Convolution

/// A convolution of `[batch, inputs, input_size]` to `[batch, outputs, output_size]`. Pairs are rows
/// first; dilation 1 means neighbouring taps.
typedef struct {
  int64_t batch, groups, inputs, outputs;
  int64_t input_size[2], output_size[2];
  int64_t taps[2], stride[2], dilation[2], before[2], after[2];
} tm_convolution;

/// What happens to the sums of a convolution at its end: first the target's old value is added, then
/// the result is kept between two bounds, either of which may be infinite.
typedef struct {
  bool adds;
  bool clamps;
  float low, high;
} tm_ending;

// Source and target have channels last, `[N, H, W, C]`. For the weights the library chooses; their
// plain form is `[O, C, rows, columns]`, or `[groups, O / groups, C / groups, rows, columns]`.

/// source: the input; target: the output.
tm_status tm_convolution_forward_create(
  const tm_convolution *shape, bool has_bias, const tm_ending *ending, tm_primitive **primitive);

/// source: the output's cotangent; target: the input's.
tm_status tm_convolution_backward_create(const tm_convolution *shape, tm_primitive **primitive);

/// source: the input; cotangent: the output's; target: that of the weights, in the library's layout.
tm_status tm_convolution_weights_create(const tm_convolution *shape, tm_primitive **primitive);

#ifdef __cplusplus
}
#endif
