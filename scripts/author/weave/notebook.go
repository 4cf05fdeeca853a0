package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"stylebook/stylelib/i18n"
)

// notebook is a Jupyter notebook, format 4.5. Fields are in the alphabetical order in which Jupyter writes them.
type notebook struct {
	Cells    []notebookCell `json:"cells"`
	Metadata map[string]any `json:"metadata"`
	Format   int            `json:"nbformat"`
	Minor    int            `json:"nbformat_minor"`
}

// notebookCell is a cell. Unlike a text cell, which has neither, a code cell has a count, null before it was executed, and a list of
// outputs, however empty.
type notebookCell struct {
	Type      string            `json:"cell_type"`
	Execution json.RawMessage   `json:"execution_count,omitempty"`
	ID        string            `json:"id"`
	Metadata  map[string]any    `json:"metadata"`
	Outputs   []json.RawMessage `json:"outputs,omitzero"`
	Source    []string          `json:"source"`
}

// render makes the notebook's file. Outputs of the old file are kept up to the first code cell that has changed.
func render(cells []cell, old []byte) ([]byte, error) {
	kept, err := oldCode(old)
	if err != nil {
		return nil, err
	}
	book := notebook{Format: 4, Minor: 5, Metadata: map[string]any{
		"kernelspec":    map[string]any{"display_name": "Go (stylebook)", "language": "go", "name": "stylebook"},
		"language_info": map[string]any{"file_extension": ".go", "mimetype": "text/x-go", "name": "go"},
	}}
	for i, c := range cells {
		nc := notebookCell{Type: "markdown", ID: fmt.Sprintf("cell-%02d", i+1), Metadata: map[string]any{},
			Source: strings.SplitAfter(c.source, "\n")}
		if c.code {
			if _, err := parsed(c.source); err != nil { // before anybody runs it
				return nil, fmt.Errorf("cell %d: %w", i+1, err)
			}
			nc.Type, nc.Execution, nc.Outputs = "code", json.RawMessage("null"), []json.RawMessage{}
			if len(kept) > 0 && bare(strings.Join(kept[0].Source, "")) == bare(c.source) {
				nc.Execution, nc.Outputs = kept[0].Execution, kept[0].Outputs
				kept = kept[1:]
			} else {
				kept = nil
			}
		}
		if len(c.tags) > 0 {
			nc.Metadata["tags"] = c.tags
		}
		book.Cells = append(book.Cells, nc)
	}
	return encoded(book)
}

// told returns a notebook file in which the checks, and what is played with, have spoken Chinese.
func told(file []byte) ([]byte, error) {
	var book notebook
	if err := json.Unmarshal(file, &book); err != nil {
		return nil, err
	}
	for _, c := range book.Cells {
		source := strings.Join(c.Source, "")
		for i, output := range c.Outputs {
			said, err := toldPage(output)
			if err == nil && said == nil && (strings.Contains(source, "checks.") || strings.Contains(source, "session.Knobs")) {
				said, err = toldStream(output)
			}
			if err != nil {
				return nil, err
			}
			if said != nil {
				c.Outputs[i] = said
			}
		}
	}
	return encoded(book)
}

// toldStream returns printed lines in Chinese; nil for an output of another kind.
func toldStream(output json.RawMessage) (json.RawMessage, error) {
	var stream struct {
		Name string   `json:"name"`
		Type string   `json:"output_type"`
		Text []string `json:"text"`
	}
	if err := json.Unmarshal(output, &stream); err != nil || stream.Type != "stream" {
		return nil, nil // a picture
	}
	for k, line := range stream.Text {
		said := strings.TrimSpace(line)
		stream.Text[k] = strings.Replace(line, said, i18n.Translate(said), 1)
	}
	return encoded(stream)
}

// shownWords are what a page that can be played with shows: strings of what its script is told, titles, and texts of its drawing.
// A picture among the strings has characters in it that are written as &#43;, and one that stands in the page already is empty.
var shownWords = regexp.MustCompile(`&#34;([^<>"\n]*?)&#34;|"(data:[^"]*|[^<>"&\n]*)"|>([^<>"&\n]+)<`)

// toldPage returns a page that can be played with in Chinese, and its script as it is; nil for an output of another kind.
func toldPage(output json.RawMessage) (json.RawMessage, error) {
	return changedPage(output, func(page, script string) string {
		return shownWords.ReplaceAllStringFunc(page, func(match string) string {
			said := strings.TrimSpace(strings.Join(shownWords.FindStringSubmatch(match)[1:], ""))
			if said == "" || strings.HasPrefix(said, "data:") {
				return match
			}
			return strings.Replace(match, said, i18n.Translate(said), 1)
		}) + script
	})
}

// renewed returns a notebook file whose pages that can be played with have the script of now, which is the one that may run.
func renewed(file []byte, script string) ([]byte, error) {
	var book notebook
	if err := json.Unmarshal(file, &book); err != nil {
		return nil, err
	}
	for _, c := range book.Cells {
		for i, output := range c.Outputs {
			now, err := changedPage(output, func(page, _ string) string { return page + "<script>" + script + "</script>\n" })
			if err != nil {
				return nil, err
			}
			if now != nil {
				c.Outputs[i] = now
			}
		}
	}
	return encoded(book)
}

// changedPage returns an output whose page, which can be played with, is another; nil for an output of another kind.
func changedPage(output json.RawMessage, change func(page, script string) string) (json.RawMessage, error) {
	var all, data map[string]json.RawMessage
	var lines []string
	if json.Unmarshal(output, &all) != nil || json.Unmarshal(all["data"], &data) != nil || json.Unmarshal(data["text/html"], &lines) != nil {
		return nil, nil
	}
	whole := strings.Join(lines, "")
	at := strings.Index(whole, "<script>")
	if at < 0 || !strings.Contains(whole[:at], "stylebook-play") {
		return nil, nil
	}
	page := strings.TrimSuffix(change(whole[:at], whole[at:]), "\n")
	var err error
	if data["text/html"], err = encoded(strings.SplitAfter(page, "\n")); err != nil {
		return nil, err
	}
	if all["data"], err = encoded(data); err != nil {
		return nil, err
	}
	return encoded(all)
}

// encoded is JSON as Jupyter writes it.
func encoded(value any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	err := encoder.Encode(value)
	return out.Bytes(), err
}

// oldCode returns the code cells of a notebook file, none if there is no file.
func oldCode(file []byte) ([]notebookCell, error) {
	if len(file) == 0 {
		return nil, nil
	}
	var book notebook
	if err := json.Unmarshal(file, &book); err != nil {
		return nil, err
	}
	var code []notebookCell
	for _, c := range book.Cells {
		if c.Type == "code" {
			code = append(code, c)
		}
	}
	return code, nil
}
