// Package textstyle transfers the style of a sentence, for exercise 4 of the chapter: delete what marks the sentence's
// style, retrieve a sentence of the other style with similar content, put its markers into the gaps. Everything is
// counted from a few thousand sentences; there is no trained network.
//
// Most callers need four names: [Reviews] makes a corpus of positive and negative sentences, [NewTransfer] counts the
// markers, [Transfer.Apply] rewrites a sentence and returns every step, [Judge] measures a method with [NaiveBayes]
// as judge and [BLEU] against the input.
//
// The method is the one that its authors call TemplateBased, in J. Li, R. Jia, H. He, P. Liang, "Delete, Retrieve,
// Generate: A Simple Approach to Sentiment and Style Transfer", NAACL 2018, sections 3.1 to 3.3. The measures (style
// accuracy by a classifier, BLEU against the input) are those of Z. Hu et al., "Text Style Transfer: A Review and
// Experimental Evaluation", 2020.
package textstyle
