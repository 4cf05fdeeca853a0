package transfer

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// squareRoot returns the symmetric root of a positive semidefinite matrix [n, n]. Eigenvalues below 0, which rounding
// makes, count as 0.
func squareRoot(values []float64, n int) ([]float64, error) {
	return spectral(values, n, func(v float64) float64 { return math.Sqrt(max(v, 0)) })
}

// eigen returns the eigenvectors of a covariance [n, n], as columns, and its eigenvalues, the least first.
func eigen(values []float64, n int) (vectors *mat.Dense, eigenvalues []float64, err error) {
	symmetric := mat.NewSymDense(n, nil)
	for i := range n {
		for j := i; j < n; j++ {
			symmetric.SetSym(i, j, (values[i*n+j]+values[j*n+i])/2)
		}
	}
	var found mat.EigenSym
	if !found.Factorize(symmetric, true) {
		return nil, nil, fmt.Errorf("the covariance of %d channels has no eigenvalues: does it hold values that are not numbers?", n)
	}
	vectors = new(mat.Dense)
	found.VectorsTo(vectors)
	return vectors, found.Values(nil), nil
}

// spectral applies f to the eigenvalues of a symmetric matrix.
func spectral(values []float64, n int, f func(float64) float64) ([]float64, error) {
	vectors, eigenvalues, err := eigen(values, n)
	if err != nil {
		return nil, err
	}
	var scaled, result mat.Dense
	scaled.CloneFrom(vectors)
	for j, v := range eigenvalues {
		for i := range n {
			scaled.Set(i, j, vectors.At(i, j)*f(v))
		}
	}
	result.Mul(&scaled, vectors.T())
	return result.RawMatrix().Data, nil
}
