// Package transfer is style transfer as one uses it: pictures in, a picture out, with the chapter's training and what
// researchers ask for beyond it. It has a weight for each layer, several style images, masks, other starting points, losses
// and optimizers, coarse to fine, pictures larger than memory, and a state that is saved and continued to the last bit.
//
// [Open] reads the pictures and the network that a [Request] names, [Transfer.Train] trains, [Transfer.Picture] makes a
// picture of the result. What is trained, and how, is in one struct, [Options]; with [Default] it is the chapter, in pure Go to
// the last bit. A [Cache] keeps what many trainings have in common.
//
// A loss is a sum of terms, each a [Term]; a [Method] lowers it, comparing features of a [Network]. [Options.Add] adds one of your own.
// [Paint] is all of it in one call.
package transfer
