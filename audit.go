package facegate

import "context"

// An Actor is who asks for a change, for the audit.
type Actor struct {
	Name      string // a key's or user's name, or "cli"; empty: not known
	RequestID string // of the HTTP request; empty elsewhere
}

type actorKey struct{}

// WithActor is ctx carrying who acts.
func WithActor(ctx context.Context, a Actor) context.Context {
	return context.WithValue(ctx, actorKey{}, a)
}

// ActorFrom is who acts, as ctx carries it; the zero Actor when it does not.
func ActorFrom(ctx context.Context) Actor {
	a, _ := ctx.Value(actorKey{}).(Actor)
	return a
}
