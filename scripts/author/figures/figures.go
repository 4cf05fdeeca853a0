package main

// overview: two pictures in, one out.
func overview(language int) string {
	d := newDrawing(language, 620, 150)
	d.thumbnail(80, 60, photograph)
	d.text(80, 120, blue, "content image", "内容图像")
	d.text(172, 66, ink, "+")
	d.thumbnail(264, 60, painting)
	d.text(264, 120, magenta, "style image", "风格图像")
	d.arrow(334, 60, 440, 60, ink, false)
	d.text(386, 48, ink, "style transfer", "风格迁移")
	d.thumbnail(520, 60, synthesized)
	d.text(520, 120, ink, "synthesized image", "合成图像")
	return d.finish()
}

// method: the three pictures run through one frozen network; losses compare layers, gradients run back to one picture.
func method(language int) string {
	const (
		images, layer1, layer2, layer3 = 90, 300, 480, 660
		content, middle, style         = 90, 240, 390
	)
	d := newDrawing(language, 800, 520)
	d.add(`<rect x="225" y="32" width="520" height="430" rx="12" fill="#f3f3f0" stroke="#bbbbbb"/>`)
	d.text(485, 24, ink, "pretrained network, its weights are frozen", "预训练网络，权重固定不变")
	for i, x := range []int{layer1, layer2, layer3} {
		d.text(x, 452, ink, []string{"layer 1", "layer 2", "layer 3"}[i], []string{"第 1 层", "第 2 层", "第 3 层"}[i])
	}

	d.thumbnail(images, content, photograph)
	d.text(images, content+52, blue, "content image", "内容图像")
	d.thumbnail(images, middle, synthesized)
	d.text(images, middle-44, ink, "synthesized image", "合成图像")
	d.thumbnail(images, style, painting)
	d.text(images, style+52, magenta, "style image", "风格图像")

	// forward: each picture as far as it is needed
	d.row(content, images, layer1, layer2)
	d.row(middle, images, layer1, layer2, layer3)
	d.row(style, images, layer1, layer2, layer3)

	// losses, with the gradient back to the row of the synthesized image
	compare := func(x, y, target int, color, symbol string) {
		way := 1
		if target < y {
			way = -1
		}
		d.arrow(x-12, target-way*36, x-12, y+way*16, color, false)
		d.arrow(x-12, middle+way*36, x-12, y-way*16, color, false)
		d.arrow(x+12, y-way*16, x+12, middle+way*36, color, true)
		d.loss(x, y, color, symbol)
	}
	compare(layer2, (content+middle)/2, content, blue, "C")
	compare(layer1, (middle+style)/2, style, magenta, "S")
	compare(layer3, (middle+style)/2, style, magenta, "S")
	d.arrow(images-12, middle+36, images-12, middle+60, green, false)
	d.arrow(images+12, middle+60, images+12, middle+36, green, true)
	d.loss(images, middle+75, green, "T")

	d.loss(40, 496, blue, "C")
	d.text(110, 501, blue, "content loss", "内容损失")
	d.loss(200, 496, magenta, "S")
	d.text(262, 501, magenta, "style loss", "风格损失")
	d.loss(345, 496, green, "T")
	d.text(440, 501, green, "total variation loss", "全变分损失")
	d.arrow(535, 496, 575, 496, ink, false)
	d.text(612, 501, ink, "forward", "前向传播")
	d.arrow(665, 496, 705, 496, ink, true)
	d.text(750, 501, ink, "backward", "反向传播")
	return d.finish()
}

// row draws one picture's way through the layers; the synthesized image's gradient comes back beneath it.
func (d *drawing) row(y, from int, layers ...int) {
	last := from + 52
	for i, x := range layers {
		size := 56 - 10*i
		d.arrow(last, y-8, x-size/2-10, y-8, ink, false)
		if len(layers) == 3 && y == 240 {
			d.arrow(x-size/2-10, y+10, last, y+10, ink, true)
		}
		d.maps(x, y, size, 2+i, "#dfe8ef")
		last = x + size/2 + 12
	}
}

// gram: feature maps, laid out as the rows of a matrix, and the products of all pairs of rows.
func gram(language int) string {
	d := newDrawing(language, 760, 230)
	colors := []string{"#7fb2d6", "#f2b45c", "#8cc08c"}
	for i := 2; i >= 0; i-- {
		left, top := 30+14*i, 64-14*i
		d.add(`<rect x="%d" y="%d" width="90" height="90" fill="%s" stroke="%s"/>`, left, top, colors[i], ink)
		for k := 1; k < 3; k++ {
			d.add(`<path d="M%d,%d h90 M%d,%d v90" stroke="%s" stroke-opacity=".35"/>`, left, top+30*k, left+30*k, top, ink)
		}
	}
	d.text(90, 188, ink, "c feature maps", "c 张特征图")
	d.text(90, 208, ink, "of h × w", "大小 h × w")
	d.arrow(160, 96, 205, 96, ink, false)
	for i, color := range colors {
		top := 60 + 26*i
		d.add(`<rect x="218" y="%d" width="216" height="22" fill="%s" stroke="%s"/>`, top, color, ink)
		for k := 1; k < 9; k++ {
			d.add(`<path d="M%d,%d v22" stroke="%s" stroke-opacity=".35"/>`, 218+24*k, top, ink)
		}
	}
	d.text(326, 188, ink, "X: a row for each channel,", "X：每行一个通道，")
	d.text(326, 208, ink, "a column for each place", "每列一个位置")
	d.arrow(446, 96, 545, 96, ink, false)
	d.text(494, 84, ink, "X Xᵀ / (c·h·w)")
	for i := range colors {
		for j := range colors {
			left, top := 562+34*j, 48+34*i
			d.add(`<path d="M%d,%d h32 l-32,32 z" fill="%s"/><path d="M%d,%d v32 h-32 z" fill="%s"/>`,
				left, top, colors[i], left+32, top, colors[j])
			d.add(`<rect x="%d" y="%d" width="32" height="32" fill="none" stroke="%s"/>`, left, top, ink)
		}
	}
	d.text(628, 188, ink, "Gram matrix:", "格拉姆矩阵：")
	d.text(628, 208, ink, "c × c pairs", "c × c 对通道")
	return d.finish()
}
