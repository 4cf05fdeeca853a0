package nbui

import "math"

// moments are those of a cloud of points of two channels: its mean, and its variances and covariance about the mean.
type moments struct{ x, y, xx, yy, xy float64 }

func momentsOf(points [][]float32) (m moments) {
	n := float64(len(points))
	for _, p := range points {
		m.x += float64(p[0]) / n
		m.y += float64(p[1]) / n
	}
	for _, p := range points {
		x, y := float64(p[0])-m.x, float64(p[1])-m.y
		m.xx += x * x / n
		m.yy += y * y / n
		m.xy += x * y / n
	}
	return m
}

// aboutOrigin are the second moments as a Gram matrix has them, without a mean that is subtracted.
func (m moments) aboutOrigin() moments {
	return moments{xx: m.xx + m.x*m.x, yy: m.yy + m.y*m.y, xy: m.xy + m.x*m.y}
}

// axes are the half axes of the ellipse at one and a half standard deviations, the longer first, and the longer one's angle.
func (m moments) axes() (first, second, angle float64) {
	middle, off := (m.xx+m.yy)/2, math.Hypot((m.xx-m.yy)/2, m.xy)
	return 1.5 * math.Sqrt(middle+off), 1.5 * math.Sqrt(max(0, middle-off)), math.Atan2(2*m.xy, m.xx-m.yy) / 2
}

// gram is the sum of the squared differences of two matrices of second moments about the origin.
func (m moments) gram(other moments) float64 {
	a, b := m.aboutOrigin(), other.aboutOrigin()
	return math.Pow(a.xx-b.xx, 2) + math.Pow(a.yy-b.yy, 2) + 2*math.Pow(a.xy-b.xy, 2)
}

// wasserstein is the squared distance of two normal distributions:
//
//	‖m-m'‖² + tr C + tr C' - 2·√(tr(CC') + 2·√(det C·det C'))
func (m moments) wasserstein(other moments) float64 {
	determinants := max(0, m.xx*m.yy-m.xy*m.xy) * max(0, other.xx*other.yy-other.xy*other.xy)
	product := m.xx*other.xx + m.yy*other.yy + 2*m.xy*other.xy
	means := math.Pow(m.x-other.x, 2) + math.Pow(m.y-other.y, 2)
	return max(0, means+m.xx+m.yy+other.xx+other.yy-2*math.Sqrt(product+2*math.Sqrt(determinants)))
}
