package gocalls

const reluBlock = 1 << 14 // values that are computed together

// relu computes y = max(x, 0).
func (v *vectors) relu(x, y []float32) {
	share(divided(len(x), reluBlock), 0, func(b int, _ *worker) {
		first := b * reluBlock
		v.positive(&x[first], &y[first], min(reluBlock, len(x)-first))
	})
}

// reluGradient computes dx, which is dy where x is above 0, and else 0.
func (v *vectors) reluGradient(x, dy, dx []float32) {
	share(divided(len(x), reluBlock), 0, func(b int, _ *worker) {
		first := b * reluBlock
		v.gated(&x[first], &dy[first], &dx[first], min(reluBlock, len(x)-first))
	})
}
