module facegate/cmd/bench-search

go 1.26.0

require (
	facegate v0.0.0
	github.com/asg017/sqlite-vec-go-bindings v0.1.6
	github.com/mattn/go-sqlite3 v1.14.53
	golang.org/x/sync v0.24.0
	golang.org/x/sys v0.49.0
)

require (
	github.com/google/uuid v1.6.0 // indirect
	gonum.org/v1/gonum v0.17.0 // indirect
)

replace facegate => ../..
