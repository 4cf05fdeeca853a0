//go:build !cgo

package main

import "errors"

func try(string) error {
	return errors.New("a plugin can only be loaded by a program built with a C compiler")
}
