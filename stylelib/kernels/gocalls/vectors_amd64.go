package gocalls

import "golang.org/x/sys/cpu"

// ofProcessor returns what this processor has, the fastest first.
func ofProcessor() (all []*vectors) {
	if cpu.X86.HasAVX512F && cpu.X86.HasAVX512VL && cpu.X86.HasAVX512DQ && cpu.X86.HasAVX512BW {
		all = append(all, &vectors{"AVX-512", 16, 8,
			[]product{{14, product14AVX512}, {8, product8AVX512}, {4, product4AVX512}, {2, product2AVX512}, {1, product1AVX512}},
			columnProductsAVX512, columnProducts64AVX512, transformDataAVX512, transformPositiveDataAVX512, transformFilterAVX512,
			transformResultAVX512, transformGatedResultAVX512, maxPoolAVX512, maxPoolGradientAVX512, positiveAVX512, gatedAVX512})
	}
	if cpu.X86.HasAVX2 && cpu.X86.HasFMA {
		all = append(all, &vectors{"AVX2", 8, 4,
			[]product{{6, product6AVX2}, {4, product4AVX2}, {2, product2AVX2}, {1, product1AVX2}},
			columnProductsAVX2, columnProducts64AVX2, transformDataAVX2, transformPositiveDataAVX2, transformFilterAVX2,
			transformResultAVX2, transformGatedResultAVX2, maxPoolAVX2, maxPoolGradientAVX2, positiveAVX2, gatedAVX2})
	}
	return all
}
