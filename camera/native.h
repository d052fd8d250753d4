// What OpenCV offers for streams but GoCV v0.32 does not: opening with timeouts,
// and calls from which no C++ exception leaves. A cv::Mat* comes from
// gocv.Mat.Ptr(). Functions that fail return non-zero with a message in err.
#pragma once
#include <stddef.h>
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif

// Silences FFmpeg and OpenCV, which would print to stderr, and keeps what FFmpeg
// has to say about an error for fgc_open and fgc_grab to report.
void fgc_quiet(void);

// A cv::VideoCapture. One goroutine at a time.
typedef struct fgc_capture fgc_capture;

// Opens a URL or file with FFmpeg. options is what FFmpeg is to be told, as
// "key;value|key;value"; NULL leaves OpenCV's own (RTSP over TCP where
// the server knows it). It stands in the
// environment while the capture is opened: callers see to it that no other capture
// with other options is being opened meanwhile.
fgc_capture *fgc_open(const char *url, const char *options, int open_ms, int read_ms, char *err, size_t err_len);
// Opens a device such as /dev/video0 with Video4Linux.
fgc_capture *fgc_open_device(const char *device, char *err, size_t err_len);
// Decodes the next picture; 1 at the end of a file or a lost stream.
int fgc_grab(fgc_capture *c, char *err, size_t err_len);
// Turns the decoded picture into BGR in mat.
int fgc_retrieve(fgc_capture *c, void *mat, char *err, size_t err_len);
// A property of the capture (cv::VideoCaptureProperties), 0 where it has none.
double fgc_get(fgc_capture *c, int property);
void fgc_close(fgc_capture *c);

// A network in ONNX's format. One goroutine at a time.
typedef struct fgc_net fgc_net;
fgc_net *fgc_net_open(const char *model, char *err, size_t err_len);
// Runs the network on a BGR mat scaled to side x side (values 0..255, channels
// first), and writes up to max numbers of its answer; returns how many, or -1.
int fgc_net_run(fgc_net *net, void *mat, int side, float *out, int max, char *err, size_t err_len);
void fgc_net_close(fgc_net *net);

// Single threads inside OpenCV: work is spread over cameras, not inside one.
void fgc_single_threaded(void);

#ifdef __cplusplus
}
#endif
