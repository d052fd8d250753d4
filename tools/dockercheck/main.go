// Command dockercheck checks a Dockerfile with the rules of `docker build
// --check`, and a compose file against the Compose specification, with Docker's
// own parsers and no Docker engine.
//
// It knows an empty image where a real build asks the registry, so it cannot
// tell whether a base image exists.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"
	"github.com/moby/buildkit/frontend/dockerui"
	digest "github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

func main() {
	dockerfile := flag.String("dockerfile", "Dockerfile", "the Dockerfile to check")
	compose := flag.String("compose", "docker-compose.yml", "the compose file to check")
	flag.Parse()
	ctx := context.Background()
	if err := errors.Join(checkDockerfile(ctx, *dockerfile), checkCompose(ctx, *compose)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func checkDockerfile(ctx context.Context, name string) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return fmt.Errorf("read the Dockerfile: %w", err)
	}
	for _, arch := range []string{"amd64", "arm64"} {
		platform := ocispecs.Platform{OS: "linux", Architecture: arch}
		results, err := dockerfile2llb.DockerfileLint(ctx, text, dockerfile2llb.ConvertOpt{
			Config:         dockerui.Config{BuildPlatforms: []ocispecs.Platform{platform}},
			SourceMap:      &llb.SourceMap{Definition: &llb.Definition{}, Filename: name, Language: "Dockerfile", Data: text},
			TargetPlatform: &platform,
			MetaResolver:   emptyImages{platform},
		})
		if err != nil {
			return fmt.Errorf("check %s: %w", name, err)
		}
		if results.Error != nil || len(results.Warnings) > 0 {
			if err := results.PrintTo(os.Stderr, nil); err != nil {
				return fmt.Errorf("check %s for %s: %w", name, arch, err)
			}
			return fmt.Errorf("check %s for %s: does not pass", name, arch)
		}
	}
	fmt.Printf("%s: passes the rules of docker build --check for amd64 and arm64\n", name)
	return nil
}

func checkCompose(ctx context.Context, name string) error {
	options, err := cli.NewProjectOptions([]string{name},
		cli.WithWorkingDirectory(filepath.Dir(name)), cli.WithName("facegate"), cli.WithInterpolation(true))
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	project, err := options.LoadProject(ctx)
	if err != nil {
		return fmt.Errorf("check %s: %w", name, err)
	}
	fmt.Printf("%s: valid, services %v, volumes %v\n", name, project.ServiceNames(), project.VolumeNames())
	return nil
}

// emptyImages answers for every base image with one that holds nothing.
type emptyImages struct{ platform ocispecs.Platform }

func (e emptyImages) ResolveImageConfig(_ context.Context, ref string, _ sourceresolver.Opt) (string, digest.Digest, []byte, error) {
	config, err := json.Marshal(ocispecs.Image{Platform: e.platform})
	return ref, digest.FromBytes(config), config, err
}
