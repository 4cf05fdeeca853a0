package cli

import (
	"context"
	"crypto/sha256"
	"fmt"
	"image"
	"os"

	sl "stylebook/stylelib"
	"stylebook/stylelib/engine"
	"stylebook/stylelib/feedforward"
	"stylebook/stylelib/queue"
	"stylebook/stylelib/web"
)

// networkOfExample are the networks that come along, by the page's example whose painting is theirs, smaller.
var networkOfExample = map[string]string{"astronaut": "valley", "cat": "shore"}

// networkLike returns a network that comes along and paints like the one painting of these files; nil where there is none.
func networkLike(paintings []string) *feedforward.Network {
	if len(paintings) != 1 {
		return nil
	}
	file, err := os.ReadFile(paintings[0])
	if err != nil {
		return nil // which a training tells
	}
	sum := sha256.Sum256(file)
	for example, name := range networkOfExample {
		network, err := loadNetwork(name)
		if err == nil && (network.About["style sha256"] == fmt.Sprintf("%x", sum) || sum == sha256.Sum256(web.ExamplePainting(example))) {
			return network
		}
	}
	return nil
}

// atOnce makes a preview by a network, in one pass.
func (c *command) atOnce(e *engine.Engine, s *settings, network *feedforward.Network) queue.Paint {
	return func(ctx context.Context, job *queue.Job) error {
		painter, err := feedforward.NewPainter(e.Backend, network)
		if err != nil {
			return err
		}
		defer painter.Finalize()
		picture, _, err := s.ReadPicture(ctx, s.Content)
		if err != nil {
			return err
		}
		height, width, err := s.Request.Size(picture.Bounds().Dy(), picture.Bounds().Dx())
		if err != nil {
			return err
		}
		job.Say(fmt.Sprintf("by a network that has learned this painting%s", network.Says()))
		job.Begin("", height, width, 1, nil)
		painted, err := s.paintWith(painter, picture, height, width)
		if err != nil {
			return err
		}
		return job.Epoch(sl.Record{Epoch: 1}, 0, func() (image.Image, error) { return painted, nil })
	}
}
