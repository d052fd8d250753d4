// Package facegate is the domain of the face recognition gateway: faces, people,
// decisions, the errors a caller can tell apart, and the small interfaces at
// which the rooms meet.
//
// The rooms are the folders below: detector turns pictures into faces, enroll
// keeps people and samples in SQLite, match searches and decides, camera follows
// faces through streams, web answers over HTTP. Each room imports this package
// and no other room; cmd/facegate wires them together. This package imports the
// standard library alone.
package facegate
