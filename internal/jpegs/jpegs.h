#pragma once
#include <stddef.h>
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif
// Decodes a JPEG of three components into a cv::Mat of BGR; 0 on success, -1 where it is
// another kind of picture. No C++ exception leaves it.
int jpegs_decode(const uint8_t *data, size_t len, void *mat);
#ifdef __cplusplus
}
#endif
