// YuNet (Wu, Peng, Yu, "YuNet: A Tiny Millisecond-level Face Detector", 2023), the
// network of face_detection_yunet_2022mar.onnx. OpenCV reads the file; the network is
// run here, in about half the time of cv::FaceDetectorYN, which gives the same faces
// (TestYuNetIsOpenCVs).
#include "clones.h"
#include "convolve.h"
#include "native.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <opencv2/core.hpp>
#include <opencv2/dnn.hpp>
#include <stdexcept>
#include <vector>

namespace {

using convolve::LANES;

// k planes of h rows of w, with zeros around them as convolve.h has them. A plane has
// room for the vectors that go beyond its last place.
struct map {
	long k = 0, h = 0, w = 0, pitch = 0, plane = 0;
	std::vector<float> data;

	void resize(long channels, long rows, long columns) {
		k = channels, h = rows, w = columns;
		pitch = w + 1;
		plane = (h + 2) * pitch + 1 + LANES;
		if (data.size() < (size_t)(k * plane)) data.resize(k * plane);
	}
	float *at(long y, long channel = 0) { return &data[channel * plane + (y + 1) * pitch + 1]; }
	const float *at(long y, long channel = 0) const { return const_cast<map *>(this)->at(y, channel); }
	// Those of so many rows, what is between them included.
	long places(long rows) const { return (rows - 1) * pitch + w; }
};

struct filters {
	long k;
	std::vector<float> weights, bias;
};

constexpr long MID_BYTES = 1 << 19; // about what a core has for itself

// A convolution at one place, across channels, and one of 3 x 3 in each channel.
struct unit {
	filters pointwise, depthwise;
	bool relu;

	// In bands of rows, so that what is between the two stays in the cache: row i of mid
	// is the picture's y + i, and the last two are the next band's first.
	void run(const map &in, map &mid, map &out) const {
		const size_t row = (in.w + 1) * sizeof(float);
		const long band = std::min(in.h, std::max(2l, MID_BYTES / long(pointwise.k * row) - 2));
		mid.resize(pointwise.k, band, in.w);
		out.resize(pointwise.k, in.h, in.w);
		std::vector<long> at(in.k);
		for (long c = 0; c < in.k; c++) at[c] = c * in.plane;
		for (long y = 0, ready = 0; y < in.h; y += band) {
			const long rows = std::min(band, in.h - y), next = std::min(y + rows + 1, in.h);
			for (long c = 0; c < mid.k; c++) {
				float *first = mid.at(-1, c) - 1;
				if (y == 0) std::memset(first, 0, row + sizeof(float));
				else std::memmove(first, mid.at(band - 1, c) - 1, 2 * row);
			}
			if (next > ready)
				convolve::dense(mid.at(ready - y), mid.plane, in.at(ready), at.data(), in.k, pointwise.weights.data(),
				                pointwise.bias.data(), mid.k, in.places(next - ready), false);
			for (long c = 0; c < mid.k; c++) {
				for (long i = ready; i < next; i++) mid.at(i - y, c)[mid.w] = 0;
				if (y + rows == in.h) std::memset(mid.at(rows, c), 0, row);
			}
			ready = next;
			convolve::depthwise(out.at(y), out.plane, mid.at(0), mid.plane, mid.pitch, depthwise.weights.data(), depthwise.bias.data(), mid.k,
			                    rows, in.w, relu);
		}
	}
};

INNER_LOOP void largest(float *to, const float *a, const float *b, long n) {
	for (long x = 0; x < n; x++) {
		const float above = a[2 * x] > a[2 * x + 1] ? a[2 * x] : a[2 * x + 1];
		const float below = b[2 * x] > b[2 * x + 1] ? b[2 * x] : b[2 * x + 1];
		to[x] = above > below ? above : below;
	}
}

// The largest of each 2 x 2.
void pool(const map &in, map &out) {
	out.resize(in.k, in.h / 2, in.w / 2);
	for (long c = 0; c < out.k; c++)
		for (long y = 0; y < out.h; y++) largest(out.at(y, c), in.at(2 * y, c), in.at(2 * y + 1, c), out.w);
}

// The planes on which a filter of 3 x 3 that moves by 2 moves by 1: rows and columns
// of the picture by turns, which begins one pixel before its first.
void split(const cv::Mat &bgr, map &out) {
	out.resize(3 * 4, (bgr.rows + 1) / 2, (bgr.cols + 1) / 2);
	std::memset(out.data.data(), 0, out.k * out.plane * sizeof(float));
	for (int i = 0; i < bgr.rows; i++) {
		const unsigned char *from = bgr.ptr(i);
		const long phase = (i + 1) % 2 * 2, y = (i + 1) / 2;
		for (int c = 0; c < 3; c++) {
			float *odd = out.at(y, c * 4 + phase), *even = out.at(y, c * 4 + phase + 1);
			for (int j = 1; j < bgr.cols; j += 2) odd[(j + 1) / 2] = from[3 * j + c];
			for (int j = 0; j < bgr.cols; j += 2) even[j / 2] = from[3 * j + c];
		}
	}
}

constexpr int OUTPUTS = 17; // of an anchor: box and landmarks, two classes, intersection over union

// The anchors of a level, in pixels.
struct level {
	float step;
	std::vector<float> sizes;
};
const level levels[] = {{8, {10, 16, 24}}, {16, {32, 48}}, {32, {64, 96}}, {64, {128, 192, 256}}};

struct network {
	filters first;
	std::vector<unit> backbone, heads;
	float score, nms;
	int top_k;
	map planes, mid, a, b, features[4];

