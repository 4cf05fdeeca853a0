"""The chapter's MXNet tab in NumPy. MXNet is retired and is not run: its rules are written out here, each with its source.
Forward and backward passes are our own, without automatic differentiation."""
import math

import numpy as np
from PIL import Image
from safetensors.numpy import load_file

import chapter as ch

LEARNING_RATE = 0.9
F = np.float32  # MXNet's default type


# ---- pictures: mx.image.imresize(picture, width, height) is cv::resize with INTER_LINEAR
# (MXNet: python/mxnet/image/image.py and src/io/image_io.cc; OpenCV: modules/imgproc/src/resize.cpp, HResizeLinear and
# VResizeLinear). mx.image.imread decodes with libjpeg, as Pillow does.
def neighbours(old, new):
    """For each new pixel: the left neighbour, the right one, and both weights in units of 1/2048."""
    place = np.float32((np.arange(new) + 0.5) * (old / new) - 0.5)
    low = np.floor(place).astype(int)
    t = np.where((low < 0) | (low >= old - 1), F(0), place - low.astype(F))
    low = low.clip(0, old - 1)
    # rounded half to even, as cvRound does
    return low, (low + 1).clip(max=old - 1), np.rint((F(1) - t) * 2048).astype(int), np.rint(t * 2048).astype(int)


def resize(picture, width, height):
    """Two taps per axis whatever the scale, in fixed-point numbers. uint8 [h, w, 3]; width comes first, as in MXNet."""
    p = picture.astype(int)
    low, high, a, b = neighbours(p.shape[1], width)
    rows = p[:, low] * a[None, :, None] + p[:, high] * b[None, :, None]
    low, high, a, b = neighbours(p.shape[0], height)
    top, bottom = rows[low] >> 4, rows[high] >> 4
    sums = (a[:, None, None] * top >> 16) + (b[:, None, None] * bottom >> 16)
    return ((sums + 2) >> 2).clip(0, 255).astype(np.uint8)


def normalize(picture):
    x = (picture.astype(F) / F(255) - np.array(ch.RGB_MEAN, F)) / np.array(ch.RGB_STD, F)
    return np.ascontiguousarray(x.transpose(2, 0, 1))


# ---- layers; maps have shape [channels, height, width]
def windows(x):
    """The nine neighbours of each pixel, zeros beyond the border: [height·width, channels·9]."""
    c, h, w = x.shape
    view = np.lib.stride_tricks.sliding_window_view(np.pad(x, ((0, 0), (1, 1), (1, 1))), (3, 3), axis=(1, 2))
    return view.transpose(1, 2, 0, 3, 4).reshape(h * w, c * 9)


def conv(x, weight, bias):
    out = windows(x) @ weight.reshape(len(weight), -1).T + bias
    return np.ascontiguousarray(out.T.reshape(len(weight), *x.shape[1:]))


def conv_backward(dy, weight):
    """The gradient of a correlation is a correlation with the turned filter, its channels exchanged."""
    turned = weight.transpose(1, 0, 2, 3)[:, :, ::-1, ::-1]
    return conv(dy, np.ascontiguousarray(turned), np.zeros(len(turned), dy.dtype))


def pool(x):
    """2 × 2 maximum; an odd last row or column is dropped. Also returns which of the four was first to be the largest:
    it alone gets the gradient (mshadow's unpool_max_2d_cpu in src/operator/nn/pool.h)."""
    c, h, w = x.shape[0], x.shape[1] // 2, x.shape[2] // 2
    squares = x[:, :2 * h, :2 * w].reshape(c, h, 2, w, 2).transpose(0, 1, 3, 2, 4).reshape(c, h, w, 4)
    return squares.max(-1), squares.argmax(-1)


def pool_backward(dy, which, shape):
    c, h, w = dy.shape
    squares = np.where(np.arange(4) == which[..., None], dy[..., None], dy.dtype.type(0))
    dx = np.zeros(shape, dy.dtype)
    dx[:, :2 * h, :2 * w] = squares.reshape(c, h, w, 2, 2).transpose(0, 1, 3, 2, 4).reshape(c, 2 * h, 2 * w)
    return dx


