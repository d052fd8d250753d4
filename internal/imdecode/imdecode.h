#pragma once
#include <stddef.h>
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif
// Decode into a cv::Mat; 0 on success. No C++ exception leaves these functions.
// A JPEG of three components, as BGR, however it lies; -1 where it is another picture.
int imdecode_jpeg(const uint8_t *data, size_t len, void *mat);
// Any picture that OpenCV knows; flags as cv::imdecode.
int imdecode_any(const uint8_t *data, size_t len, int flags, void *mat);
#ifdef __cplusplus
}
#endif
