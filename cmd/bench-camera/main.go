// Command bench-camera measures cameras on the test video and prints one table:
// the whole chain from the file to sightings at two sizes on one core, where its
// time goes, how long a face waits for its name, several streams on two cores, and
// the naive way, go-face on every picture, in the same run. `make bench-camera`
// runs it.
//
// Rates are by processor time, of all threads: a machine that is busy with other
// things disturbs those little. On an idle core they are what a clock shows.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"time"

	"facegate/detector"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench-camera:", err)
		os.Exit(1)
	}
}

// A task is what the program, started by itself on so many cores, is to measure.
type task struct {
	Kind    string // chain, naive or streams
	Models  string
	Photos  string
	Video   string
	FPS     float64 // looks a second
	Streams int
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("bench-camera", flag.ContinueOnError)
	models := flags.String("models", os.Getenv("FACEGATE_MODELS"), "folder of the model files; then ./models, ../shared/models and the user's data folder")
	photos := flags.String("photos", "../shared/testdata", "folder of the test photos")
	work := flags.String("task", "", "do this task, in JSON, and print its result: the program starts itself so")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *work != "" {
		var t task
		if err := json.Unmarshal([]byte(*work), &t); err != nil {
			return err
		}
		return t.do(ctx)
	}
	b := &bench{ctx: ctx, models: *models, photos: *photos}
	found, err := detector.FindModels(detector.ModelDirs(*models))
	if err != nil {
		return err
	}
	b.found = found
	if b.dir, err = os.MkdirTemp("", "facegate-bench"); err != nil {
		return err
	}
	defer os.RemoveAll(b.dir)
	return b.all()
}

// A bench is one run.
type bench struct {
	ctx            context.Context
	models, photos string
	found          *detector.Models
	dir            string // for videos made on the way
	rows           [][4]string
}

// say adds a row: what, how much, against what, and the aim.
func (b *bench) say(what, value, against, aim string) {
	b.rows = append(b.rows, [4]string{what, value, against, aim})
}

func (b *bench) all() error {
	clip := filepath.Join(b.photos, "video", "short_hamilton_clip.mp4")
	large, slow := filepath.Join(b.dir, "1080p.mp4"), filepath.Join(b.dir, "1080p-10.mp4")
	fmt.Fprintln(os.Stderr, "making a version of 1920x1080")
	for file, rate := range map[string]string{large: "30000/1001", slow: "10"} {
		if err := b.ffmpeg("-i", clip, "-an", "-vf", "scale=1920:1080:flags=lanczos", "-r", rate, "-c:v", "libx264", "-preset", "veryfast", "-crf", "21", "-g", "30", file); err != nil {
			return err
		}
	}
	for _, size := range []struct {
		name, video string
		aim         string
	}{{"360p", clip, ""}, {"1080p", large, "30 times"}} {
		fmt.Fprintln(os.Stderr, "measuring:", size.name)
		if err := b.size(size.name, size.video, size.aim); err != nil {
			return err
		}
	}
	fmt.Fprintln(os.Stderr, "measuring: streams")
	if err := b.streams(slow); err != nil {
		return err
	}
	return b.print()
}

// size compares the chain with the naive way, on one core.
func (b *bench) size(name, video, aim string) error {
	var chain, every chainResult
	if err := b.start(1, task{Kind: "chain", Video: video, FPS: 10}, &chain); err != nil {
		return err
	}
	if err := b.start(1, task{Kind: "chain", Video: video, FPS: 60}, &every); err != nil {
		return err
	}
	var naive naiveResult
	if err := b.start(1, task{Kind: "naive", Video: video}, &naive); err != nil {
		return err
	}
	rate, naiveRate := chain.rate(), float64(naive.Pictures)/naive.CPU.Seconds()
	b.say(name+": pictures a second, one core", fmt.Sprintf("%.0f", rate), fmt.Sprintf("go-face on every picture: %.1f (%d pictures)", naiveRate, naive.Pictures), "")
	b.say(name+": times the naive rate", fmt.Sprintf("%.0f", rate/naiveRate), "", aim)
	b.say(name+": the same, every picture searched", fmt.Sprintf("%.0f", every.rate()/naiveRate), fmt.Sprintf("%.0f pictures a second", every.rate()), "")
	b.say(name+": where the time goes", chain.shares(), fmt.Sprintf("%.1f ms a picture", 1000/rate), "")
	b.say(name+": embeddings", fmt.Sprintf("%d for %d pictures", chain.Embeddings, chain.Frames), fmt.Sprintf("%.1f a track (%d tracks)", float64(chain.Embeddings)/float64(chain.Tracks), chain.Tracks), "")
	for _, seen := range chain.Seen {
		visible, ok := every.firstSeen(seen.Name)
		if !ok {
			continue
		}
		b.say(name+": from first visible to named", fmt.Sprintf("%.2f s", seen.Named-visible), seen.Name+fmt.Sprintf(", distance %.2f", seen.Distance), "0.5 s")
	}
	if len(chain.Wrong) > 0 {
		b.say(name+": names of people who are not there", strings.Join(chain.Wrong, ", "), "", "none")
	}
	return nil
}