class Network:
    """gluon.model_zoo.vision.vgg19's features: convolution and Activation('relu') are blocks of their own, and the ReLU
    makes a new array, so a tapped convolution is seen before it (python/mxnet/gluon/model_zoo/vision/vgg.py)."""

    def __init__(self, path, kind=F):
        self.tensors = {k: v.astype(kind) for k, v in load_file(path).items()}
        self.kinds = []
        for width in ch.widths(self.tensors):
            self.kinds += ["pool"] if width == "M" else ["conv", "relu"]
        self.kinds = self.kinds[:max(ch.CONTENT_LAYERS + ch.STYLE_LAYERS) + 1]

    def parameters(self, i):
        return self.tensors[f"features.{i}.weight"], self.tensors[f"features.{i}.bias"]

    def forward(self, x):
        """Returns every layer's output, and which element each pooling took."""
        outputs, chosen = [], {}
        for i, kind in enumerate(self.kinds):
            if kind == "conv":
                x = conv(x, *self.parameters(i))
            elif kind == "relu":
                x = np.maximum(x, 0)
            else:
                x, chosen[i] = pool(x)
            outputs.append(x)
        return outputs, chosen

    def backward(self, x, outputs, chosen, seeds):
        """The gradient at x, given dL/doutput of some layers."""
        dy = np.zeros_like(outputs[-1])
        for i in reversed(range(len(self.kinds))):
            before = outputs[i - 1] if i else x
            dy = dy + seeds.get(i, 0)
            if self.kinds[i] == "conv":
                dy = conv_backward(dy, self.parameters(i)[0])
            elif self.kinds[i] == "relu":
                dy = np.where(before > 0, dy, dy.dtype.type(0))
            else:
                dy = pool_backward(dy, chosen[i], before.shape)
        return dy


# ---- losses, each with its gradient
def gram(x):
    flat = x.reshape(len(x), -1)
    return flat @ flat.T / x.dtype.type(x.size)


def content_loss(x, target):
    d = x - target
    return np.square(d).mean(), 2 * d / d.size


def style_loss(x, target):
    d = gram(x) - target
    # L = mean(d²), dL/dG = 2d/c²; G = XXᵀ/n is symmetric, so dL/dX = 2·(dL/dG)·X/n
    dx = (4 / (d.size * x.size)) * (d @ x.reshape(len(x), -1))
    return np.square(d).mean(), dx.reshape(x.shape)


def total_variation(x):
    """abs has the gradient sign, 0 at 0 (src/operator/mshadow_op.h)."""
    down, right = x[:, 1:] - x[:, :-1], x[:, :, 1:] - x[:, :, :-1]
    dx = np.zeros_like(x)
    for d, low, high in ((down, dx[:, :-1], dx[:, 1:]), (right, dx[:, :, :-1], dx[:, :, 1:])):
        step = np.sign(d) * x.dtype.type(0.5 / d.size)
        high += step
        low -= step
    return x.dtype.type(0.5) * (np.abs(down).mean() + np.abs(right).mean()), dx


class Target:
    def __init__(self, net, content, style, tv_weight):
        self.net, self.tv_weight = net, tv_weight
        seen = net.forward(content)[0]
        self.contents = [seen[i] for i in ch.CONTENT_LAYERS]
        seen = net.forward(style)[0]
        self.grams = [gram(seen[i]) for i in ch.STYLE_LAYERS]

    def losses(self, x):
        """Content losses, style losses, total variation, their total and the total's gradient."""
        kind = x.dtype.type
        outputs, chosen = self.net.forward(x)
        seeds, contents, styles = {}, [], []
        for i, target in zip(ch.CONTENT_LAYERS, self.contents):
            value, d = content_loss(outputs[i], target)
            contents.append(value * kind(ch.CONTENT_WEIGHT))
            seeds[i] = seeds.get(i, 0) + d * kind(ch.CONTENT_WEIGHT)
        for i, target in zip(ch.STYLE_LAYERS, self.grams):
            value, d = style_loss(outputs[i], target)
            styles.append(value * kind(ch.STYLE_WEIGHT))
            seeds[i] = seeds.get(i, 0) + d * kind(10 * ch.STYLE_WEIGHT)  # each counts ten times in the total
        tv, d = total_variation(x)
        gradient = self.net.backward(x, outputs, chosen, seeds) + d * kind(self.tv_weight)
        tv = tv * kind(self.tv_weight)
        return contents, styles, tv, sum(10 * styles + contents + [tv]), gradient.astype(x.dtype)


