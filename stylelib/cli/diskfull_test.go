package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// onFullDisk runs a command with a full disk in the folder full, which holds an older picture, and lists what is left there.
const onFullDisk = `mkdir -p full && mount -t tmpfs -o size=60k none full && echo old | tee old >full/out.png
head -c 1000000 /dev/zero >full/fill 2>/dev/null
{ COMMAND; } && echo it ends well
cmp old full/out.png
rm -f full/fill
echo left: $(find full -type f | sed 's,runs/[0-9a-f]*/,runs/RUN/,' | sort)`

// On a full disk every command says so in one line, an older picture stays, and nothing half-written is left but the log; a run that is ended leaves its whole picture in its folder.
func TestFullDisk(t *testing.T) {
	dir, _ := workplace(t)
	alone := []string{"-rm", "sh", "-c"} // with file systems that no other process sees
	if exec.Command("unshare", append(alone, "mount -t tmpfs none /tmp")...).Run() != nil {
		t.Skip("skipped: no file system can be mounted here")
	}
	sweep := "set: {content: content.png, style: style.png, weights: offline, height: 32, epochs: 1}\nvary: {seed: [1]}\n"
	if err := os.WriteFile(filepath.Join(dir, "sweep.yaml"), []byte(sweep), 0o644); err != nil {
		t.Fatal(err)
	}
	const paint = "./stylize -content content.png -style style.png -weights offline -backend go -height 32 -epochs 4 -checkpoint-every 1 -quiet "
	for what, c := range map[string]struct{ command, want, left string }{
		"picture":    {paint + "-runs off -out full/out.png", "full/out.png: cannot be written: no space left on device", "full/out.png"},
		"log":        {paint + "-runs off -out out.png -log full/log.jsonl", "the picture of the last good epoch is in out.png", "full/log.jsonl full/out.png"},
		"database":   {paint + "-out out.png -runs full/runs", "can't be used: database or disk is full", "full/out.png full/runs/runs.sqlite"},
		"checkpoint": {"rm full/fill; " + paint + "-out out.png -runs full/runs", "save a checkpoint: ", "full/out.png full/runs/RUN/lock full/runs/RUN/picture.png full/runs/runs.sqlite"},
		"sheet":      {"./stylize sweep -backend go -quiet -out full/sheets sweep.yaml", "sheet.png: cannot be written: no space left on device", "full/out.png"},
	} {
		cmd := exec.Command("unshare", append(alone, strings.Replace(onFullDisk, "COMMAND", c.command, 1))...)
		cmd.Dir = dir
		output, err := cmd.CombinedOutput()
		said, left, _ := strings.Cut(string(output), "\n")
		if err != nil || !strings.HasPrefix(said, "stylize: ") || !strings.Contains(said, c.want) || left != "left: "+c.left+"\n" {
			t.Errorf("%s: %v: %s", what, err, output)
		}
	}
}