// streams looks at several files at their own pace.
func (b *bench) streams(video string) error {
	const n = 4
	var r streamsResult
	if err := b.start(2, task{Kind: "streams", Video: video, FPS: 10, Streams: n}, &r); err != nil {
		return err
	}
	b.say(fmt.Sprintf("%d streams of 1080p at 10 pictures a second, two cores", n), fmt.Sprintf("%.0f%% of two cores", 100*r.CPU.Seconds()/r.Wall.Seconds()/2),
		fmt.Sprintf("%d of %d pictures dropped, %.1f a second searched in each stream", r.Dropped, r.Frames, float64(r.Analysed)/n/r.Wall.Seconds()), "none dropped")
	seconds := float64(r.Frames) / 10 // of video, all streams together
	b.say("such streams that two cores have time for", fmt.Sprintf("%.0f", 2*seconds/r.FastCPU.Seconds()),
		fmt.Sprintf("%.1f s of processor time for %.0f s of video", r.FastCPU.Seconds(), seconds), "at least 4")
	return nil
}

// start runs the program itself on so many cores.
func (b *bench) start(cores int, t task, result any) error {
	t.Models, t.Photos = b.models, b.photos
	work, err := json.Marshal(t)
	if err != nil {
		return err
	}
	program, err := os.Executable()
	if err != nil {
		return err
	}
	on := "0"
	if cores > 1 {
		on = fmt.Sprintf("0-%d", cores-1)
	}
	cmd := exec.CommandContext(b.ctx, "taskset", "-c", on, program, "-task", string(work))
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("%s: %w", t.Kind, err)
	}
	return json.Unmarshal(out, result)
}

func (b *bench) ffmpeg(args ...string) error {
	out, err := exec.CommandContext(b.ctx, "ffmpeg", append([]string{"-v", "error", "-y"}, args...)...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("ffmpeg: %w: %s", err, out)
	}
	return nil
}

func (b *bench) print() error {
	widths := [4]int{}
	rows := append([][4]string{{"measured", "facegate", "beside it", "aim"}, {}}, b.rows...)
	for _, r := range rows {
		for i, cell := range r {
			widths[i] = max(widths[i], len([]rune(cell)))
		}
	}
	for i := range rows[1] {
		rows[1][i] = strings.Repeat("-", widths[i])
	}
	for _, r := range rows {
		line := "|"
		for i, cell := range r {
			line += " " + cell + strings.Repeat(" ", widths[i]-len([]rune(cell))) + " |"
		}
		if _, err := fmt.Println(line); err != nil {
			return err
		}
	}
	return nil
}

// A seen is a person in the chain's result. Times are seconds of the video.
type seen struct {
	Name     string
	First    float64 // seen
	Named    float64
	Distance float64
}

// A chainResult is what one look at a video gave.
type chainResult struct {
	Frames, Tracks, Embeddings uint64
	CPU, Wall                  time.Duration
	Stages                     map[string]time.Duration
	Seen                       []seen
	Wrong                      []string // names of people who are not in the video
}

func (r chainResult) rate() float64 { return float64(r.Frames) / r.CPU.Seconds() }

func (r chainResult) firstSeen(name string) (float64, bool) {
	for _, s := range r.Seen {
		if s.Name == name {
			return s.First, true
		}
	}
	return 0, false
}

func (r chainResult) shares() string {
	var total time.Duration
	for _, d := range r.Stages {
		total += d
	}
	var parts []string
	for _, name := range []string{"decode", "convert", "glance", "detect", "embed", "search"} {
		parts = append(parts, fmt.Sprintf("%s %.0f%%", name, 100*r.Stages[name].Seconds()/total.Seconds()))
	}
	return strings.Join(parts, ", ")
}

type naiveResult struct {
	Pictures int
	CPU      time.Duration
}

type streamsResult struct {
	Frames, Analysed  uint64
	Dropped           uint64
	CPU, Wall         time.Duration
	FastCPU, FastWall time.Duration
}
