#include "yunet.h"

#include <cstring>
#include <opencv2/core.hpp>
#include <opencv2/objdetect/face.hpp>

typedef cv::Ptr<cv::FaceDetectorYN> detector;

void *ocv_yunet_new(const char *model, float score, float nms, int top_k) {
	try {
		return new detector(cv::FaceDetectorYN::create(model, "", cv::Size(320, 320), score, nms, top_k));
	} catch (...) {
		return nullptr;
	}
}

void ocv_yunet_free(void *yunet) { delete (detector *)yunet; }

int ocv_yunet_detect(void *yunet, void *mat, float *rows, int max) {
	try {
		detector &d = *(detector *)yunet;
		const cv::Mat &picture = *(const cv::Mat *)mat;
		cv::Mat faces;
		d->setInputSize(picture.size());
		d->detect(picture, faces);
		const int n = std::min(faces.rows, max);
		for (int i = 0; i < n; i++) std::memcpy(rows + 15 * i, faces.ptr<float>(i), 15 * sizeof(float));
		return n;
	} catch (...) {
		return -1;
	}
}
