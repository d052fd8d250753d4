#include "clones.h"
#include "native.h"

#include <algorithm>
#include <cstring>
#include <opencv2/core.hpp>
#include <vector>

namespace {

// What a pixel of the small picture covers in one direction: those from first on,
// each with its share of the average.
struct span {
	int first;
	std::vector<float> shares;
};

std::vector<span> spans(int from, int to) {
	std::vector<span> all(to);
	const double k = double(from) / to;
	for (int i = 0; i < to; i++) {
		const double begin = i * k, end = std::min((i + 1) * k, double(from));
		span &s = all[i];
		s.first = int(begin);
		for (int p = s.first; p < from && p < end; p++) {
			const double covered = std::min(end, p + 1.0) - std::max(begin, double(p));
			if (covered > 1e-6 || s.shares.empty()) s.shares.push_back(float(covered / k));
		}
	}
	return all;
}

INNER_LOOP void set(float *sum, const unsigned char *row, float share, int n) {
	for (int i = 0; i < n; i++) sum[i] = share * row[i];
}

INNER_LOOP void add(float *sum, const unsigned char *row, float share, int n) {
	for (int i = 0; i < n; i++) sum[i] += share * row[i];
}

// Reads one float beyond the last pixel of sum.
INNER_LOOP void narrow(unsigned char *out, const float *sum, const std::vector<span> &columns) {
	typedef float four __attribute__((vector_size(16)));
	for (const span &s : columns) {
		four bgr = {0, 0, 0, 0}, next;
		const float *p = sum + 3 * s.first;
		for (const float share : s.shares) {
			std::memcpy(&next, p, sizeof next);
			bgr += share * next;
			p += 3;
		}
		for (int c = 0; c < 3; c++) *out++ = (unsigned char)cvRound(bgr[c]);
	}
}

}  // namespace

int fg_shrink(const void *from, void *to, int width, int height) {
	try {
		const cv::Mat &src = *(const cv::Mat *)from;
		if (src.type() != CV_8UC3 || width < 1 || height < 1 || width > src.cols || height > src.rows) return 1;
		cv::Mat dst(height, width, CV_8UC3);
		const std::vector<span> rows = spans(src.rows, height), columns = spans(src.cols, width);
		const int n = 3 * src.cols;
		std::vector<float> sum(n + 1);
		// Down first, which goes along the rows: it is most of the work, and vectorises.
		for (int y = 0; y < height; y++) {
			const span &s = rows[y];
			set(sum.data(), src.ptr(s.first), s.shares[0], n);
			for (int i = 1; i < int(s.shares.size()); i++) add(sum.data(), src.ptr(s.first + i), s.shares[i], n);
			narrow(dst.ptr(y), sum.data(), columns);
		}
		*(cv::Mat *)to = dst;
		return 0;
	} catch (...) {
		return 2;
	}
}
