#include "native.h"

#include <cstring>
#include <dlfcn.h>
#include <opencv2/core.hpp>
#include <opencv2/core/utils/logger.hpp>

// Weak, so that the program links and runs with any BLAS.
extern "C" {
void openblas_set_num_threads(int) __attribute__((weak));
char *openblas_get_config(void) __attribute__((weak));
void cblas_sgemm(void) __attribute__((weak));
}

void fg_say(char *err, size_t len, const char *what) {
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
