package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/alecthomas/kong"

	"facegate"
	"facegate/detector"
	"facegate/enroll"
	"facegate/web"
)

// commandLine is the whole of the command line: kong reads its tags. A flag is a
// setting, and so an environment variable and a key of the configuration file
// too, unless its tag says env:"-".
type commandLine struct {
	settings

	Serve      serveCommand      `cmd:"" help:"Serve the HTTP API and the console."`
	Enroll     enrollCommand     `cmd:"" help:"Enrol a person from photos, or add photos to one."`
	Import     importCommand     `cmd:"" help:"Enrol a folder of people: a subfolder with photos for each. Started again, it adds what is missing."`
	People     peopleCommand     `cmd:"" help:"List, show, rename or delete people."`
	Identify   identifyCommand   `cmd:"" help:"Tell who is in photos."`
	Watch      watchCommand      `cmd:"" help:"Print who is seen in a camera's stream, a video or a folder of pictures."`
	Verify     verifyCommand     `cmd:"" help:"Tell whether two photos, or a photo and a person, are the same."`
	Detect     detectCommand     `cmd:"" help:"Find the faces in photos."`
	Eval       evalCommand       `cmd:"" help:"Measure accuracy on a labelled folder (LFW's protocol)."`
	Audit      auditCommand      `cmd:"" help:"Show, export or verify the record of who asked what."`
	Backup     backupCommand     `cmd:"" help:"Copy the database to a file, also under a running server."`
	Restore    restoreCommand    `cmd:"" help:"Put a backup in the place of the database."`
	Check      checkCommand      `cmd:"" help:"Look whether the database is whole."`
	Keys       keysCommand       `cmd:"" help:"List, make or revoke keys of client programs."`
	Rekey      rekeyCommand      `cmd:"" help:"Encrypt with another key what is encrypted."`
	Accounts   accountsCommand   `cmd:"" help:"List or delete the accounts of those who sign in to the console."`
	Setup      setupCommand      `cmd:"" help:"Print a one-time link that makes an account for the console, or gives one a new password."`
	Calibrate  calibrateCommand  `cmd:"" help:"Measure how often decisions by distance are wrong, and choose thresholds by it."`
	Doctor     doctorCommand     `cmd:"" help:"Find mislabelled photos, and people who were enrolled twice."`
	Lookalikes lookalikesCommand `cmd:"" help:"List the people who look most like each other."`
	Reembed    reembedCommand    `cmd:"" help:"Move the gallery to another recipe, from the stored crops or photos."`
	Models     modelsCommand     `cmd:"" help:"Check or download the model files."`
	Health     healthCommand     `cmd:"" help:"Tell whether the server on this machine is ready."`
	Version    versionCommand    `cmd:"" help:"Print the version."`
}

// settings are those of every command.
type settings struct {
	Config    string `help:"Configuration file (YAML) with a key for each setting, named like its flag. Where it is not given, ./facegate.yaml is read if there is one." placeholder:"FILE"`
	Data      string `help:"Folder of the database (${default})." default:"./data" placeholder:"DIR"`
	ModelDir  string `name:"models" help:"Folder looked through first for model files; then ./models, ../shared/models and the user's data folder." placeholder:"DIR"`
	Key       string `help:"Key that faces in the database are encrypted with: 32 bytes in hexadecimal or base64. Give it in the environment or a file: other users of the machine see command lines." placeholder:"KEY"`
	KeyFile   string `help:"File with that key." placeholder:"FILE"`
	LogLevel  string `help:"Least important level to log: debug, info, warn or error (info for serve, else warn)." enum:",debug,info,warn,error" default:"" placeholder:"LEVEL"`
	LogFormat string `help:"Format of the log on standard error: text or json (${default})." enum:"text,json" default:"text" placeholder:"FORMAT"`
	JSON      bool   `name:"json" help:"Print the API's own objects as JSON, one a line."`
}

// analysisSettings are those of every command that looks at photos.
type analysisSettings struct {
	Workers       count            `help:"Faces to work on at a time, each with its own models in memory; 0: one per core (${default})." default:"0" placeholder:"N" group:"Photos:"`
	Queue         count            `help:"Photos that may wait for a worker before more are refused as busy (${default})." default:"64" placeholder:"N" group:"Photos:"`
	DetectSize    size             `help:"Longer side, in pixels, of the picture in which faces are searched: larger finds smaller faces, and is slower (${default})." default:"640" placeholder:"PX" group:"Photos:"`
	Profile       detector.Profile `help:"How embeddings are made: fast, or accurate, which takes twice as long. A gallery has one: facegate reembed moves it to another (${default})." enum:"fast,accurate" default:"fast" placeholder:"NAME" group:"Photos:"`
	MaxPhotoBytes size             `help:"Largest photo file, in bytes (${default})." default:"${max_photo_bytes}" placeholder:"BYTES" group:"Photos:"`
	MaxPixels     size             `help:"Most pixels of a photo (${default})." default:"${max_pixels}" placeholder:"PX" group:"Photos:"`
	MaxSide       size             `help:"Longest side of a photo, in pixels (${default})." default:"${max_side}" placeholder:"PX" group:"Photos:"`
}

// policySettings are those of every command that decides.
type policySettings struct {
	Policy facegate.Policy `help:"How careful decisions are: strict, normal or lenient; without it, what was last set over the API or by facegate calibrate, at first normal." enum:",strict,normal,lenient" default:"" placeholder:"NAME" group:"Decisions:"`
}

