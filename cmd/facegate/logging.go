package main

import (
	"io"
	"log/slog"
)

// newLogger logs to w from level on; format is text or json.
func newLogger(w io.Writer, level slog.Level, format string) *slog.Logger {
	options := &slog.HandlerOptions{Level: level}
	if format == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

// logLevel is the level that a setting names, or the fallback where it is empty.
func logLevel(name string, fallback slog.Level) slog.Level {
	var level slog.Level
	if err := level.UnmarshalText([]byte(name)); err != nil { // only for the empty name: kong checks the others
		return fallback
	}
	return level
}
