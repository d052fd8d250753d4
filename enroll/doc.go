// Package enroll keeps the people that can be recognised and their samples: it
// decides which photos are good enough to enrol, stores them in SQLite, and
// keeps the gallery in memory equal to the database.
//
// [Store] is the database; several processes may have it open at once. [Service]
// is [facegate.People] and [facegate.GallerySource] on top of it.
package enroll
