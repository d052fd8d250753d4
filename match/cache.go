package match

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"sync"

	"facegate"
)

// A Cache keeps embeddings on disk by the SHA-256 of the photo they were made
// of, so that measuring again takes seconds. One file holds those of one recipe.
// It is safe for concurrent use, also by several processes: records are appended
// whole, and one that is damaged reads as if it were not there.
//
// The file holds biometric data: it and its folder are for the owner alone.
type Cache struct {
	mu    sync.Mutex
	file  *os.File
	known map[[sha256.Size]byte]*facegate.Embedding // nil: no face
}

// A record is the photo's hash, a byte that is 1 where there is an embedding,
// the embedding, and a checksum (CRC-32, IEEE) of all that.
const (
	recordBody = sha256.Size + 1 + facegate.EmbeddingBytes
	recordSize = recordBody + crc32.Size
)

// OpenCache opens the cache of a recipe in dir, which is made where it is not
// there. Whatever else the embedding of a file depends on belongs into recipe.
func OpenCache(dir, recipe string) (*Cache, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open the cache of embeddings: %w", err)
	}
	name := fmt.Sprintf("%x.cache", sha256.Sum256([]byte(recipe)))
	file, err := os.OpenFile(filepath.Join(dir, name), os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the cache of embeddings: %w", err)
	}
	c := &Cache{file: file, known: map[[sha256.Size]byte]*facegate.Embedding{}}
	if err := c.load(); err != nil {
		_ = file.Close() // the first error is the one to tell
		return nil, fmt.Errorf("read the cache of embeddings: %w", err)
	}
	return c, nil
}

func (c *Cache) load() error {
	data, err := io.ReadAll(c.file)
	if err != nil {
		return err
	}
	for len(data) >= recordSize {
		if hash, e, ok := readRecord(data[:recordSize]); ok {
			c.known[hash] = e
			data = data[recordSize:]
		} else {
			data = data[1:] // a record was cut short: look for where the next one begins
		}
	}
	return nil
}

func readRecord(r []byte) (hash [sha256.Size]byte, e *facegate.Embedding, ok bool) {
	if binary.LittleEndian.Uint32(r[recordBody:]) != crc32.ChecksumIEEE(r[:recordBody]) {
		return hash, nil, false
	}
	copy(hash[:], r)
	switch r[sha256.Size] {
	case 0:
		return hash, nil, true
	case 1:
		read, err := facegate.EmbeddingFromBytes(r[sha256.Size+1 : recordBody])
		return hash, &read, err == nil
	}
	return hash, nil, false
}

// Embedding is that of a photo, made by embed unless it is known. Only failures
// to find a face are remembered too.
func (c *Cache) Embedding(photo []byte, embed func() (*facegate.Embedding, error)) (*facegate.Embedding, error) {
	hash := sha256.Sum256(photo)
	c.mu.Lock()
	e, ok := c.known[hash]
	c.mu.Unlock()
	if ok && e == nil {
		return nil, facegate.NewError(facegate.CodeNoFace, "the photo shows no face", "")
	}
	if ok {
		return e, nil
	}
	e, err := embed()
	if err != nil && facegate.CodeOf(err) != facegate.CodeNoFace {
		return nil, err
	}
	if keepErr := c.keep(hash, e); keepErr != nil && err == nil {
		err = keepErr
	}
	return e, err
}

// Len is the number of photos the cache knows.
func (c *Cache) Len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.known)
}

func (c *Cache) keep(hash [sha256.Size]byte, e *facegate.Embedding) error {
	r := bytes.NewBuffer(make([]byte, 0, recordSize))
	r.Write(hash[:])
	if e == nil {
		r.Write(make([]byte, 1+facegate.EmbeddingBytes))
	} else {
		r.WriteByte(1)
		r.Write(e.Bytes())
	}
	record := binary.LittleEndian.AppendUint32(r.Bytes(), crc32.ChecksumIEEE(r.Bytes()))
	c.mu.Lock()
	defer c.mu.Unlock()
	c.known[hash] = e
	if _, err := c.file.Write(record); err != nil {
		return fmt.Errorf("write the cache of embeddings: %w", err)
	}
	return nil
}

// Close closes the file.
func (c *Cache) Close() error {
	if err := c.file.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		return fmt.Errorf("close the cache of embeddings: %w", err)
	}
	return nil
}
