// hnswlib (Malkov and Yashunin's own implementation of HNSW) for Go.
#ifndef FACEGATE_HNSW_H
#define FACEGATE_HNSW_H

#include <stdint.h>

typedef struct hnsw hnsw;

// hnsw_new is an index of squared distances between vectors of dims floats; null
// where there is no memory for it.
hnsw *hnsw_new(int32_t dims, int64_t most, int32_t m, int32_t ef_construction);
void hnsw_free(hnsw *);

// hnsw_add adds n vectors with labels from first on; any threads may at a time. 0
// if that failed.
int hnsw_add(hnsw *, const float *vectors, int64_t n, int64_t first);

// hnsw_search finds k labels, nearest first, and says how many there are.
int32_t hnsw_search(hnsw *, const float *vector, int32_t k, int32_t ef, int64_t *labels);

// hnsw_bytes is the memory it takes.
int64_t hnsw_bytes(hnsw *);

#endif
