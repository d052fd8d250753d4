#include "imdecode.h"

#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>

int imdecode_any(const uint8_t *data, size_t len, int flags, void *mat) {
	try {
		const cv::Mat buf(1, (int)len, CV_8UC1, (void *)data);
		cv::imdecode(buf, flags, (cv::Mat *)mat);
		return ((cv::Mat *)mat)->empty() ? 1 : 0;
	} catch (...) {
		return 2;
	}
}
