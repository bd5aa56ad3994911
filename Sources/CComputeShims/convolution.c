#include "internal.h"

#include <math.h>
#include <string.h>

/// The arrays and window of a convolution in oneDNN's terms.
typedef struct {
  descriptor input, weights, bias, output;
  convolution_window window;
} parts;

static void parts_destroy(parts *it) {
  descriptor_destroy(it->input);
  descriptor_destroy(it->weights);
  descriptor_destroy(it->bias);
  descriptor_destroy(it->output);
}

static dnnl_status_t parts_create(
  const tm_convolution *shape, bool has_bias, parts *it) {
  *it = (parts){0};
  for (int axis = 0; axis < 2; axis++) {
    it->window.strides[axis] = shape->stride[axis];
    it->window.dilates[axis] = shape->dilation[axis] - 1;
    it->window.before[axis] = shape->before[axis];
    it->window.after[axis] = shape->after[axis];
  }
  const dnnl_dims_t input = {
    shape->batch, shape->inputs, shape->input_size[0], shape->input_size[1]};
  const dnnl_dims_t output = {
    shape->batch, shape->outputs, shape->output_size[0], shape->output_size[1]};
  const dnnl_dims_t bias = {shape->outputs};
  const dnnl_dims_t grouped = {
    shape->groups, shape->outputs / shape->groups, shape->inputs / shape->groups, shape->taps[0],
    shape->taps[1]};
  const dnnl_dims_t whole = {shape->outputs, shape->inputs, shape->taps[0], shape->taps[1]};
  bool is_grouped = shape->groups > 1;

  dnnl_status_t status = descriptor_create(&it->input, 4, input, dnnl_nhwc);
  if (status == dnnl_success) status = descriptor_create(&it->output, 4, output, dnnl_nhwc);
  if (status == dnnl_success)
    status = descriptor_create(
      &it->weights, is_grouped ? 5 : 4, is_grouped ? grouped : whole, dnnl_format_tag_any);
  if (status == dnnl_success && has_bias) status = descriptor_create(&it->bias, 1, bias, dnnl_a);
  return status;
}

/// Whether an implementation is plain loops, which ours beat.
static bool is_plain(const char *name) {
  return strncmp(name, "ref", 3) == 0 || strncmp(name, "simple", 6) == 0;
}

/// Whether an implementation is of no use for the values of single items: a general matrix product
/// splits its sums by thread count and batch, so that bits would depend on them.
static bool is_refused(const char *name) {
  return is_plain(name) || (strstr(name, "gemm") && !strstr(name, "brgemm"));
}

static tm_status finish(
  dnnl_status_t status, dnnl_primitive_desc_t description, bool (*refuses)(const char *),
  const tm_signature *signature, const char *action, tm_primitive **primitive) {
  if (status != dnnl_success) return tm_report(status, action);
  const char *name = "";
  dnnl_primitive_desc_query(description, dnnl_query_impl_info_str, 0, &name);
  if (refuses(name)) {
    dnnl_primitive_desc_destroy(description);
    return tm_report(dnnl_unimplemented, action);
  }
  return tm_primitive_create(description, signature, action, primitive);
}

/// Attributes with what the ending asks for.
static dnnl_status_t attributes_create(
  const tm_ending *ending, dnnl_primitive_attr_t *attributes) {
  dnnl_status_t status = tm_attributes(attributes);
  if (status != dnnl_success || !(ending->adds || ending->clamps)) return status;
  dnnl_post_ops_t operations = NULL;
  status = dnnl_post_ops_create(&operations);
  if (status == dnnl_success && ending->adds) status = append_sum(operations);
  if (status == dnnl_success && ending->clamps) {
    bool is_rectifier = ending->low == 0 && isinf(ending->high);
    status = is_rectifier
      ? append_eltwise(operations, dnnl_eltwise_relu, 0, 0)
      : append_eltwise(operations, dnnl_eltwise_clip, ending->low, ending->high);
  }
  if (status == dnnl_success) status = dnnl_primitive_attr_set_post_ops(*attributes, operations);
  if (operations) dnnl_post_ops_destroy(operations);
  return status;
}

