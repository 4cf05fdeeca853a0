// Package feedforward trains a network that paints any photograph in the style of one painting, in one pass, and paints with it: the
// other half of style transfer, where what is trained is a network instead of an image.
//
//	photograph ──► network ──► picture ──► VGG ──► content and style loss ──► the network's weights
//
// Network, trainer and optimizer are GoMLX's layers, trainer and Adam; the losses are the chapter's. After training, VGG is not needed
// any more:
//
//	network, err := feedforward.Load("night.safetensors")
//	painter, err := feedforward.NewPainter(e.Backend, network)
//	picture, err := painter.Paint(photograph)
package feedforward
