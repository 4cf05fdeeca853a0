package textstyle

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
)

// grammar maps a symbol to the texts that it may stand for, in which other symbols stand in angle brackets.
type grammar map[string][]string

var symbol = regexp.MustCompile(`<([a-z]+[+-]?)>`)

// styled makes the symbols of a text those of a sentence's style.
var styled = map[string]*strings.Replacer{
	Positive: strings.NewReplacer("*>", "+>", "!>", "->"),
	Negative: strings.NewReplacer("*>", "->", "!>", "+>"),
}

// parseGrammar reads lines of the form
//
//	name: one text | another with a <name> in it
//
// A name that ends in + or - belongs to a style. <name*> stands for the one of the sentence's style, <name!> for the one
// of the other style. Lines that start with # and empty lines are left out.
func parseGrammar(text string) (grammar, error) {
	g := grammar{}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		name, texts, ok := strings.Cut(line, ":")
		if !ok {
			return nil, fmt.Errorf("grammar: %q has no colon", line)
		}
		for text := range strings.SplitSeq(texts, "|") {
			g[name] = append(g[name], strings.TrimSpace(text))
		}
	}
	return g, g.check()
}

// check reports a symbol that has no texts.
func (g grammar) check() error {
	for name, texts := range g {
		for _, text := range texts {
			for _, style := range styled {
				for _, match := range symbol.FindAllStringSubmatch(style.Replace(text), -1) {
					if len(g[match[1]]) == 0 {
						return fmt.Errorf("grammar: %s uses %s, which is not defined", name, match[1])
					}
				}
			}
		}
	}
	if len(g["sentence"]) == 0 {
		return fmt.Errorf("grammar: it does not define sentence")
	}
	return nil
}

// maxDepth bounds how deep symbols may stand in each other, so that a grammar that contains itself comes to an end.
const maxDepth = 20

// sentence makes a sentence of a style.
func (g grammar) sentence(style string, random *rand.PCG) (string, error) {
	text, err := g.expand("sentence", style, random, 0)
	return articles(text), err
}

func (g grammar) expand(name, style string, random *rand.PCG, depth int) (text string, err error) {
	if depth > maxDepth {
		return "", fmt.Errorf("grammar: symbols stand in each other more than %d deep", maxDepth)
	}
	texts := g[name]
	// a remainder rather than rand.IntN, whose method may change: the corpus must stay the same
	text = styled[style].Replace(texts[random.Uint64()%uint64(len(texts))])
	text = symbol.ReplaceAllStringFunc(text, func(match string) string {
		part, failed := g.expand(strings.Trim(match, "<>"), style, random, depth+1)
		if failed != nil {
			err = failed
		}
		return part
	})
	return text, err
}

// articles writes an for a before a vowel.
func articles(text string) string {
	words := strings.Fields(text)
	for i := 0; i+1 < len(words); i++ {
		if words[i] == "a" && strings.ContainsRune("aeiou", rune(words[i+1][0])) {
			words[i] = "an"
		}
	}
	return strings.Join(words, " ")
}
