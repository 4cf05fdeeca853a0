// Package stylelib is neural style transfer after Gatys, Ecker and Bethge (2016), in the order of the book chapter that
// stylebook follows: read images, preprocess, extract features with VGG-19 or a network of its family, content, style and total
// variation loss, the synthesized image, training. README.md beside this file is for those who carry on.
//
// Most callers need six names: [ReadImage], [Preprocess], [NewExtractor], [Train], [Postprocess] and [WriteImage]; what
// they do is set by one struct, [Options], whose [Default] is the chapter's PyTorch variant.
//
// Functions on *graph.Node build computation graphs and panic on wrong shapes, as GoMLX's do; everything else returns
// errors. Maps and pictures in graphs and tensors are float32 of shape [1, height, width, channels], channels in the
// order red, green, blue (the chapter has channels first). The package knows no engine: open one with stylelib/engine,
// get weights with stylelib/weights.
package stylelib
