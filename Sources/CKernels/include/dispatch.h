#pragma once

#ifdef __cplusplus
extern "C" {
#endif

/// Instruction sets that the kernels are compiled for, ascending.
typedef enum {
  /// What every processor of the platform has.
  TM_ISA_PLAIN,
  /// AVX2 with FMA.
  TM_ISA_AVX2,
  /// AVX-512 F, BW, DQ and VL.
  TM_ISA_AVX512,
  TM_ISA_COUNT,
} tm_isa;

/// The set that kernels use: the best that the processor has, within `ONEDNN_MAX_CPU_ISA` where the
/// environment sets it and within `tm_isa_limit`.
tm_isa tm_isa_chosen(void);

/// Keeps kernels that the calling thread starts from using more than this, for tests.
void tm_isa_limit(tm_isa highest);

#ifdef __cplusplus
}
#endif
