package main

/*
#cgo CXXFLAGS: -O3 -march=native -std=c++17
#include "hnsw.h"
*/
import "C"

import (
	"errors"
	"runtime"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"facegate"
)

// hnswlib's own defaults: links of an element, and how hard it looks for them.
const (
	hnswM  = 16
	hnswEf = 200
)

// hnsw is an approximate index: hnswlib's.
type hnsw struct{ c *C.hnsw }

func newHNSW(most int) (*hnsw, error) {
	c := C.hnsw_new(facegate.EmbeddingSize, C.int64_t(most), hnswM, hnswEf)
	if c == nil {
		return nil, errors.New("hnswlib: no memory")
	}
	return &hnsw{c}, nil
}

func (h *hnsw) close() { C.hnsw_free(h.c) }

// add adds entries by as many threads as there are cores. Labels are their places.
func (h *hnsw) add(entries []facegate.GalleryEntry, first int, progress func(done int)) error {
	const some = 500
	var done atomic.Int64
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for at := 0; at < len(entries); at += some {
		part := entries[at:min(at+some, len(entries))]
		g.Go(func() error {
			vectors := make([]facegate.Embedding, len(part))
			for i := range part {
				vectors[i] = part[i].Embedding
			}
			if C.hnsw_add(h.c, (*C.float)(&vectors[0][0]), C.int64_t(len(part)), C.int64_t(first+at)) == 0 {
				return errors.New("hnswlib: an element was not added")
			}
			if progress != nil {
				progress(int(done.Add(int64(len(part)))))
			}
			return nil
		})
	}
	return g.Wait()
}

// nearest is the places of the k nearest, as far as the index knows; the larger
// ef, the harder it looks.
func (h *hnsw) nearest(e *facegate.Embedding, k, ef int) []int {
	labels := make([]C.int64_t, k)
	n := C.hnsw_search(h.c, (*C.float)(&e[0]), C.int32_t(k), C.int32_t(ef), &labels[0])
	places := make([]int, n)
	for i := range places {
		places[i] = int(labels[i])
	}
	return places
}

func (h *hnsw) bytes() int64 { return int64(C.hnsw_bytes(h.c)) }
