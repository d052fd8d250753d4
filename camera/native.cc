#include "native.h"

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <memory>
#include <opencv2/core.hpp>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/dnn.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/videoio.hpp>

namespace {

// FFmpeg's last words on this thread.
thread_local char last_words[256];

constexpr int av_log_error = 16, av_log_quiet = -8;

void listen(void *, int level, const char *format, va_list args) {
	if (level > av_log_error) return;
	char line[sizeof last_words];
	vsnprintf(line, sizeof line, format, args);
	size_t n = strlen(line);
	while (n > 0 && (line[n - 1] == '\n' || line[n - 1] == ' ')) line[--n] = 0;
	if (n > 1) memcpy(last_words, line, n + 1);
}

void say(char *err, size_t len, const char *what) {
	if (len == 0) return;
	strncpy(err, what, len - 1);
	err[len - 1] = 0;
}

// guarded runs f; what it throws becomes a message and failed.
template <class F, class R> R guarded(char *err, size_t len, R failed, F f) {
	try {
		return f();
	} catch (const cv::Exception &e) {
		say(err, len, e.err.c_str());
	} catch (const std::exception &e) {
		say(err, len, e.what());
	} catch (...) {
		say(err, len, "unknown error");
	}
	return failed;
}

} // namespace

struct fgc_capture {
	cv::VideoCapture cap;
};

struct fgc_net {
	cv::dnn::Net net;
	cv::Mat small, blob, answer;
};

void fgc_quiet(void) {
	try {
		cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
		// OpenCV sets FFmpeg's log level when it first opens anything.
		cv::VideoCapture none;
		none.open("/dev/null", cv::CAP_FFMPEG);
	} catch (...) {
	}
	// OpenCV links FFmpeg; we need not.
	typedef void (*callback)(void *, int, const char *, va_list);
	if (auto set = (void (*)(callback))dlsym(RTLD_DEFAULT, "av_log_set_callback")) {
		set(listen);
	} else if (auto level = (void (*)(int))dlsym(RTLD_DEFAULT, "av_log_set_level")) {
		level(av_log_quiet);
	}
}

void fgc_single_threaded(void) {
	try {
		cv::setNumThreads(1);
	} catch (...) {
	}
}

fgc_capture *fgc_open(const char *url, const char *options, int open_ms, int read_ms, char *err, size_t err_len) {
	const char *variable = "OPENCV_FFMPEG_CAPTURE_OPTIONS";
	last_words[0] = 0;
	if (options) setenv(variable, options, 1);
	fgc_capture *opened = guarded(err, err_len, (fgc_capture *)nullptr, [&]() -> fgc_capture * {
		std::unique_ptr<fgc_capture> c(new fgc_capture);
		const std::vector<int> params = {cv::CAP_PROP_OPEN_TIMEOUT_MSEC, open_ms, cv::CAP_PROP_READ_TIMEOUT_MSEC, read_ms};
		if (c->cap.open(url, cv::CAP_FFMPEG, params)) return c.release();
		say(err, err_len, last_words[0] ? last_words : "no video in it, or no answer in time");
		return nullptr;
	});
	if (options) unsetenv(variable);
	return opened;
}

fgc_capture *fgc_open_device(const char *device, char *err, size_t err_len) {
	return guarded(err, err_len, (fgc_capture *)nullptr, [&]() -> fgc_capture * {
		std::unique_ptr<fgc_capture> c(new fgc_capture);
		if (c->cap.open(device, cv::CAP_V4L2)) return c.release();
		say(err, err_len, "cannot be opened as a video device");
		return nullptr;
	});
}

int fgc_grab(fgc_capture *c, char *err, size_t err_len) {
	last_words[0] = 0;
	return guarded(err, err_len, 2, [&]() -> int {
		if (c->cap.grab()) return 0;
		say(err, err_len, last_words);
		return 1;
	});
}

int fgc_retrieve(fgc_capture *c, void *mat, char *err, size_t err_len) {
	return guarded(err, err_len, 2, [&]() -> int {
		cv::Mat &m = *(cv::Mat *)mat;
		if (!c->cap.retrieve(m) || m.empty()) {
			say(err, err_len, "no picture");
			return 1;
		}
		if (m.type() != CV_8UC3) {
			cv::Mat bgr;
			if (m.channels() == 1)
				cv::cvtColor(m, bgr, cv::COLOR_GRAY2BGR);
			else if (m.channels() == 4)
				cv::cvtColor(m, bgr, cv::COLOR_BGRA2BGR);
			else
				bgr = m;
			bgr.convertTo(m, CV_8UC3);
		}
		return 0;
	});
}

double fgc_get(fgc_capture *c, int property) {
	return guarded(nullptr, 0, 0.0, [&]() -> double { return c->cap.get(property); });
}

void fgc_close(fgc_capture *c) {
	guarded(nullptr, 0, 0, [&]() -> int {
		delete c;
		return 0;
	});
}

fgc_net *fgc_net_open(const char *model, char *err, size_t err_len) {
	return guarded(err, err_len, (fgc_net *)nullptr, [&]() -> fgc_net * {
		std::unique_ptr<fgc_net> n(new fgc_net);
		n->net = cv::dnn::readNetFromONNX(model);
		return n.release();
	});
}

int fgc_net_run(fgc_net *n, void *mat, int side, float *out, int max, char *err, size_t err_len) {
	return guarded(err, err_len, -1, [&]() -> int {
		const cv::Mat &bgr = *(const cv::Mat *)mat;
		cv::resize(bgr, n->small, cv::Size(side, side), 0, 0, cv::INTER_LINEAR);
		cv::dnn::blobFromImage(n->small, n->blob);
		n->net.setInput(n->blob);
		n->answer = n->net.forward();
		const int count = std::min((int)n->answer.total(), max);
		memcpy(out, n->answer.ptr<float>(), count * sizeof(float));
		return count;
	});
}

void fgc_net_close(fgc_net *n) {
	guarded(nullptr, 0, 0, [&]() -> int {
		delete n;
		return 0;
	});
}
