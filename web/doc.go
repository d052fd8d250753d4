// Package web answers over HTTP: the native API under /v1, health, metrics, the
// API's description and the console. It translates and guards, it decides
// nothing: every answer about a face comes from the interfaces of the root
// package, so that every API tells the same.
//
// One file holds one group of routes; problem.go alone turns errors into
// answers, upload.go alone reads photos, limits.go alone bounds what a client
// may send and how long it may take. dialect.go has the place of other systems'
// APIs, dialect_form.go reads what their clients send.
package web
