package enroll

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math"

	"facegate"
)

// A bookIndex holds the clusters of all strangers in memory. Strangers are few,
// beside people: looking at each takes 50 ns.
type bookIndex struct {
	loaded  bool
	change  int64 // of unknown_changes
	entries map[string]knownUnknown
}

type knownUnknown struct {
	cluster
	recipe string
}

// drop has the next refresh load everything.
func (x *bookIndex) drop() { x.loaded = false }

// refresh loads everything, unless nothing changed since.
func (x *bookIndex) refresh(ctx context.Context, tx *sql.Tx, v vault) error {
	change, err := latestUnknownChange(ctx, tx)
	if err != nil || x.loaded && x.change == change {
		return err
	}
	rows, err := tx.QueryContext(ctx, `SELECT id, mean, spread, recipe FROM unknowns WHERE mean IS NOT NULL`)
	if err != nil {
		return fmt.Errorf("read the strangers: %w", err)
	}
	defer rows.Close()
	entries := map[string]knownUnknown{}
	for rows.Next() {
		var id string
		var c knownUnknown
		var stored []byte
		if err := rows.Scan(&id, &stored, &c.spread, &c.recipe); err != nil {
			return fmt.Errorf("read the strangers: %w", err)
		}
		if c.mean, err = openMean(v, id, stored); err == nil { // else it is damaged, and finds nobody
			entries[id] = c
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read the strangers: %w", err)
	}
	x.entries, x.change, x.loaded = entries, change, true
	return nil
}

// follow brings one entry up to date, where all other changes since before are
// in the index already.
func (x *bookIndex) follow(ctx context.Context, tx *sql.Tx, v vault, id string, before int64) error {
	change, err := latestUnknownChange(ctx, tx)
	if err != nil {
		return err
	}
	if !x.loaded || x.change != before || change != before+1 {
		x.drop()
		return nil
	}
	var c knownUnknown
	var stored []byte
	if err := tx.QueryRowContext(ctx, `SELECT mean, spread, recipe FROM unknowns WHERE id = ?`, id).Scan(&stored, &c.spread, &c.recipe); err != nil {
		return fmt.Errorf("read stranger %s: %w", id, err)
	}
	if c.mean, err = openMean(v, id, stored); err != nil {
		delete(x.entries, id)
	} else {
		x.entries[id] = c
	}
	x.change = change
	return nil
}

func openMean(v vault, id string, stored []byte) (facegate.Embedding, error) {
	plain, err := v.open(unknownsTable, id, stored)
	if err != nil {
		return facegate.Embedding{}, err
	}
	return facegate.EmbeddingFromBytes(plain)
}

// nearest is the nearest stranger within the radius; the smaller id among equals.
func (x *bookIndex) nearest(probe *cluster, recipe string, radius float64) (id string) {
	best := math.Inf(1)
	for other, c := range x.entries {
		if c.recipe != recipe {
			continue
		}
		if d := probe.distance(&c.cluster); d <= radius && (d < best || d == best && other < id) {
			id, best = other, d
		}
	}
	return id
}

func latestUnknownChange(ctx context.Context, tx *sql.Tx) (change int64, err error) {
	if err := tx.QueryRowContext(ctx, `SELECT latest FROM unknown_changes`).Scan(&change); err != nil {
		return 0, fmt.Errorf("read the changes of strangers: %w", err)
	}
	return change, nil
}

// A cluster is the shots of one face, as far as distances to it go: the mean of
// their embeddings, weighted by quality, and the mean square distance to it.
type cluster struct {
	mean   facegate.Embedding
	spread float64
}

// distance is the root mean square of the distances between every shot here and
// every shot there, 0 or more. Distances between means alone would not do: the
// more shots a mean is of, the closer it comes to everybody's.
func (c *cluster) distance(o *cluster) float64 {
	d := c.mean.Distance(&o.mean)
	return math.Sqrt(d*d + c.spread + o.spread)
}

// leastWeight is what even the poorest shot counts, against 1 for the best.
const leastWeight = 0.05

// clusterOf is false without shots.
func clusterOf(shots []facegate.Shot) (c cluster, ok bool) {
	if len(shots) == 0 {
		return c, false
	}
	var sum [facegate.EmbeddingSize]float64
	var weights float64
	for i := range shots {
		weight := math.Max(shots[i].Quality.Overall, leastWeight)
		weights += weight
		for j, v := range shots[i].Embedding {
			sum[j] += weight * float64(v)
		}
	}
	for j, v := range sum {
		c.mean[j] = float32(v / weights)
	}
	for i := range shots {
		d := c.mean.Distance(&shots[i].Embedding)
		c.spread += math.Max(shots[i].Quality.Overall, leastWeight) / weights * d * d
	}
	return c, true
}

// A keptShot is a shot in the book.
type keptShot struct {
	facegate.Shot
	seq        int64
	sightingID string
	recipe     string
}

// openCrop is a stored crop; a shot may have none.
func (s *Store) openCrop(seq int64, stored []byte) ([]byte, error) {
	if len(stored) == 0 {
		return nil, nil
	}
	return s.vault.open(shotsTable, shotKey(seq), stored)
}

// shotsOf is the best shots of a stranger, best first.
func (s *Store) shotsOf(ctx context.Context, q queryer, unknownID string, limit int) ([]keptShot, error) {
	rows, err := q.QueryContext(ctx, `
		SELECT s.seq, s.sighting_id, s.at, s.embedding, s.recipe, s.quality, s.box, s.crop
		FROM unknown_members m JOIN unknown_shots s ON s.sighting_id = m.sighting_id
		WHERE m.unknown_id = ? ORDER BY s.overall DESC, s.seq LIMIT ?`, unknownID, limit)
	if err != nil {
		return nil, fmt.Errorf("read the shots of stranger %s: %w", unknownID, err)
	}
	defer rows.Close()
	var all []keptShot
	for rows.Next() {
		var shot keptShot
		var at int64
		var embedding, quality, box []byte
		if err := rows.Scan(&shot.seq, &shot.sightingID, &at, &embedding, &shot.recipe, &quality, &box, &shot.Crop); err != nil {
			return nil, fmt.Errorf("read the shots of stranger %s: %w", unknownID, err)
		}
		if embedding, err = s.vault.open(shotsTable, shotKey(shot.seq), embedding); err != nil {
			return nil, err
		}
		if shot.Crop, err = s.openCrop(shot.seq, shot.Crop); err != nil {
			return nil, err
		}
		if shot.Embedding, err = facegate.EmbeddingFromBytes(embedding); err != nil {
			return nil, fmt.Errorf("read a shot of stranger %s: %w", unknownID, err)
		}
		if err := json.Unmarshal(quality, &shot.Quality); err != nil {
			return nil, fmt.Errorf("read a shot of stranger %s: %w", unknownID, err)
		}
		if err := json.Unmarshal(box, &shot.Box); err != nil {
			return nil, fmt.Errorf("read a shot of stranger %s: %w", unknownID, err)
		}
		shot.At = fromMillis(at)
		all = append(all, shot)
	}
	return all, rows.Err()
}
