// Package synth is the chapter's training with what researchers ask for beyond it: a weight for each layer, several style
// images, masks, other starting points, losses and optimizers, coarse to fine, pictures larger than memory, and a state
// that is saved and continued to the last bit.
//
// [Train] is [sl.Train] with more options; with [Default] it computes the same bits. Everything else here serves it.
package synth
