// A quicker dlib::cpu::img2col.
//
// dlib turns a convolution into one matrix product: each row of a matrix is the
// patch of the input under the filter at one place (Chellapilla, Puri and Simard,
// "High performance convolutional neural networks for document processing", 2006).
// libdlib asks for each number of each patch whether it lies within the input, and
// so spends a fifth of an embedding's time on copying. Here that is asked once for
// each patch, and rows of the filter's width are copied.
//
// The numbers are the same, bit by bit (TestEmbeddingsAreDlibs). libdlib calls the
// function by its name, and the dynamic linker looks for a name in the program
// first: defining it here is enough (TestImg2colIsOurs). It is weak, so that where
// dlib is linked statically its own counts; where another version of dlib declares
// it in another way, that version's own is called.
#include <cstring>
#include <dlib/cuda/tensor.h>

namespace {

// Copies the patch that begins at from: WIDTH numbers of each of rows rows of each
// of k planes. With SPARE each row is copied with the number after it, which the
// next row overwrites: a width the CPU copies at once.
template <int WIDTH, int SPARE>
float *patch(float *to, const float *from, long k, long rows, long nc, long plane) {
	for (; k > 0; k--, from += plane) {
		const float *row = from;
		for (long y = 0; y < rows; y++, row += nc, to += WIDTH)
			std::memcpy(to, row, (WIDTH + SPARE) * sizeof(float));
	}
	return to;
}

// The last plane goes without the spare number: it might lie beyond the input, or
// its place beyond the output.
template <int WIDTH>
void whole(float *to, const float *from, long k, long rows, long nc, long plane) {
	to = patch<WIDTH, 1>(to, from, k - 1, rows, nc, plane);
	patch<WIDTH, 0>(to, from + (k - 1) * plane, 1, rows, nc, plane);
}

}  // namespace

namespace dlib {
namespace cpu {

// output gets a row for each place of the filter on sample n of data, from left to
// right and from top to bottom, with k * filter_nr * filter_nc numbers: the planes
// of the patch one after the other. Outside data there are zeros.
__attribute__((weak)) void img2col(matrix<float> &output, const tensor &data, long n, long filter_nr, long filter_nc,
                                   long stride_y, long stride_x, long padding_y, long padding_x) {
	const long k = data.k(), nr = data.nr(), nc = data.nc(), plane = nr * nc, length = k * filter_nr * filter_nc;
	const long places_y = 1 + (nr + 2 * padding_y - filter_nr) / stride_y;
	const long places_x = 1 + (nc + 2 * padding_x - filter_nc) / stride_x;
	const float *sample = data.host() + k * plane * n;
	output.set_size(places_y * places_x, length);
	float *to = &output(0, 0);
	for (long i = 0; i < places_y; i++) {
		const long top = i * stride_y - padding_y;
		for (long j = 0; j < places_x; j++, to += length) {
			const long left = j * stride_x - padding_x;
			if (top >= 0 && left >= 0 && top + filter_nr <= nr && left + filter_nc <= nc) {
				const float *from = sample + top * nc + left;
				switch (filter_nc) { // those that dlib's networks have
				case 3: whole<3>(to, from, k, filter_nr, nc, plane); continue;
				case 5: whole<5>(to, from, k, filter_nr, nc, plane); continue;
				case 7: whole<7>(to, from, k, filter_nr, nc, plane); continue;
				}
			}
			float *at = to;
			for (long c = 0; c < k; c++)
				for (long y = top; y < top + filter_nr; y++)
					for (long x = left; x < left + filter_nc; x++)
						*at++ = y >= 0 && x >= 0 && y < nr && x < nc ? sample[c * plane + y * nc + x] : 0;
		}
	}
}

}  // namespace cpu
}  // namespace dlib
