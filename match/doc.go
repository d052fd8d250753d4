// Package match answers who a face is. It holds every enrolled sample in
// memory, finds the nearest people exactly, decides by thresholds, and measures
// how often such decisions are wrong.
//
// It is a room of its own because a decision about a person must not depend on
// how faces are found, stored or asked for: it knows embeddings and distances,
// and meets the detector and the database at the interfaces of package facegate
// only.
package match