tm_status tm_convolution_forward_create(
  const tm_convolution *shape, bool has_bias, const tm_ending *ending, tm_primitive **primitive) {
  static const tm_signature signature = {{
    [TM_SOURCE] = {DNNL_ARG_SRC, dnnl_query_src_md, 0},
    [TM_TARGET] = {DNNL_ARG_DST, dnnl_query_dst_md, 0},
    [TM_WEIGHTS] = {DNNL_ARG_WEIGHTS, dnnl_query_weights_md, 0},
    [TM_BIAS] = {DNNL_ARG_BIAS, dnnl_query_weights_md, 1},
    [TM_SCRATCH] = {DNNL_ARG_SCRATCHPAD, dnnl_query_scratchpad_md, 0},
  }};
  parts it;
  dnnl_primitive_attr_t attributes = NULL;
  dnnl_primitive_desc_t description = NULL;
  dnnl_status_t status = parts_create(shape, has_bias, &it);
  if (status == dnnl_success) status = attributes_create(ending, &attributes);
  if (status == dnnl_success)
    status = convolution_forward_describe(
      &description, tm_engine(), it.input, it.weights, it.bias, it.output, &it.window, attributes);
  if (attributes) dnnl_primitive_attr_destroy(attributes);
  parts_destroy(&it);
  return finish(
    status, description, is_refused, &signature, "prepare a convolution", primitive);
}

// Describes one of the two primitives of the way back, which take the forward one as a hint. Both have
// the same arguments, so `towards_weights` chooses between them.
static dnnl_status_t backward_describe(
  const tm_convolution *shape, bool towards_weights, dnnl_primitive_desc_t *description) {
  parts it;
  dnnl_primitive_attr_t attributes = NULL;
  dnnl_primitive_desc_t forward = NULL;
  dnnl_status_t status = parts_create(shape, false, &it);
  if (status == dnnl_success) status = tm_attributes(&attributes);
  if (status == dnnl_success)
    status = convolution_forward_describe(
      &forward, tm_engine(), it.input, it.weights, NULL, it.output, &it.window, attributes);
  if (status == dnnl_success)
    status = towards_weights
      ? convolution_weights_describe(
          description, tm_engine(), it.input, it.weights, it.output, &it.window, attributes, forward)
      : convolution_backward_describe(
          description, tm_engine(), it.output, it.weights, it.input, &it.window, attributes, forward);
  if (forward) dnnl_primitive_desc_destroy(forward);
  if (attributes) dnnl_primitive_attr_destroy(attributes);
  parts_destroy(&it);
  return status;
}

tm_status tm_convolution_backward_create(const tm_convolution *shape, tm_primitive **primitive) {
  static const tm_signature signature = {{
    [TM_SOURCE] = {DNNL_ARG_DIFF_DST, dnnl_query_diff_dst_md, 0},
    [TM_TARGET] = {DNNL_ARG_DIFF_SRC, dnnl_query_diff_src_md, 0},
    [TM_WEIGHTS] = {DNNL_ARG_WEIGHTS, dnnl_query_weights_md, 0},
    [TM_SCRATCH] = {DNNL_ARG_SCRATCHPAD, dnnl_query_scratchpad_md, 0},
  }};
  dnnl_primitive_desc_t description = NULL;
  dnnl_status_t status = backward_describe(shape, false, &description);
  return finish(
    status, description, is_refused, &signature, "prepare a convolution's pullback", primitive);
}

tm_status tm_convolution_weights_create(const tm_convolution *shape, tm_primitive **primitive) {
  static const tm_signature signature = {{
    [TM_SOURCE] = {DNNL_ARG_SRC, dnnl_query_src_md, 0},
    [TM_COTANGENT] = {DNNL_ARG_DIFF_DST, dnnl_query_diff_dst_md, 0},
    [TM_TARGET] = {DNNL_ARG_DIFF_WEIGHTS, dnnl_query_diff_weights_md, 0},
    [TM_SCRATCH] = {DNNL_ARG_SCRATCHPAD, dnnl_query_scratchpad_md, 0},
  }};
  dnnl_primitive_desc_t description = NULL;
  dnnl_status_t status = backward_describe(shape, true, &description);
  // The gradient is a sum over the batch whatever computes it.
  return finish(
    status, description, is_plain, &signature, "prepare a convolution's weight gradient", primitive);
}
