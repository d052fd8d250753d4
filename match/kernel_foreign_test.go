package match

import (
	"encoding/binary"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"unsafe"

	"facegate"
)

// loops is what a kernel does, on this processor or in place of another.
type loops interface {
	scan(c coded, vectors []facegate.Embedding, probe *codeProbe, vector *facegate.Embedding, limit float32, hits []hit) []hit
	plain(vectors []facegate.Embedding, vector *facegate.Embedding, limit float32, hits []hit) []hit
	encode(vectors []facegate.Embedding, r *rotation, c coded, errors [][2]float32)
}

// everyKernel runs a test on each kernel: those that this processor can run, and
// on amd64 those it cannot, ARM's by qemu, AVX-512's by SIMDe.
func everyKernel(t *testing.T, test func(t *testing.T, k loops)) {
	native := map[string]bool{}
	for _, k := range kernels() {
		native[k.name] = true
		t.Run(k.name, func(t *testing.T) { test(t, k) })
	}
	if runtime.GOARCH != "amd64" {
		return
	}
	t.Run("neon", func(t *testing.T) {
		test(t, startForeign(t, "neon", "aarch64-linux-gnu-gcc", []string{"-static"}, "qemu-aarch64"))
	})
	if !native["avx512"] {
		t.Run("avx512", func(t *testing.T) {
			if _, err := os.Stat("/usr/include/simde"); err != nil {
				t.Skip("facegate: needs libsimde-dev")
			}
			test(t, startForeign(t, "avx512", "gcc", []string{"-DSIMULATE", "-mavx2", "-mfma", "-mbmi"}))
		})
	}
}

// encodeBy is encode with any kernel.
func encodeBy(k loops, r *rotation, vectors []facegate.Embedding) *codes {
	c, lost := newCoded(len(vectors)), make([][2]float32, len(vectors))
	k.encode(vectors, r, c, lost)
	return measured(r, c, lost)
}

// A foreign kernel runs in a process of its own; see testdata/foreign.
type foreign struct {
	t       *testing.T
	in      io.Writer
	out     io.Reader
	vectors []facegate.Embedding // what it holds
	codes   coded
}

var kernelFiles = map[string]string{"neon": "kernel_neon_arm64.c", "avx512": "kernel_avx512_amd64.c"}

func startForeign(t *testing.T, name, compiler string, flags []string, run ...string) *foreign {
	t.Helper()
	for _, tool := range append([]string{compiler}, run...) {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip("facegate: needs " + tool)
		}
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(t.TempDir(), name)
	build := exec.Command(compiler, append(flags, "-O2", "-std=gnu11", "-I"+here, "-DKERNEL="+name,
		`-DKERNEL_FILE="`+filepath.Join(here, kernelFiles[name])+`"`, "-o", program, "testdata/foreign/foreign.c", "-lm")...)
	if message, err := build.CombinedOutput(); err != nil {
		t.Fatalf("compile the kernel %s: %v\n%s", name, err, message)
	}
	args := append(slices.Clone(run), program)
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close() // ends it
		if err := cmd.Wait(); err != nil {
			t.Errorf("the kernel %s: %v", name, err)
		}
	})
	return &foreign{t: t, in: in, out: out}
}

func (f *foreign) scan(c coded, vectors []facegate.Embedding, probe *codeProbe, vector *facegate.Embedding, limit float32, hits []hit) []hit {
	f.load(vectors)
	if len(f.codes.head) == 0 || &f.codes.head[0] != &c.head[0] {
		f.codes = c
		f.ask('c', len(c.norms), bytesOf(c.head), bytesOf(c.norms), bytesOf(c.tail))
	}
	f.ask('s', len(vectors), bytesOf([]codeProbe{*probe}), bytesOf(vector[:]), bytesOf([]float32{limit}))
	return f.hits(hits)
}

func (f *foreign) plain(vectors []facegate.Embedding, vector *facegate.Embedding, limit float32, hits []hit) []hit {
	f.load(vectors)
	f.ask('p', len(vectors), bytesOf(vector[:]), bytesOf([]float32{limit}))
	return f.hits(hits)
}

func (f *foreign) encode(vectors []facegate.Embedding, r *rotation, c coded, errors [][2]float32) {
	f.load(vectors)
	f.codes = coded{}
	f.ask('e', len(vectors), bytesOf(r.mean32[:]), bytesOf(r.basis32[:]), bytesOf([]float32{float32(r.headStep), float32(r.tailStep)}))
	for _, to := range [][]byte{bytesOf(c.head), bytesOf(c.norms), bytesOf(c.tail), bytesOf(errors)} {
		f.read(to)
	}
}

// load sends vectors unless it has them, or more from the same place: no test
// changes them between.
func (f *foreign) load(vectors []facegate.Embedding) {
	if len(f.vectors) < len(vectors) || &f.vectors[0] != &vectors[0] {
		f.vectors = vectors
		f.ask('v', len(vectors), bytesOf(vectors))
	}
}

func (f *foreign) ask(what byte, n int, payload ...[]byte) {
	request := binary.NativeEndian.AppendUint32(binary.NativeEndian.AppendUint32(nil, uint32(what)), uint32(n))
	for _, p := range append([][]byte{request}, payload...) {
		if _, err := f.in.Write(p); err != nil {
			f.t.Fatalf("ask a kernel: %v", err)
		}
	}
}

func (f *foreign) hits(room []hit) []hit {
	var n [4]byte
	f.read(n[:])
	found := room[:binary.NativeEndian.Uint32(n[:])]
	f.read(bytesOf(found))
	return found
}

func (f *foreign) read(to []byte) {
	if _, err := io.ReadFull(f.out, to); err != nil {
		f.t.Fatalf("hear from a kernel: %v", err)
	}
}

// bytesOf is the memory of values.
func bytesOf[T any](values []T) []byte {
	if len(values) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(&values[0])), len(values)*int(unsafe.Sizeof(values[0])))
}
