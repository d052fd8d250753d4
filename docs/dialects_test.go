package docs_test

import (
	"os"
	"testing"

	"facegate/internal/testfiles"
)

// The commands of docs/dialects.md are taken as they are written, as the tour is.
func TestDialects(t *testing.T) {
	if testing.Short() {
		t.Skip("the commands are run in the full run")
	}
	models, photos := testfiles.Models(t), testfiles.Photos(t, "people", "probes")
	environment := append(os.Environ(), "FACEGATE_DATA="+t.TempDir(), "FACEGATE_MODELS="+models, "FACEGATE_TESTDATA="+photos)
	binary := build(t)
	address := serve(t, binary, environment)
	for _, heading := range []string{"## DeepStack and CodeProject.AI", "## Facebox", "## Consent"} {
		t.Run(heading, func(t *testing.T) {
			steps := stepsOf(section(t, "docs/dialects.md", heading))
			if len(steps) == 0 {
				t.Fatal("it has no commands")
			}
			take(t, steps, binary, address, environment)
		})
	}
}
