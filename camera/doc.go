// Package camera turns streams into sightings. Each camera has a goroutine that
// reads its source and one that analyses, with room for one waiting picture in
// between: faces are found in a few pictures a second, followed from one to the
// next, embedded a few times each at their best, and named by a vote. It knows
// nothing of who is enrolled, of databases or of networks of users: it meets them
// at the interfaces of the root package.
//
// A picture's way: reader (source.go, reader.go) -> mailbox of one -> analyst
// (analyse.go) -> tracker -> vote -> journal (sightings) -> sink. The runner
// (runner.go) keeps a camera's source open, the Manager all cameras.
package camera
