// What OpenCV and BLAS offer but GoCV v0.32 does not. A cv::Mat* comes from
// gocv.Mat.Ptr(). No C++ exception leaves these functions.
#pragma once
#include <stddef.h>
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif

// One BLAS thread and one OpenCV thread: work is spread over recognizers, not
// inside one (twice the throughput, see docs/performance.md).
void fg_single_threaded(void);

// The file that cblas_sgemm comes from, and OpenBLAS's own description ("" where
// another BLAS is linked). Both stay valid for the life of the process.
const char *fg_blas_library(void);
const char *fg_blas_config(void);

// Scales a BGR mat of 8 bits down, each pixel the average of the area it covers;
// 0 on success. to is made anew.
int fg_shrink(const void *from, void *to, int width, int height);

// Writes what into err, as much of it as there is room for.
void fg_say(char *err, size_t len, const char *what);

// YuNet. Not safe for concurrent use.
void *fg_yunet_new(const char *model, float score, float nms, int top_k, char *err, size_t err_len);
void fg_yunet_free(void *yunet);
// Finds faces in a BGR mat of 64 pixels a side at least, the surest first: up to max rows of 15 floats (x y w h, right eye, left
// eye, nose, right and left corner of the mouth, score). Returns their number, or
// -1 with a message in err.
int fg_yunet_detect(void *yunet, void *mat, float *rows, int max, char *err, size_t err_len);

#ifdef __cplusplus
}
#endif
