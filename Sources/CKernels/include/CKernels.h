#pragma once

/// Kernels of our own on plain `float` memory, each compiled for several instruction sets of which
/// the best that the processor has is chosen when the program runs.
///
/// Arrays of feature maps lie with channels last, `[N, H, W, C]`. No function allocates or keeps
/// anything; scratch memory is the caller's. Each element of a result is computed in an order that
/// depends neither on the batch nor on the number of threads; those of weights are sums over the batch.

#include "batched.h"
#include "broadcast.h"
#include "copying.h"
#include "dense.h"
#include "dispatch.h"
#include "elementwise.h"
#include "gathered.h"
#include "masks.h"
#include "normalization.h"
#include "panels.h"
#include "parallel.h"
#include "philox.h"
#include "pooling.h"
#include "pullback.h"
#include "stem.h"
#include "stem_weights.h"
#include "strided.h"
#include "winograd.h"
#include "winograd_weights.h"
