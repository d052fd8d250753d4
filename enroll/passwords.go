package enroll

import (
	"context"
	"crypto/subtle"
	_ "embed"
	"encoding/base64"
	"fmt"
	"runtime"
	"strings"
	"unicode/utf8"

	"facegate"

	"golang.org/x/crypto/argon2"
	"golang.org/x/sync/semaphore"
	"golang.org/x/text/unicode/norm"
)

// Parameters of argon2id (RFC 9106), as OWASP's Password Storage Cheat Sheet
// advises: 19 MiB, 2 passes, 1 lane.
const (
	argonMemory = 19 * 1024 // KiB
	argonPasses = 2
	argonLanes  = 1
	argonSalt   = 16 // bytes
	argonKey    = 32 // bytes
)

// Bounds of passwords, in characters (NIST SP 800-63B, 5.1.1.2): long ones are
// welcome, no kind of character is asked for.
const (
	minPassword = 8
	maxPassword = 256
)

// commonPasswords are those that are tried first, one a line, in lower case.
//
//go:embed common_passwords.txt
var commonPasswords string

// checkPassword fails with [facegate.CodeInvalid] for a password that is too
// short, or one of those that are tried first.
func checkPassword(account, password string) error {
	p := norm.NFKC.String(password)
	n := utf8.RuneCountInString(p)
	folded := strings.ToLower(p)
	first, _ := utf8.DecodeRuneInString(folded)
	switch {
	case !utf8.ValidString(password):
		return invalid("the password is not UTF-8", "choose another one")
	case n < minPassword:
		return invalid(fmt.Sprintf("the password has fewer than %d characters", minPassword), "choose a longer one: several words are easy to remember")
	case n > maxPassword:
		return invalid(fmt.Sprintf("the password has more than %d characters", maxPassword), "choose a shorter one")
	case strings.Trim(folded, string(first)) == "", // one character all over
		folded == strings.ToLower(account), strings.TrimRight(folded, "0123456789!.") == "facegate",
		strings.Contains("\n"+commonPasswords, "\n"+folded+"\n"):
		return invalid("the password is one of those that are tried first", "choose one that is not in everybody's list")
	}
	return nil
}

// A hasher hashes passwords, few at a time: each takes 19 MiB.
type hasher struct{ room *semaphore.Weighted }

func newHasher() hasher { return hasher{semaphore.NewWeighted(int64(max(1, runtime.NumCPU()/2)))} }

func (h hasher) derive(ctx context.Context, password string, salt []byte, memory, passes uint32, lanes uint8, size uint32) ([]byte, error) {
	if err := h.room.Acquire(ctx, 1); err != nil {
		return nil, err
	}
	defer h.room.Release(1)
	return argon2.IDKey([]byte(norm.NFKC.String(password)), salt, passes, memory, lanes, size), nil
}

// hash is a password in argon2's own text form.
func (h hasher) hash(ctx context.Context, password string) (string, error) {
	salt := randomBytes(argonSalt)
	key, err := h.derive(ctx, password, salt, argonMemory, argonPasses, argonLanes, argonKey)
	if err != nil {
		return "", fmt.Errorf("hash the password: %w", err)
	}
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonPasses, argonLanes,
		b64.EncodeToString(salt), b64.EncodeToString(key)), nil
}

// matches reports whether text is the hash of password.
func (h hasher) matches(ctx context.Context, password, text string) (bool, error) {
	var version int
	var memory, passes uint32
	var lanes uint8
	parts := strings.Split(text, "$")
	if len(parts) != 6 || parts[1] != "argon2id" {
		return false, facegate.NewError(facegate.CodeDatabase, "a stored password is damaged", "make a new link: facegate setup")
	}
	_, err := fmt.Sscanf(parts[2]+" "+parts[3], "v=%d m=%d,t=%d,p=%d", &version, &memory, &passes, &lanes)
	salt, saltErr := base64.RawStdEncoding.DecodeString(parts[4])
	want, wantErr := base64.RawStdEncoding.DecodeString(parts[5])
	if err != nil || saltErr != nil || wantErr != nil || version != argon2.Version || passes < 1 || lanes < 1 || memory > 1<<20 {
		return false, facegate.NewError(facegate.CodeDatabase, "a stored password is damaged", "make a new link: facegate setup")
	}
	got, err := h.derive(ctx, password, salt, memory, passes, lanes, uint32(len(want)))
	if err != nil {
		return false, fmt.Errorf("check the password: %w", err)
	}
	return subtle.ConstantTimeCompare(got, want) == 1, nil
}
