// Package tools pins what building and checking facegate needs beside the
// compiler: the linter, the test runner, and two small checks of our own. It is
// a module of its own so that none of it is a dependency of the product.
package tools