	network(const char *model, float score, float nms, int top_k) : score(score), nms(nms), top_k(top_k) {
		cv::dnn::Net net = cv::dnn::readNetFromONNX(model);
		std::vector<filters> found;
		for (const auto &name : net.getLayerNames()) {
			const auto layer = net.getLayer(net.getLayerId(name));
			if (layer->type != "Convolution") continue;
			if (layer->blobs.size() != 2) throw std::runtime_error("a convolution without bias");
			const cv::Mat &w = layer->blobs[0], &bias = layer->blobs[1];
			found.push_back({w.size[0], std::vector<float>((const float *)w.data, (const float *)w.data + w.total()),
			                 std::vector<float>((const float *)bias.data, (const float *)bias.data + bias.total())});
		}
		size_t next = 0;
		const auto take = [&](long k, long weights) {
			if (next == found.size() || found[next].k != k || found[next].weights.size() != (size_t)(k * weights) ||
			    found[next].bias.size() != (size_t)k)
				throw std::runtime_error("not the network of YuNet 2022mar");
			return std::move(found[next++]);
		};
		const auto pair = [&](long in, long k, bool relu) {
			filters pointwise = take(k, in);
			return unit{std::move(pointwise), take(k, 9), relu};
		};
		first = take(16, 3 * 9);
		for (int i = 0; i < 13; i++) backbone.push_back(pair(i < 3 ? 16 : 64, i < 2 ? 16 : 64, true));
		for (const auto &l : levels) {
			heads.push_back(pair(64, 64, true));
			heads.push_back(pair(64, l.sizes.size() * OUTPUTS, false));
		}
		if (next != found.size()) throw std::runtime_error("not the network of YuNet 2022mar");
	}

