#include "internal.h"

// MARK: - Layouts

tm_status tm_layout_create(int32_t rank, const int64_t *extents, tm_layout **layout) {
  static const dnnl_format_tag_t row_major[] = {dnnl_a, dnnl_ab, dnnl_abc, dnnl_abcd, dnnl_abcde};
  if (rank < 1 || rank > 5) return tm_report(dnnl_invalid_arguments, "describe an array");
  dnnl_dims_t all = {0};
  for (int axis = 0; axis < rank; axis++) all[axis] = extents[axis];
  descriptor result = NULL;
  dnnl_status_t status = descriptor_create(&result, rank, all, row_major[rank - 1]);
  if (status == dnnl_success) *layout = (tm_layout *)result;
  return tm_report(status, "describe an array");
}

void tm_layout_destroy(tm_layout *layout) { descriptor_destroy((descriptor)layout); }

size_t tm_layout_byte_count(const tm_layout *layout) {
  return dnnl_memory_desc_get_size(tm_view(layout));
}

bool tm_layout_equal(const tm_layout *a, const tm_layout *b) {
  return dnnl_memory_desc_equal(tm_view(a), tm_view(b));
}

// MARK: - Primitives

struct tm_primitive {
  dnnl_primitive_desc_t description;
  dnnl_primitive_t primitive;
  dnnl_stream_t stream;
  const tm_layout *layouts[TM_ROLE_COUNT];
  dnnl_memory_t memories[TM_ROLE_COUNT];
  void *addresses[TM_ROLE_COUNT];
  /// The arguments of a run, frozen when the primitive is made.
  dnnl_exec_arg_t arguments[TM_ROLE_COUNT];
  int argument_count;
  const char *name;
};

dnnl_status_t tm_attributes(dnnl_primitive_attr_t *attributes) {
  dnnl_status_t status = dnnl_primitive_attr_create(attributes);
  if (status != dnnl_success) return status;
  return dnnl_primitive_attr_set_scratchpad_mode(*attributes, dnnl_scratchpad_mode_user);
}

/// Fills in memory objects and the argument list from what the description says.
static dnnl_status_t attach(tm_primitive *it, const tm_signature *signature) {
  for (int role = 0; role < TM_ROLE_COUNT; role++) {
    tm_argument argument = signature->of[role];
    if (!argument.argument) continue;
    descriptor_view view =
      dnnl_primitive_desc_query_md(it->description, argument.query, argument.index);
    if (!view || dnnl_memory_desc_get_size(view) == 0) continue;
    it->layouts[role] = (const tm_layout *)view;
    dnnl_status_t status =
      dnnl_memory_create(&it->memories[role], view, tm_engine(), DNNL_MEMORY_NONE);
    if (status != dnnl_success) return status;
    it->arguments[it->argument_count++] =
      (dnnl_exec_arg_t){argument.argument, it->memories[role]};
  }
  return dnnl_success;
}

tm_status tm_primitive_create(
  dnnl_primitive_desc_t description, const tm_signature *signature, const char *action,
  tm_primitive **primitive) {
  tm_primitive *it = calloc(1, sizeof *it);
  if (!it) {
    dnnl_primitive_desc_destroy(description);
    return tm_report(dnnl_out_of_memory, action);
  }
  it->description = description;
  dnnl_status_t status =
    dnnl_primitive_desc_query(description, dnnl_query_impl_info_str, 0, &it->name);
  if (status == dnnl_success) status = dnnl_primitive_create(&it->primitive, description);
  if (status == dnnl_success)
    status = dnnl_stream_create(&it->stream, tm_engine(), dnnl_stream_default_flags);
  if (status == dnnl_success) status = attach(it, signature);
  if (status == dnnl_success) *primitive = it; else tm_primitive_destroy(it);
  return tm_report(status, action);
}

void tm_primitive_destroy(tm_primitive *it) {
  if (!it) return;
  for (int role = 0; role < TM_ROLE_COUNT; role++)
    if (it->memories[role]) dnnl_memory_destroy(it->memories[role]);
  if (it->stream) dnnl_stream_destroy(it->stream);
  if (it->primitive) dnnl_primitive_destroy(it->primitive);
  dnnl_primitive_desc_destroy(it->description);
  free(it);
}

const char *tm_impl_name(const tm_primitive *it) { return it->name; }

const tm_layout *tm_primitive_layout(const tm_primitive *it, tm_role role) {
  return it->layouts[role];
}

tm_status tm_primitive_bind(tm_primitive *it, tm_role role, void *address) {
  if (!it->memories[role]) return tm_report(dnnl_invalid_arguments, "bind an argument");
  if (it->addresses[role] == address) return TM_OK;
  tm_status status =
    tm_report(dnnl_memory_set_data_handle(it->memories[role], address), "bind an argument");
  if (status == TM_OK) it->addresses[role] = address;
  return status;
}

tm_status tm_primitive_run(tm_primitive *it) {
  dnnl_status_t status =
    dnnl_primitive_execute(it->primitive, it->stream, it->argument_count, it->arguments);
  if (status == dnnl_success) status = dnnl_stream_wait(it->stream);
  return tm_report(status, "run a primitive");
}

tm_status tm_reorder_create(
  const tm_layout *source, const tm_layout *target, bool adds, tm_primitive **primitive) {
  static const char action[] = "prepare a reorder";
  static const tm_signature signature = {{
    [TM_SOURCE] = {DNNL_ARG_FROM, dnnl_query_src_md, 0},
    [TM_TARGET] = {DNNL_ARG_TO, dnnl_query_dst_md, 0},
    [TM_SCRATCH] = {DNNL_ARG_SCRATCHPAD, dnnl_query_scratchpad_md, 0},
  }};
  dnnl_primitive_attr_t attributes = NULL;
  dnnl_post_ops_t additions = NULL;
  dnnl_primitive_desc_t description = NULL;
  dnnl_status_t status = tm_attributes(&attributes);
  if (status == dnnl_success && adds) {
    status = dnnl_post_ops_create(&additions);
    if (status == dnnl_success) status = append_sum(additions);
    if (status == dnnl_success) status = dnnl_primitive_attr_set_post_ops(attributes, additions);
  }
  if (status == dnnl_success)
    status = dnnl_reorder_primitive_desc_create(
      &description, tm_view(source), tm_engine(), tm_view(target), tm_engine(), attributes);
  if (additions) dnnl_post_ops_destroy(additions);
  if (attributes) dnnl_primitive_attr_destroy(attributes);
  if (status != dnnl_success) return tm_report(status, action);
  return tm_primitive_create(description, &signature, action, primitive);
}
