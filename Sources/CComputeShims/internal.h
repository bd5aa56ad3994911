#pragma once

#include "CComputeShims.h"
#include "versions.h"

/// The processor, as oneDNN sees it: one for the whole process, made on first use.
dnnl_engine_t tm_engine(void);

/// Remembers what the calling thread failed at, and turns oneDNN's status into ours.
tm_status tm_report(dnnl_status_t status, const char *action);

/// A layout is the library's descriptor under a name of our own.
static inline descriptor_view tm_view(const tm_layout *layout) { return (descriptor_view)layout; }

/// Where a kind of primitive has an argument: oneDNN's number of it, and how to ask for its layout.
typedef struct {
  int argument;
  dnnl_query_t query;
  int index;
} tm_argument;

/// The arguments of a kind of primitive by role; all zeros for those it has not.
typedef struct {
  tm_argument of[TM_ROLE_COUNT];
} tm_signature;

/// Makes a primitive of a description, which it takes over whatever the result.
tm_status tm_primitive_create(
  dnnl_primitive_desc_t description, const tm_signature *signature, const char *action,
  tm_primitive **primitive);

/// Attributes that every primitive of ours has: scratch memory is the caller's.
dnnl_status_t tm_attributes(dnnl_primitive_attr_t *attributes);
