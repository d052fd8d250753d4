// Holds convolve.h to plain loops in double precision: exits with 0 where all sums
// agree and nothing was written that may not be.
#include "convolve.h"

#include <cmath>
#include <cstdio>
#include <vector>

using convolve::LANES;

static unsigned seed = 1;

static float number() {
	seed = seed * 1664525 + 1013904223;
	return float(int(seed >> 8) % 2001 - 1000) / 1000;
}

static std::vector<float> numbers(long n) {
	std::vector<float> v(n);
	for (float &x : v) x = number();
	return v;
}

static int failures;

static void compare(const char *what, long k, long n, float got, double want) {
	if (std::fabs(got - want) <= 1e-4 * (1 + std::fabs(want))) return;
	if (failures++ < 20) std::printf("%s with %ld filters and %ld places: %g, want %g\n", what, k, n, got, want);
}

const float UNTOUCHED = 12345;

static void dense(long k, long taps, long places, bool with_bias, bool relu) {
	const long rounded = (places + LANES - 1) / LANES * LANES, out_plane = rounded + 3;
	std::vector<long> at(taps);
	for (long l = 0; l < taps; l++) at[l] = l * 5 % 97;
	const std::vector<float> in = numbers(97 + rounded), filters = numbers(k * taps), bias = numbers(k);
	std::vector<float> out(k * out_plane, UNTOUCHED);
	convolve::dense(out.data(), out_plane, in.data(), at.data(), taps, filters.data(), with_bias ? bias.data() : nullptr, k, places, relu);
	for (long f = 0; f < k; f++) {
		for (long p = 0; p < places; p++) {
			double want = with_bias ? bias[f] : 0;
			for (long l = 0; l < taps; l++) want += double(filters[f * taps + l]) * in[at[l] + p];
			compare("dense", k, places, out[f * out_plane + p], relu && want < 0 ? 0 : want);
		}
		for (long p = rounded; p < out_plane; p++) compare("beyond dense", k, places, out[f * out_plane + p], UNTOUCHED);
	}
}

static void depthwise(long k, long rows, long w, bool relu) {
	const long pitch = w + 1, plane = (rows + 2) * pitch + 1 + LANES, out_plane = plane + 2, first = pitch + 1;
	const std::vector<float> in = numbers(k * plane), filters = numbers(k * 9), bias = numbers(k);
	std::vector<float> out(k * out_plane, UNTOUCHED);
	convolve::depthwise(&out[first], out_plane, &in[first], plane, pitch, filters.data(), bias.data(), k, rows, w, relu);
	for (long f = 0; f < k; f++) {
		for (long y = 0; y < rows; y++)
			for (long x = 0; x < w; x++) {
				double want = bias[f];
				for (long i = 0; i < 3; i++)
					for (long j = 0; j < 3; j++)
						want += double(filters[f * 9 + i * 3 + j]) * in[f * plane + first + (y + i - 1) * pitch + x + j - 1];
				compare("depthwise", k, rows * w, out[f * out_plane + first + y * pitch + x], relu && want < 0 ? 0 : want);
			}
		for (long p = 0; p < first; p++) compare("before depthwise", k, rows * w, out[f * out_plane + p], UNTOUCHED);
		for (long p = first + (rows - 1) * pitch + (w + LANES - 1) / LANES * LANES; p < out_plane; p++)
			compare("beyond depthwise", k, rows * w, out[f * out_plane + p], UNTOUCHED);
	}
}

int main() {
	for (long k : {1, 2, 3, 4, 5, 16, 34, 51})
		for (long places : {1, 7, 8, 9, 23, 24, 25, 31, 32, 33, 48, 71, 100})
			for (long taps : {1, 2, 27, 64}) dense(k, taps, places, (k + taps) % 2, places % 2);
	for (long k : {1, 3})
		for (long rows = 1; rows <= 5; rows++)
			for (long w : {1, 2, 5, 7, 8, 9, 16, 17, 40}) depthwise(k, rows, w, w % 2);
	std::printf("%d sums are wrong\n", failures);
	return failures != 0;
}
