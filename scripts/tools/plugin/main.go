// Command plugin gets and tries XLA's PJRT plugins; scripts/setup calls it.
//
//	plugin cpu DIR     go-xla's own installer: a release for this machine, into DIR
//	plugin cuda DIR    the same for NVIDIA cards: the plugin of one version and NVIDIA's libraries
//	plugin try FILE    loads the plugin and opens its devices
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/gomlx/go-xla/installer"
)

// cudaVersion is that of the package jax-cuda13-pjrt. go-xla's installer checks what it downloads against the hashes that the
// package index tells.
const cudaVersion = "0.12.0.1"

// patience is how long a server may say nothing.
const patience = 10 * time.Second

// impatient ends a connection that has gone quiet: go-xla's installer waits forever.
type impatient struct{ net.Conn }

func (c impatient) Read(b []byte) (int, error) {
	if err := c.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return 0, err
	}
	return c.Conn.Read(b)
}

func main() {
	if len(os.Args) != 3 {
		fail(errors.New("usage: plugin cpu DIR | cuda DIR | try FILE"))
	}
	dialer := &net.Dialer{Timeout: patience}
	transport := http.DefaultTransport.(*http.Transport)
	transport.TLSHandshakeTimeout = patience
	transport.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := dialer.DialContext(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return impatient{conn}, nil
	}

	var err error
	switch what, path := os.Args[1], os.Args[2]; what {
	case "cpu":
		err = cpu(path)
	case "cuda":
		err = installer.CudaInstall("cuda13", cudaVersion, path, true, installer.Quiet)
	case "try":
		err = try(path)
	default:
		err = fmt.Errorf("plugin: unknown command %q", what)
	}
	if err != nil {
		fail(err)
	}
}

// cpu leaves the plugin in dir under the name without a version.
func cpu(dir string) error {
	if err := installer.CPUAutoInstall(dir, false, installer.Quiet); err != nil {
		return err
	}
	found, err := filepath.Glob(filepath.Join(dir, "pjrt_c_api_cpu_v*_plugin.so"))
	if err != nil {
		return err
	}
	if len(found) != 1 {
		return fmt.Errorf("go-xla's release holds %d plugins, not 1", len(found))
	}
	return os.Rename(found[0], filepath.Join(dir, "pjrt_c_api_cpu_plugin.so"))
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
