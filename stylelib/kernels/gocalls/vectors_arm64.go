package gocalls

// ofProcessor returns what every ARM processor of 64 bits has.
func ofProcessor() []*vectors {
	return []*vectors{{"NEON", 4, 8,
		[]product{{10, product10NEON}, {4, product4NEON}, {2, product2NEON}, {1, product1NEON}},
		columnProductsNEON, columnProducts64NEON, transformDataNEON, transformPositiveDataNEON, transformFilterNEON,
		transformResultNEON, transformGatedResultNEON, maxPoolNEON, maxPoolGradientNEON, positiveNEON, gatedNEON}}
}
