#pragma once

// What oneDNN 2.x and 3.x spell differently. In 2.x a memory descriptor is a struct that its users
// copy, and an operation is described before its primitive; in 3.x descriptors are opaque and
// primitives are described in one step.

#include <dnnl.h>
#include <stdlib.h>

#if DNNL_VERSION_MAJOR >= 3

typedef dnnl_memory_desc_t descriptor;
typedef const_dnnl_memory_desc_t descriptor_view;

static inline dnnl_status_t descriptor_create(
  descriptor *result, int rank, const dnnl_dims_t extents, dnnl_format_tag_t tag) {
  return dnnl_memory_desc_create_with_tag(result, rank, extents, dnnl_f32, tag);
}

static inline void descriptor_destroy(descriptor it) {
  if (it) dnnl_memory_desc_destroy(it);
}

static inline dnnl_status_t append_sum(dnnl_post_ops_t operations) {
  return dnnl_post_ops_append_sum(operations, 1, 0, dnnl_data_type_undef);
}

static inline dnnl_status_t append_eltwise(
  dnnl_post_ops_t operations, dnnl_alg_kind_t function, float alpha, float beta) {
  return dnnl_post_ops_append_eltwise(operations, function, alpha, beta);
}

#else

typedef dnnl_memory_desc_t *descriptor;
typedef const dnnl_memory_desc_t *descriptor_view;

static inline dnnl_status_t descriptor_create(
  descriptor *result, int rank, const dnnl_dims_t extents, dnnl_format_tag_t tag) {
  descriptor it = malloc(sizeof *it);
  if (!it) return dnnl_out_of_memory;
  dnnl_status_t status = dnnl_memory_desc_init_by_tag(it, rank, extents, dnnl_f32, tag);
  if (status == dnnl_success) *result = it; else free(it);
  return status;
}

static inline void descriptor_destroy(descriptor it) { free(it); }

static inline dnnl_status_t append_sum(dnnl_post_ops_t operations) {
  return dnnl_post_ops_append_sum(operations, 1);
}

static inline dnnl_status_t append_eltwise(
  dnnl_post_ops_t operations, dnnl_alg_kind_t function, float alpha, float beta) {
  return dnnl_post_ops_append_eltwise(operations, 1, function, alpha, beta);
}

#endif

/// The window of a convolution in oneDNN's terms, where dilation 0 means neighbouring taps.
typedef struct {
  dnnl_dims_t strides, dilates, before, after;
} convolution_window;

static inline dnnl_status_t convolution_forward_describe(
  dnnl_primitive_desc_t *result, dnnl_engine_t engine, descriptor_view source,
  descriptor_view weights, descriptor_view bias, descriptor_view target,
  const convolution_window *window, const_dnnl_primitive_attr_t attributes) {
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_convolution_forward_primitive_desc_create(
    result, engine, dnnl_forward_inference, dnnl_convolution_direct, source, weights, bias, target,
    window->strides, window->dilates, window->before, window->after, attributes);
#else
  dnnl_convolution_desc_t operation;
  dnnl_status_t status = dnnl_dilated_convolution_forward_desc_init(
    &operation, dnnl_forward_inference, dnnl_convolution_direct, source, weights, bias, target,
    window->strides, window->dilates, window->before, window->after);
  if (status != dnnl_success) return status;
  return dnnl_primitive_desc_create(result, &operation, attributes, engine, NULL);
#endif
}

static inline dnnl_status_t convolution_backward_describe(
  dnnl_primitive_desc_t *result, dnnl_engine_t engine, descriptor_view source,
  descriptor_view weights, descriptor_view target, const convolution_window *window,
  const_dnnl_primitive_attr_t attributes, const_dnnl_primitive_desc_t forward) {
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_convolution_backward_data_primitive_desc_create(
    result, engine, dnnl_convolution_direct, target, weights, source, window->strides,
    window->dilates, window->before, window->after, forward, attributes);
#else
  dnnl_convolution_desc_t operation;
  dnnl_status_t status = dnnl_dilated_convolution_backward_data_desc_init(
    &operation, dnnl_convolution_direct, target, weights, source, window->strides, window->dilates,
    window->before, window->after);
  if (status != dnnl_success) return status;
  return dnnl_primitive_desc_create(result, &operation, attributes, engine, forward);
#endif
}

static inline dnnl_status_t convolution_weights_describe(
  dnnl_primitive_desc_t *result, dnnl_engine_t engine, descriptor_view source,
  descriptor_view weights, descriptor_view target, const convolution_window *window,
  const_dnnl_primitive_attr_t attributes, const_dnnl_primitive_desc_t forward) {
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_convolution_backward_weights_primitive_desc_create(
    result, engine, dnnl_convolution_direct, source, weights, NULL, target, window->strides,
    window->dilates, window->before, window->after, forward, attributes);
#else
  dnnl_convolution_desc_t operation;
  dnnl_status_t status = dnnl_dilated_convolution_backward_weights_desc_init(
    &operation, dnnl_convolution_direct, source, weights, NULL, target, window->strides,
    window->dilates, window->before, window->after);
  if (status != dnnl_success) return status;
  return dnnl_primitive_desc_create(result, &operation, attributes, engine, forward);
#endif
}
