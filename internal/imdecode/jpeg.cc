// JPEGs by libjpeg-turbo itself: OpenCV asks it for RGB and turns that into BGR pixel
// by pixel, which takes a third of the time. The pixels are the same
// (TestPixelsAreOpenCVs).
#include "imdecode.h"

#include <csetjmp>
#include <cstdio> // which jpeglib.h wants

#include <jpeglib.h>
#include <jerror.h>
#include <opencv2/core.hpp>

#ifdef JCS_EXTENSIONS
namespace {

struct errors {
	jpeg_error_mgr mgr; // first: libjpeg knows it by its address
	jmp_buf leave;
	bool ended, lacking; // the file did; pixels do
};

[[noreturn]] void leave(j_common_ptr c) { std::longjmp(((errors *)c->err)->leave, 1); }

// Warnings are of damaged data, of which libjpeg makes what it can.
void warn(j_common_ptr c, int) {
	errors &e = *(errors *)c->err;
	if (e.mgr.msg_code == JWRN_JPEG_EOF) e.ended = true;
	if (e.mgr.msg_code == JWRN_HIT_MARKER) e.lacking = true;
}

bool has_tables(const jpeg_decompress_struct &c) {
	for (int i = 0; i < NUM_HUFF_TBLS; i++)
		if (c.dc_huff_tbl_ptrs[i] || c.ac_huff_tbl_ptrs[i]) return true;
	return c.arith_code;
}

}  // namespace

int imdecode_jpeg(const uint8_t *data, size_t len, void *mat) {
	if (len < 3 || data[0] != 0xff || data[1] != 0xd8 || data[2] != 0xff) return -1;
	jpeg_decompress_struct c;
	errors err;
	c.err = jpeg_std_error(&err.mgr);
	err.mgr.error_exit = leave;
	err.mgr.emit_message = warn;
	err.ended = err.lacking = false;
	if (setjmp(err.leave)) { // nothing here has a destructor
		jpeg_destroy_decompress(&c);
		return 1;
	}
	jpeg_create_decompress(&c);
	jpeg_mem_src(&c, data, len);
	jpeg_read_header(&c, TRUE);
	const bool usual = c.num_components == 3 && (c.jpeg_color_space == JCS_YCbCr || c.jpeg_color_space == JCS_RGB) && has_tables(c);
	if (!usual) {
		jpeg_destroy_decompress(&c);
		return -1;
	}
	c.out_color_space = JCS_EXT_BGR;
	jpeg_start_decompress(&c);
	cv::Mat &to = *(cv::Mat *)mat;
	try {
		to.create(c.output_height, c.output_width, CV_8UC3);
	} catch (...) {
		jpeg_destroy_decompress(&c);
		return 2;
	}
	while (c.output_scanline < c.output_height) {
		JSAMPROW row = to.ptr(c.output_scanline);
		jpeg_read_scanlines(&c, &row, 1);
	}
	// What follows the pixels is not looked at: some cameras leave out the end.
	jpeg_destroy_decompress(&c);
	return err.ended && err.lacking ? 1 : 0;
}
#else
int imdecode_jpeg(const uint8_t *, size_t, void *) { return -1; }
#endif
