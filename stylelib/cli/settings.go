package cli

import (
	"errors"
	"flag"
	"fmt"
	"path/filepath"

	"stylebook/stylelib/internal/paths"
	"stylebook/stylelib/queue"
	"stylebook/stylelib/request"
	"stylebook/stylelib/transfer"
)

// settings are a request that the command serves, with what it comes to.
type settings struct {
	*request.Settings
	asked request.Request

	resume   string                   // the run that goes on; "" for a new one
	training bool                     // the run that goes on is a network's
	shared   bool                     // the run is one that sweeps share
	opened   func(*transfer.Transfer) // is told of what is ready to be trained; may be nil

	watch   *queue.Job // nil: no page watches
	uploads []string   // pictures that go to the run's folder
}

// runsOff is the folder of runs that keeps none.
const runsOff = "off"

const usage = `stylize paints one picture in the style of another.

  stylize -content PICTURE -style PICTURE -out PICTURE.png [options]
  stylize -content FOLDER -style PICTURE -out FOLDER [options]
  stylize -network NETWORK.safetensors -content PICTURE, FOLDER or FILM -out …

Pictures in: JPEG, PNG, HEIC, AVIF, WebP, TIFF, GIF, BMP. Out: PNG, TIFF or JPEG, by the name. Without a size the result keeps the shape of the
content picture at the area of 300 × 450 pixels. Layers are names or indices of the network's feature layers, comma separated,
with a weight if it is not 1: conv4_4 or 25 or conv4_4:0.5; conv4_last is the last convolution of block 4. Ctrl-C ends a run
and saves the picture so far.

A picture can be the address of one in the web, https://…, too: it is downloaded once, and kept in your cache folder. Free
paintings are in the open collections of the Rijksmuseum, The Met, the Art Institute of Chicago, the National Gallery of Art in
Washington and the Cleveland Museum of Art, and on Wikimedia Commons.

Of a folder of pictures, or of several, comma separated, each is painted, and the results and a contact sheet, sheet.png, go to
the folder -out. One that fails does not end the rest; the same command goes on where it was stopped.

Runs are kept, with their losses and, until they are finished, a checkpoint:

  stylize resume RUN         continue a run that was stopped; it ends with the same bits as if it had not been
  stylize runs               list them
  stylize show RUN           all about one
  stylize compare RUN RUN    in what two or more differ
  stylize sweep FILE         all combinations of options in a file: see stylize sweep -help
  stylize train-network      a network that paints any photograph like one painting, in a tenth of a second: see its -help
  stylize web                a page to start pictures from, to watch and to compare them

What is here to paint with, and what to do about what isn't; and what the program is made of:

  stylize doctor
  stylize version

`

// settings are those of a request.
func (c *command) settings(asked request.Request) (*settings, error) {
	resolved, err := asked.Settings(c.own...)
	if err != nil {
		return nil, err
	}
	kept, err := asked.Kept()
	return &settings{Settings: resolved, asked: kept}, err
}

// read reads a command line of options. Whatever is wrong is a *[usageError], help is [flag.ErrHelp].
func (c *command) read(flags *flag.FlagSet, wrong func() error, asked request.Request, args []string) (s *settings, err error) {
	err = parseStart(flags, args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return nil, err
	case err == nil && flags.NArg() > 0:
		err = fmt.Errorf("unexpected argument %q", flags.Arg(0))
	case err == nil:
		err = wrong()
	}
	if err == nil {
		s, err = c.settings(asked)
	}
	if err != nil {
		return nil, &usageError{err}
	}
	return s, nil
}

// absolutePath leaves addresses in the web as they are.
func absolutePath(path string) string {
	if paths.IsAddress(path) {
		return path
	}
	if absolute, err := filepath.Abs(path); err == nil && path != "" {
		return absolute
	}
	return path
}
