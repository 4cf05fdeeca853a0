package clip

import (
	"context"
	"fmt"
	"os/exec"
	"strings"

	"stylebook/stylelib/internal/imagefile"
	"stylebook/stylelib/internal/oneline"
)

// process is an ffmpeg or ffprobe. A Ctrl-C in the terminal is not for it: it is ended by its pipes, or by its context.
type process struct {
	*exec.Cmd
	says *bounded
}

func command(ctx context.Context, name string, arguments ...string) process {
	p := process{exec.CommandContext(ctx, name, arguments...), &bounded{most: 4 << 10}}
	p.Stderr, p.SysProcAttr = p.says, apart()
	return p
}

// failure is an error of the process with what it says of it.
func (p process) failure(err error) error {
	if err == nil || p.complaint() == "" {
		return err
	}
	return fmt.Errorf("%s: %w: %s", p.Args[0], err, p.complaint())
}

// complaint is the first line of what the process says is wrong; the others follow from it.
func (p process) complaint() string {
	line, _, _ := strings.Cut(p.says.String(), "\n")
	return oneline.Short(strings.TrimSpace(line))
}

// bounded is the beginning of what is written to it.
type bounded struct {
	strings.Builder
	most int
}

func (b *bounded) Write(text []byte) (int, error) {
	b.Builder.Write(text[:min(len(text), b.most-b.Len())])
	return len(text), nil
}

// threads of each codec, at most.
const threads = "4"

// local are the options for a film to read: its name is that of a file and nothing else, it names no other file, and its pictures are
// no larger than ours may be. Playlists and scripts, which name files, are in none of these formats.
func local(path string) []string {
	return []string{"-protocol_whitelist", "file", "-format_whitelist", "mov,matroska,avi,mpegts,mpeg,flv,asf,ogg",
		"-max_pixels", fmt.Sprint(imagefile.MaxMade), "-i", "file:" + path}
}
