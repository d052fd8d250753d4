#include "native.h"

#include <cstring>
#include <dlfcn.h>
#include <memory>
#include <opencv2/core.hpp>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/objdetect/face.hpp>

// Weak, so that the program links and runs with any BLAS.
extern "C" {
void openblas_set_num_threads(int) __attribute__((weak));
char *openblas_get_config(void) __attribute__((weak));
void cblas_sgemm(void) __attribute__((weak));
}

static void say(char *err, size_t len, const char *what) {
	if (len == 0) return;
	strncpy(err, what, len - 1);
	err[len - 1] = 0;
}

void fg_single_threaded(void) {
	if (openblas_set_num_threads) openblas_set_num_threads(1);
	try {
		cv::setNumThreads(1);
		// Refused pictures are reported to the caller, not to stderr.
		cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
	} catch (...) {
	}
}

const char *fg_blas_library(void) {
	Dl_info info;
	if (cblas_sgemm && dladdr((void *)cblas_sgemm, &info) && info.dli_fname) return info.dli_fname;
	return "";
}

const char *fg_blas_config(void) { return openblas_get_config ? openblas_get_config() : ""; }

int fg_imdecode(const uint8_t *data, size_t len, int flags, void *mat) {
	try {
		const cv::Mat buf(1, (int)len, CV_8UC1, (void *)data);
		cv::imdecode(buf, flags, (cv::Mat *)mat);
		return ((cv::Mat *)mat)->empty() ? 1 : 0;
	} catch (...) {
		return 2;
	}
}

struct yunet {
	cv::Ptr<cv::FaceDetectorYN> net;
	cv::Size size;
	cv::Mat faces;
};

void *fg_yunet_new(const char *model, float score, float nms, int top_k, char *err, size_t err_len) {
	try {
		std::unique_ptr<yunet> y(new yunet);
		y->net = cv::FaceDetectorYN::create(model, "", cv::Size(320, 320), score, nms, top_k);
		y->size = cv::Size(320, 320);
		return y.release();
	} catch (const std::exception &e) {
		say(err, err_len, e.what());
	} catch (...) {
		say(err, err_len, "unknown error");
	}
	return nullptr;
}

void fg_yunet_free(void *p) { delete (yunet *)p; }

int fg_yunet_detect(void *p, void *mat, float *rows, int max, char *err, size_t err_len) {
	try {
		yunet *y = (yunet *)p;
		const cv::Mat &img = *(const cv::Mat *)mat;
		if (img.size() != y->size) {
			y->net->setInputSize(img.size());
			y->size = img.size();
		}
		y->net->detect(img, y->faces);
		const int n = std::min(y->faces.rows, max);
		for (int i = 0; i < n; i++) memcpy(rows + 15 * i, y->faces.ptr<float>(i), 15 * sizeof(float));
		return n;
	} catch (const std::exception &e) {
		say(err, err_len, e.what());
	} catch (...) {
		say(err, err_len, "unknown error");
	}
	return -1;
}