class Adam:
    """MXNet's: the rate carries both corrections, computed in float64, and ε is added to the uncorrected √v (python/mxnet/
    optimizer/adam.py; the kernel AdamUpdateKernel in src/operator/optimizer_op-inl.h).

    The kernel takes 1 - β₂ of a β₂ already rounded to float32, which makes v smaller by 1.3e-5 of itself and each step
    larger by 6e-6. That is rounding and no rule, so it is left out: 1 - β₂ is rounded once."""

    def __init__(self, x, beta1=0.9, beta2=0.999, epsilon=1e-8):
        self.x, self.beta1, self.beta2, self.epsilon = x, beta1, beta2, epsilon
        self.m, self.v, self.t = np.zeros_like(x), np.zeros_like(x), 0

    def step(self, gradient, rate):
        kind = self.x.dtype.type
        self.t += 1
        rate *= math.sqrt(1 - self.beta2 ** self.t) / (1 - self.beta1 ** self.t)
        self.m = kind(self.beta1) * self.m + kind(1 - self.beta1) * gradient
        self.v = kind(self.beta2) * self.v + kind(1 - self.beta2) * gradient * gradient
        self.x = self.x - kind(rate) * self.m / (np.sqrt(self.v) + kind(self.epsilon))


def resized(path, height, width):
    return resize(np.asarray(Image.open(path)), width, height)


def run(job, kind=F):
    net = Network(job.weights, kind)
    pixels, inputs = {}, {}
    for name, path in (("content", job.content), ("style", job.style)):
        pixels[name] = resize(np.asarray(Image.open(path)), job.width, job.height)
        inputs[name] = normalize(pixels[name]).astype(kind)
    target = Target(net, inputs["content"], inputs["style"], job.tv_weight)
    wanted = sorted(ch.CONTENT_LAYERS + ch.STYLE_LAYERS)
    seen = {name: {i: net.forward(x)[0][i] for i in wanted} for name, x in inputs.items()}

    optimizer, rate = Adam(inputs["content"].copy()), LEARNING_RATE
    trace, first = {}, None
    for epoch in range(job.epochs):
        contents, styles, tv, total, gradient = target.losses(optimizer.x)
        ch.record(trace, content=sum(contents), style=sum(styles), tv=tv, total=total)
        first = first or ([float(v) for v in contents], [float(v) for v in styles], float(tv), gradient)
        optimizer.step(gradient, rate)
        if (epoch + 1) % ch.DECAY_EVERY == 0:
            rate *= ch.DECAY
    return ch.Result(
        pixels=pixels, inputs=inputs, taps=seen, grams={k: {i: gram(v[i]) for i in ch.STYLE_LAYERS} for k, v in seen.items()},
        content_losses=first[0], style_losses=first[1], tv_loss=first[2], gradient=first[3], trace=trace)


def totals(job, double):
    """The total loss before each update of a training in one of two precisions."""
    return run(job, np.float64 if double else F).trace["total"]


def adam(start, gradients, rate, every, double):
    """The parameters after each update, the rate times 0.8 after every few updates."""
    kind = np.float64 if double else F
    optimizer, after = Adam(np.array(start, kind)), []
    for i, g in enumerate(gradients):
        optimizer.step(np.array(g, kind), rate)
        after.append(optimizer.x.tolist())
        if (i + 1) % every == 0:
            rate *= ch.DECAY
    return after


def rates(epochs):
    """The learning rate in each epoch: the chapter multiplies it itself."""
    rate, seen = LEARNING_RATE, []
    for epoch in range(epochs):
        seen.append(rate)
        if (epoch + 1) % ch.DECAY_EVERY == 0:
            rate *= ch.DECAY
    return seen
