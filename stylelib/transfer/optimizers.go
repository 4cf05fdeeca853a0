package transfer

import sl "stylebook/stylelib"

// optimizer returns what the options choose, for a training of so many epochs.
func (o Options) optimizer(epochs int) sl.Optimizer {
	learningRate := func(epoch int) float64 { return sl.LearningRate(o.Options, epoch) }
	switch o.Optimizer {
	case LBFGS:
		return lbfgs(o.History, learningRate)
	case Fast:
		return fast(o.LearningRate, epochs)
	}
	return sl.Adam(o.Adam, sl.AdamBeta1, sl.AdamBeta2, learningRate)
}
