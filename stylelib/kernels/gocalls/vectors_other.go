//go:build !amd64 && !arm64

package gocalls

func ofProcessor() []*vectors { return nil }
