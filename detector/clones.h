// Loops that are compiled once more for CPUs with AVX2 and its fused multiply-add;
// which is run is decided when the program is loaded. Elsewhere, and with PORTABLE,
// compilers do with their vectors what the CPU has.
#pragma once

#if defined(__x86_64__) && !defined(PORTABLE)
#define CLONES target_clones("arch=x86-64-v3", "default")
#else
#define CLONES
#endif

#define INNER_LOOP __attribute__((CLONES, optimize("O3")))