// verifySettings are those of every command that compares two faces.
type verifySettings struct {
	VerifyThreshold threshold `help:"Largest distance at which two faces are one person; 0: what the policy makes of it (${default})." default:"0" placeholder:"DISTANCE" group:"Decisions:"`
}

// identifySettings are those of every command that searches the gallery.
type identifySettings struct {
	IdentifyThreshold threshold `help:"Largest distance at which a face is a person of the gallery; 0: what the policy makes of it (${default})." default:"0" placeholder:"DISTANCE" group:"Decisions:"`
	Margin            margin    `help:"Two people whose distances differ by less make an answer ambiguous (${default})." default:"${margin}" placeholder:"DISTANCE" group:"Decisions:"`
}

// enrolSettings are those of every command that enrols.
type enrolSettings struct {
	MinQuality     share `help:"Least quality, 0..1, of a face that is enrolled (${default})." default:"${min_quality}" placeholder:"QUALITY" group:"Enrolment:"`
	RequireConsent bool  `help:"Refuse to enrol anybody whose consent is not recorded." group:"Enrolment:"`
	KeepPhotos     bool  `help:"Keep the photos people are enrolled from, without their metadata; else only embeddings and crops of the faces are kept." group:"Enrolment:"`
}

// newParser makes kong's parser of cli. exit is called, once the help is
// printed, instead of ending the program.
func newParser(cli *commandLine, p *program, exit func(int)) (*kong.Kong, error) {
	return kong.New(cli,
		kong.Name("facegate"),
		kong.Description(description),
		defaults(),
		kong.DefaultEnvars("FACEGATE"),
		kong.Writers(p.Stdout, p.Stderr),
		kong.Exit(exit),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 110}),
	)
}

const description = `A face recognition gateway: photos in, names out.

Every setting is a flag, an environment variable (FACEGATE_DATA for --data) and a key of the configuration file (data), in this order of precedence.

Exit codes: 0 all good; 1 failed; 2 wrong usage; 3 the answer is no (no match, a face nobody matches, no face); 4 photos were refused (the others were worked on); 5 model files are missing or damaged.`

// defaults are the rooms' own, for the tags of the settings.
func defaults() kong.Vars {
	return kong.Vars{
		"margin":          fmt.Sprint(facegate.DefaultMargin),
		"min_quality":     fmt.Sprint(enroll.DefaultMinQuality),
		"max_photo_bytes": fmt.Sprint(detector.DefaultLimits.Bytes),
		"max_pixels":      fmt.Sprint(detector.DefaultLimits.Pixels),
		"max_side":        fmt.Sprint(detector.DefaultLimits.Side),

		"dialects":          strings.Join(web.Dialects(), ", "),
		"standard_dialects": strings.Join(web.StandardDialects(), ","),
	}
}

// Numbers of settings, with the range they must lie in. Kong calls Validate.
type (
	threshold float64 // a distance above 0, up to 2; 0: none is given
	margin    float64 // a distance from 0 to 2
	share     float64 // from 0 to 1
	count     int     // 0 or more
	size      int64   // 1 or more
)

func (v threshold) Validate() error { return check(v >= 0 && v <= 2, v, "above 0, up to 2") }
func (v margin) Validate() error    { return check(v >= 0 && v <= 2, v, "from 0 to 2") }
func (v share) Validate() error     { return check(v >= 0 && v <= 1, v, "from 0 to 1") }
func (v count) Validate() error     { return check(v >= 0 && v <= 1e6, v, "from 0 to 1000000") }
func (v size) Validate() error      { return check(v >= 1, v, "1 or more") }

func check(ok bool, value any, want string) error {
	if !ok {
		return fmt.Errorf("must be %s, not %v", want, value)
	}
	return nil
}

// defaultConfigFile is read, where there is one, unless another is named.
const defaultConfigFile = "facegate.yaml"

// BeforeResolve reads the configuration file: kong is about to look for the
// values of flags that the command line does not set.
func (*commandLine) BeforeResolve(ctx *kong.Context) error {
	name := ""
	for _, flag := range ctx.Model.Flags {
		if flag.Name == "config" {
			name = ctx.FlagValue(flag).(string)
		}
	}
	named := name != ""
	if !named {
		name = defaultConfigFile
	}
	content, err := os.ReadFile(name)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !named:
		return nil
	case err != nil:
		return fmt.Errorf("read the configuration: %w", err)
	}
	resolver, err := newFileResolver(ctx.Model, content)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	ctx.AddResolver(resolver)
	return nil
}

// AfterApply checks the values that come from the environment: kong validates
// only what comes from the command line and the file.
func (*commandLine) AfterApply(ctx *kong.Context) error {
	for _, flag := range ctx.Flags() {
		if v, ok := flag.Target.Interface().(interface{ Validate() error }); ok {
			if err := v.Validate(); err != nil {
				return fmt.Errorf("--%s: %w", flag.Name, err)
			}
		}
	}
	return nil
}

// isSetting reports whether a flag may come from the environment or the file.
func isSetting(flag *kong.Flag) bool { return len(flag.Envs) > 0 && flag.Name != "config" }

// envHas reports whether the environment sets a flag.
func envHas(flag *kong.Flag) bool {
	for _, name := range flag.Envs {
		if _, ok := os.LookupEnv(name); ok {
			return true
		}
	}
	return false
}
