// The sums of products that both networks, dlib's and YuNet's, spend their time on.
//
// Pictures are planes of floats, one a channel, whose rows follow one another with a
// column of zeros between them. So a tap of a filter is the same distance away from
// each place of the picture, a row's end included, and a convolution is a sum of
// shifted planes: nothing is gathered into a matrix first.
#pragma once

namespace convolve {

// Vectors are of so many floats. Sums are made for whole vectors: up to LANES - 1
// places more than asked for are read and written.
constexpr long LANES = 8;

// out[f * out_plane + p] = bias[f] + sum over l < taps of filters[f * taps + l] * in[at[l] + p]
// for filters f < k and places p < places; with relu, 0 where that is negative. bias
// may be null.
void dense(float *out, long out_plane, const float *in, const long *at, long taps, const float *filters, const float *bias,
           long k, long places, bool relu);

// Filters of 3 x 3 on a plane each, at rows of w places that are pitch > w apart. in
// and out are at the first place; there have to be pitch + 1 floats before it, and
// pitch + LANES after the last.
//
// out[f * out_plane + y * pitch + x] = bias[f] + sum over i, j < 3 of
//     filters[f * 9 + i * 3 + j] * in[f * plane + (y + i - 1) * pitch + x + j - 1]
void depthwise(float *out, long out_plane, const float *in, long plane, long pitch, const float *filters, const float *bias, long k, long rows,
               long w, bool relu);

}  // namespace convolve