	// Fills features, one map for each level.
	void run(const cv::Mat &bgr) {
		split(bgr, planes);
		std::vector<long> at;
		for (long c = 0; c < 3; c++)
			for (long y = 0; y < 3; y++)
				for (long x = 0; x < 3; x++)
					at.push_back((c * 4 + y % 2 * 2 + x % 2) * planes.plane + y / 2 * planes.pitch + x / 2);
		a.resize(first.k, planes.h, planes.w);
		convolve::dense(a.at(0), a.plane, planes.at(0), at.data(), at.size(), first.weights.data(), first.bias.data(), a.k,
		                a.places(a.h), true);
		const auto unit = [&](int i) { backbone[i].run(a, mid, b), std::swap(a, b); };
		const auto halve = [&] { pool(a, b), std::swap(a, b); };
		unit(0), halve();
		unit(1), unit(2), unit(3), unit(4), halve();
		unit(5), unit(6);
		for (int i = 0; i < 4; i++) {
			heads[2 * i].run(a, mid, b);
			heads[2 * i + 1].run(b, mid, features[i]);
			if (i < 3) halve(), unit(7 + 2 * i), unit(8 + 2 * i);
		}
	}

	// The faces of features, in a picture of that size: rows of 15.
	int decode(cv::Size size, float *rows, int max) {
		std::vector<float> faces;
		std::vector<cv::Rect> boxes;
		std::vector<float> scores;
		// What the classes' difference has to be at least for score.
		const float least = std::log(score * score / (1 - score * score)) - 1e-3f;
		for (int i = 0; i < 4; i++) {
			const map &m = features[i];
			for (long y = 0; y < m.h; y++)
				for (long x = 0; x < m.w; x++)
					for (size_t j = 0; j < levels[i].sizes.size(); j++) {
						const float *at = m.at(y, j * OUTPUTS) + x;
						const auto out = [&](int t) { return at[t * m.plane]; };
						if (out(15) - out(14) < least) continue;
						const float face = 1 / (1 + std::exp(out(14) - out(15)));
						const float s = std::sqrt(face * std::min(1.f, std::max(0.f, out(16))));
						if (!(s > score)) continue;
						const float step = levels[i].step, side = levels[i].sizes[j];
						const float w = side * std::exp(out(2) * 0.1f), h = side * std::exp(out(3) * 0.2f);
						float row[15];
						const auto point = [&](int t, float *to) {
							to[0] = (x + 0.5f) * step + out(t) * 0.1f * side;
							to[1] = (y + 0.5f) * step + out(t + 1) * 0.1f * side;
						};
						point(0, row);
						row[0] -= w / 2, row[1] -= h / 2, row[2] = w, row[3] = h;
						for (int t = 4; t < 14; t += 2) point(t, row + t);
						row[14] = s;
						faces.insert(faces.end(), row, row + 15);
						boxes.emplace_back((int)row[0], (int)row[1], (int)w, (int)h);
						scores.push_back(s);
					}
		}
		std::vector<int> kept;
		cv::dnn::NMSBoxes(boxes, scores, score, nms, kept, 1.f, top_k);
		const int n = std::min((int)kept.size(), max);
		for (int i = 0; i < n; i++) std::memcpy(rows + 15 * i, &faces[15 * kept[i]], 15 * sizeof(float));
		return n;
	}
};

}  // namespace

void *fg_yunet_new(const char *model, float score, float nms, int top_k, char *err, size_t err_len) {
	try {
		return new network(model, score, nms, top_k);
	} catch (const std::exception &e) {
		fg_say(err, err_len, e.what());
	} catch (...) {
		fg_say(err, err_len, "unknown error");
	}
	return nullptr;
}

void fg_yunet_free(void *p) { delete (network *)p; }

int fg_yunet_detect(void *p, void *mat, float *rows, int max, char *err, size_t err_len) {
	try {
		const cv::Mat &bgr = *(const cv::Mat *)mat;
		if (bgr.type() != CV_8UC3 || bgr.rows < 64 || bgr.cols < 64) throw std::runtime_error("not a BGR picture of 64 x 64 pixels at least");
		network *n = (network *)p;
		n->run(bgr);
		return n->decode(bgr.size(), rows, max);
	} catch (const std::exception &e) {
		fg_say(err, err_len, e.what());
	} catch (...) {
		fg_say(err, err_len, "unknown error");
	}
	return -1;
}
