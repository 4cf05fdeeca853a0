//go:build cgo

package main

import (
	"fmt"

	"github.com/gomlx/go-xla/pjrt"
)

func try(path string) error {
	plugin, err := pjrt.GetPlugin(path)
	if err != nil {
		return err
	}
	client, err := plugin.NewClient(nil)
	if err != nil {
		return err
	}
	major, minor := plugin.Version()
	fmt.Printf("PJRT %d.%d, platform %s\n", major, minor, client.Platform())
	return client.Destroy()
}
