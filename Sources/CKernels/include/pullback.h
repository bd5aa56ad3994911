#pragma once

#ifdef __cplusplus
extern "C" {
#endif

/// How a convolution's window slides along one axis.
typedef struct {
  int taps, stride, dilation, before;
} tm_window_axis;

/// Between which maps a convolution is pulled back: from dy to dx, with channels last.
typedef struct {
  /// dx is `[batch, height, width, inputs]`.
  int batch, height, width, inputs;
  /// dy is `[batch, output_height, output_width, outputs]`.
  int output_height, output_width, outputs;
  tm_window_axis rows, columns;
} tm_pullback_shape;

#ifdef __cplusplus
}
#endif
