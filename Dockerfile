# syntax=docker/dockerfile:1

# The console: plain files, the same for every architecture.
FROM --platform=$BUILDPLATFORM node:20-bookworm-slim AS console
WORKDIR /src/web/ui
COPY web/ui/package.json web/ui/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY web/ui ./
RUN npm run build

# The binary. The first build takes minutes: dlib and OpenCV are wrapped in C++.
FROM golang:1.26-bookworm AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends \
      g++ pkg-config libopencv-dev libdlib-dev libopenblas-dev liblapack-dev libatlas-base-dev libjpeg62-turbo-dev \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
COPY --from=console /src/web/ui/dist web/ui/dist
# The oldest CPU the image runs on, as GCC names it. x86-64-v3 has AVX2 (Intel
# since 2013, AMD since 2015). Not used on other architectures.
ARG AMD64_LEVEL=x86-64-v3
ARG VERSION=docker
ARG TARGETARCH
RUN if [ "$TARGETARCH" = amd64 ]; then march="-march=$AMD64_LEVEL"; else march=""; fi \
 && CXX=/src/build/cxx-portable \
    CGO_CFLAGS="-O2 $march" CGO_CXXFLAGS="-O2 $march" CGO_LDFLAGS="-Wl,--as-needed" \
    go build -trimpath -ldflags "-s -w -X main.version=$VERSION" -o /facegate ./cmd/facegate

# What runs: the libraries, the binary, no compiler, no root.
FROM debian:bookworm-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends \
      ca-certificates \
      libopencv-calib3d406 libopencv-core406 libopencv-dnn406 libopencv-features2d406 \
      libopencv-highgui406 libopencv-imgcodecs406 libopencv-imgproc406 libopencv-objdetect406 libopencv-photo406 \
      libopencv-video406 libopencv-videoio406 \
      libdlib19.1 libopenblas0-pthread liblapack3 libjpeg62-turbo \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --user-group --home-dir /data --shell /usr/sbin/nologin facegate \
 && install -d -o facegate -g facegate /data /models
COPY --from=build /facegate /usr/local/bin/facegate
COPY LICENSE NOTICE /usr/share/doc/facegate/
USER facegate
WORKDIR /data
ENV FACEGATE_LISTEN=0.0.0.0:8080 \
    FACEGATE_DATA=/data \
    FACEGATE_MODELS=/models
VOLUME ["/data", "/models"]
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
  CMD ["facegate", "health"]
ENTRYPOINT ["facegate"]
CMD ["serve"]
