#pragma once
#ifdef __cplusplus
extern "C" {
#endif
void *ocv_yunet_new(const char *model, float score, float nms, int top_k);
void ocv_yunet_free(void *yunet);
// Up to max rows of 15 floats, their number, or -1.
int ocv_yunet_detect(void *yunet, void *mat, float *rows, int max);
#ifdef __cplusplus
}
#endif
