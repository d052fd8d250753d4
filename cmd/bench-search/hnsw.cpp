#include <hnswlib/hnswlib.h>

extern "C" {
#include "hnsw.h"
}

struct hnsw {
	hnswlib::L2Space space;
	hnswlib::HierarchicalNSW<float> index;
	size_t dims;

	hnsw(int32_t dims, int64_t most, int32_t m, int32_t ef)
		: space(dims), index(&space, most, m, ef), dims(dims) {}
};

extern "C" hnsw *hnsw_new(int32_t dims, int64_t most, int32_t m, int32_t ef_construction)
{
	try {
		return new hnsw(dims, most, m, ef_construction);
	} catch (...) {
		return nullptr;
	}
}

extern "C" void hnsw_free(hnsw *h) { delete h; }

extern "C" int hnsw_add(hnsw *h, const float *vectors, int64_t n, int64_t first)
{
	try {
		for (int64_t i = 0; i < n; i++)
			h->index.addPoint(vectors + i * h->dims, first + i);
		return 1;
	} catch (...) {
		return 0;
	}
}

extern "C" int32_t hnsw_search(hnsw *h, const float *vector, int32_t k, int32_t ef, int64_t *labels)
{
	h->index.setEf(ef);
	auto found = h->index.searchKnn(vector, k); // farthest first
	int32_t n = found.size();
	for (int32_t i = n; i-- > 0; found.pop())
		labels[i] = found.top().second;
	return n;
}

extern "C" int64_t hnsw_bytes(hnsw *h)
{
	auto &x = h->index;
	// Each element has room in the lowest layer, a list of links for those above,
	// an entry of the table of labels, a lock, and its level.
	int64_t all = (int64_t)x.max_elements_ * (x.size_data_per_element_ + sizeof(void *) + sizeof(std::mutex) + sizeof(int));
	for (size_t i = 0; i < x.cur_element_count; i++)
		all += x.element_levels_[i] > 0 ? x.element_levels_[i] * x.size_links_per_element_ : 0;
	return all + x.label_lookup_.size() * 4 * sizeof(void *) + x.label_lookup_.bucket_count() * sizeof(void *);
}
