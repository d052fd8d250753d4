// A quicker dlib::cpu::tensor_conv, the convolutions of dlib's networks.
//
// libdlib writes the patch under the filter at each place of the picture into a row
// of a matrix, and multiplies it with the filters (Chellapilla, Puri and Simard,
// "High performance convolutional neural networks for document processing", 2006).
// For pictures as small as a face, writing the matrix, and the matrix product's own
// sorting of it, take longer than the products. Here the products are summed where
// the picture lies (see convolve.h).
//
// Sums are made in another order, so embeddings differ from libdlib's by rounding
// (TestEmbeddingsAreDlibs). go-face calls these functions by name, and the linker
// looks for a name in the program first: defining them here is enough
// (TestConvolutionsAreOurs). They are weak, so that where dlib is linked statically
// its own count; other versions of dlib declare them in other ways, and keep theirs.
#include <dlib/revision.h>

#if DLIB_MAJOR_VERSION == 19 && DLIB_MINOR_VERSION == 24
#include "convolve.h"

#include <cstring>
#include <memory>
#include <vector>

#include <dlib/cuda/cpu_dlib.h>
#include <dlib/cuda/tensor.h>

namespace {

struct shape {
	long stride_y, stride_x, padding_y, padding_x;
};

// in, with zeros where a filter may look beyond its edges. With strides, each sample's
// channel is split into stride_y * stride_x planes, of the rows and columns that one
// tap of a filter looks at: on each of them the filter moves by one.
struct planes {
	long rows, pitch, plane;
	std::unique_ptr<float[]> data;
	size_t size;

	planes(const dlib::tensor &in, const shape &s) {
		rows = (in.nr() + 2 * s.padding_y + s.stride_y - 1) / s.stride_y;
		// Without a stride, the zeros after a row serve as those before the next.
		pitch = s.stride_x == 1 ? in.nc() + s.padding_x : (in.nc() + 2 * s.padding_x + s.stride_x - 1) / s.stride_x;
		plane = rows * pitch;
		size = in.k() * s.stride_y * s.stride_x * plane + s.padding_x + 2 * convolve::LANES;
		data.reset(new float[size]);
	}

	void fill(const float *from, const dlib::tensor &in, const shape &s) {
		std::memset(data.get(), 0, size * sizeof(float));
		for (long c = 0; c < in.k(); c++)
			for (long i = 0; i < in.nr(); i++, from += in.nc()) {
				const long y = i + s.padding_y;
				float *to = &data[(c * s.stride_y + y % s.stride_y) * s.stride_x * plane + y / s.stride_y * pitch];
				if (s.stride_x == 1) {
					std::memcpy(to + s.padding_x, from, in.nc() * sizeof(float));
					continue;
				}
				for (long j = 0; j < in.nc(); j++) {
					const long x = j + s.padding_x;
					to[x % s.stride_x * plane + x / s.stride_x] = from[j];
				}
			}
	}
};

// out becomes, or with add gets added, the filters' sums at each place of in.
void convolution(bool add, dlib::tensor &out, const dlib::tensor &in, const dlib::tensor &filters, const float *bias, const shape &s) {
	planes p(in, s);
	std::vector<long> at;
	at.reserve(filters.k() * filters.nr() * filters.nc());
	for (long c = 0; c < filters.k(); c++)
		for (long y = 0; y < filters.nr(); y++)
			for (long x = 0; x < filters.nc(); x++)
				at.push_back(((c * s.stride_y + y % s.stride_y) * s.stride_x + x % s.stride_x) * p.plane +
				             y / s.stride_y * p.pitch + x / s.stride_x);
	// The sums come in rows of the planes' pitch.
	const long places = (out.nr() - 1) * p.pitch + out.nc();
	const long sums_plane = (places + convolve::LANES - 1) / convolve::LANES * convolve::LANES;
	std::unique_ptr<float[]> sums(new float[out.k() * sums_plane]);
	const float *from = in.host();
	float *to = add ? out.host() : out.host_write_only();
	for (long n = 0; n < in.num_samples(); n++, from += in.k() * in.nr() * in.nc()) {
		p.fill(from, in, s);
		convolve::dense(sums.get(), sums_plane, p.data.get(), at.data(), at.size(), filters.host(), bias, out.k(), places, false);
		for (long f = 0; f < out.k(); f++)
			for (long y = 0; y < out.nr(); y++, to += out.nc()) {
				const float *row = &sums[f * sums_plane + y * p.pitch];
				if (add) for (long x = 0; x < out.nc(); x++) to[x] += row[x];
				else std::memcpy(to, row, out.nc() * sizeof(float));
			}
	}
}

void set_size(dlib::resizable_tensor &out, const dlib::tensor &in, const dlib::tensor &filters, const shape &s) {
	out.set_size(in.num_samples(), filters.num_samples(), 1 + (in.nr() + 2 * s.padding_y - filters.nr()) / s.stride_y,
	             1 + (in.nc() + 2 * s.padding_x - filters.nc()) / s.stride_x);
}

}  // namespace

namespace dlib {
namespace cpu {

__attribute__((weak)) void tensor_conv::operator()(const bool add, resizable_tensor &out, const tensor &in, const tensor &filters) {
	const shape s = {last_stride_y, last_stride_x, last_padding_y, last_padding_x};
	set_size(out, in, filters, s);
	convolution(add, out, in, filters, nullptr, s);
}

__attribute__((weak)) void tensor_conv::operator()(const bool add, resizable_tensor &out, const tensor &in, const tensor &filters,
                                                   const tensor &biases) {
	const shape s = {last_stride_y, last_stride_x, last_padding_y, last_padding_x};
	set_size(out, in, filters, s);
	convolution(add, out, in, filters, biases.host(), s);
}

}  // namespace cpu
}  // namespace dlib
#endif
