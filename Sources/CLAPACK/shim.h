#pragma once
#include <lapacke.h>

// LAPACK's counts, which lapacke.h names by a macro alone: 32 bits, or 64 where it is built so.
typedef lapack_int tm_lapack_int;
