"""Writes data/golden/checks.json: what the checks in the notebooks expect. usage: python checks.py

Tiny inputs, the right results by PyTorch, Pillow and NumPy in float64, and what common slips give instead. All tensors are
stored with channels last, as the notebooks have them."""

import numpy as np
import torch
from PIL import Image
from torch.nn import functional as F

import chapter as ch
from golden import write_json

MEAN, STD = np.array(ch.RGB_MEAN), np.array(ch.RGB_STD)
random = np.random.default_rng(20)


def some(*shape):
    """Numbers of two decimals, so that the file is short and every program reads the same."""
    return np.round(random.normal(size=shape), 2)


def torch_of(x):
    return torch.tensor(np.moveaxis(x, -1, 1), dtype=torch.float64, requires_grad=True)


def array(x):
    x = np.asarray(x.detach() if isinstance(x, torch.Tensor) else x, dtype=np.float64)
    return {"shape": list(x.shape), "values": [float(f"{v:.9g}") for v in x.reshape(-1)]}


def last(x):
    """A PyTorch map, channels last."""
    return array(np.moveaxis(x.detach().numpy(), 1, -1))


def gradient(loss, x):
    return last(torch.autograd.grad(loss, x)[0])


# ---- pictures
def normalized(rgb):
    return (rgb / 255 - MEAN) / STD


def preprocess():
    small = random.integers(0, 256, (2, 3, 3), dtype=np.uint8)
    large = random.integers(0, 256, (4, 9, 3), dtype=np.uint8)
    resized = np.asarray(Image.fromarray(large).resize((3, 2), Image.BILINEAR))
    return {
        "small": array(small), "want": array(normalized(small)[None]),
        "slips": {"levels": array(((small - MEAN) / STD)[None]), "mean": array((small / 255 / STD)[None]),
                  "std": array((small / 255 - MEAN)[None]), "plain": array((small / 255)[None]),
                  "bgr": array(normalized(small[:, :, ::-1])[None]), "order": array((small / 255 / STD - MEAN)[None]),
                  "no_batch": array(normalized(small))},
        "large": array(large), "resized": array(normalized(resized)[None]),
        "channels_first": array(np.moveaxis(normalized(small), -1, 0)[None])}


def postprocess():
    x = normalized(random.uniform(-60, 315, (2, 3, 3)))
    levels = 255 * (x * STD + MEAN)
    return {"x": array(x[None]), "want": array(np.rint(levels.clip(0, 255))),
            "slips": {"truncated": array(np.floor(levels.clip(0, 255))), "wrapped": array(np.rint(levels) % 256),
                      "not_denormalized": array(np.rint(255 * x.clip(0, 1))), "unscaled": array(np.rint((x * STD + MEAN).clip(0, 1))),
                      "order": array(np.rint(255 * ((x + MEAN) * STD).clip(0, 1))),
                      "normalized_again": array(np.rint(255 * ((x - MEAN) / STD).clip(0, 1)))}}


# ---- losses
def gram(x):
    flat = x.reshape(x.shape[1], -1)
    return flat @ flat.T / flat.numel()


def content_loss():
    x, target = torch_of(a := some(1, 3, 4, 2)), torch_of(b := some(1, 3, 4, 2))
    d = x - target
    loss = torch.square(d).mean()
    return {"features": array(a), "target": array(b), "want": array(loss), "gradient": gradient(loss, x),
            "slips": {"sum": array((d ** 2).sum()), "half": array((d ** 2).sum() / 2), "root": array(loss.sqrt()),
                      "absolute": array(d.abs().mean()), "plain": array(d.mean())}}


def gram_matrix():
    x = torch_of(a := some(1, 3, 4, 2))
    flat, centred = x.reshape(2, 12), (x - x.mean((2, 3), keepdim=True)).reshape(2, 12)
    book = torch.tensor(a).reshape(2, 12)  # the book's reshape of what has channels last
    return {"features": array(a), "want": array(gram(x)),
            "slips": {"undivided": array(flat @ flat.T), "positions": array(flat @ flat.T / 12),
                      "channels": array(flat @ flat.T / 2), "centred": array(centred @ centred.T / 24),
                      "transposed": array(flat.T @ flat / 24), "reshaped": array(book @ book.T / 24),
                      "reshaped_undivided": array(book @ book.T), "squared": array(flat @ flat.T / 24 ** 2)}}


def style_loss():
    x, target = torch_of(a := some(1, 3, 4, 2)), gram(torch_of(some(1, 5, 3, 2))).detach()
    d = gram(x) - target
    loss = torch.square(d).mean()
    return {"features": array(a), "target": array(target), "want": array(loss), "gradient": gradient(loss, x),
            "slips": {"sum": array((d ** 2).sum()), "root": array(loss.sqrt()), "absolute": array(d.abs().mean()), "plain": array(d.mean()),
                      "gram_of_gram": array(torch.square(gram(x) - target.T @ target / 4).mean())}}


def tv_loss():
    a = some(1, 3, 4, 3)
    a[0, 1, 2] = a[0, 1, 1]  # equal neighbours: the gradient of |0| counts
    x = torch_of(a)
    down, right = x[:, :, 1:] - x[:, :, :-1], x[:, :, :, 1:] - x[:, :, :, :-1]
    loss = 0.5 * (down.abs().mean() + right.abs().mean())
    book = [np.abs(np.diff(a, axis=axis)).mean() for axis in (2, 3)]  # the book's axes of what has channels last
    rising = [d * torch.where(d >= 0, 1.0, -1.0) for d in (down, right)]  # |d| with the gradient 1 at 0, as GoMLX's Abs has it
    return {"x": array(a), "want": array(loss), "gradient": gradient(loss, x),
            "abs_gradient": gradient(0.5 * (rising[0].mean() + rising[1].mean()), x),
            "slips": {"sum": array(down.abs().sum() + right.abs().sum()),
                      "half_sum": array(0.5 * (down.abs().sum() + right.abs().sum())), "whole": array(2 * loss),
                      "down": array(0.5 * down.abs().mean()), "right": array(0.5 * right.abs().mean()),
                      "squared": array(0.5 * (down.square().mean() + right.square().mean())),
                      "signed": array(0.5 * (down.mean() + right.mean())), "book_axes": array(0.5 * sum(book))}}


def compute_loss():
    shapes = [(1, 3, 4, 2), (1, 2, 3, 3)]
    a, contents, styles = some(1, 4, 5, 3), [some(*shapes[0])], [some(*s) for s in shapes]
    targets, grams = [some(*shapes[0])], [gram(torch_of(some(1, 4, 4, s[3]))).detach() for s in shapes]
    x = torch_of(a)
    tv = 0.5 * ((x[:, :, 1:] - x[:, :, :-1]).abs().mean() + (x[:, :, :, 1:] - x[:, :, :, :-1]).abs().mean())
    content = torch.square(torch_of(contents[0]) - torch_of(targets[0])).mean()
    style = sum(torch.square(gram(torch_of(s)) - g).mean() for s, g in zip(styles, grams))

    def total(content_weight, style_weight, tv_weight, repeat, counts=(1, 1, 1)):
        parts = torch.stack([content * content_weight, style * style_weight, tv * tv_weight])
        return array(torch.cat([parts, (parts * torch.tensor([1, repeat, 1]) * torch.tensor(counts)).sum()[None]]))

    return {"x": array(a), "contents": [array(t) for t in contents], "styles": [array(t) for t in styles],
            "content_targets": [array(t) for t in targets], "style_targets": [array(t) for t in grams],
            "want": total(1, 1e3, 10, 10), "other_weights": total(2, 500, 0, 3), "other_content": total(1, 500, 0, 3),
            "slips": {"once": total(1, 1e3, 10, 1), "shown_ten_times": total(1, 1e4, 10, 1), "unweighted": total(1, 1, 1, 10),
                      "tv_unweighted": total(1, 1e3, 1, 10), "style_unweighted": total(1, 1, 10, 10),
                      "all_ten_times": total(1, 1e3, 10, 10, (10, 1, 10)), "no_tv": total(1, 1e3, 10, 10, (1, 1, 0)),
                      "no_content": total(1, 1e3, 10, 10, (0, 1, 1))}}


def adam():
    """Five updates at learning rate 0.3, and what other rules make of the same gradients."""
    start, gradients = some(1, 2, 2, 3), [some(1, 2, 2, 3) for _ in range(5)]

    def after(updates, rule):
        x = torch.nn.Parameter(torch.tensor(start))
        optimizer = rule([x])
        for g in gradients[:updates]:
            x.grad = torch.tensor(g)
            optimizer.step()
        return array(x)

    def by_hand(step, gathered=0.1):
        """Adam with another step, or another share of a gradient in m."""
        x, m, v = np.array(start), 0, 0
        for t, g in enumerate(gradients, 1):
            m, v = 0.9 * m + gathered * g, 0.999 * v + 0.001 * g ** 2
            x = x - step(m, v, 0.3 / (1 - 0.9 ** t), np.sqrt(1 - 0.999 ** t))
        return array(x)

    step = lambda m, v, rate, scale: rate * m / (np.sqrt(v) / scale + 1e-8)
    right = lambda p: torch.optim.Adam(p, lr=0.3)
    assert np.allclose(by_hand(step)["values"], after(5, right)["values"])
    return {"start": array(start), "gradients": [array(g) for g in gradients], "first": after(1, right), "want": after(5, right),
            "slips": {"upwards": after(5, lambda p: torch.optim.Adam(p, lr=0.3, maximize=True)),
                      "no_momentum": after(5, lambda p: torch.optim.Adam(p, lr=0.3, betas=(0.0, 0.999))),
                      "plain_descent": after(5, lambda p: torch.optim.SGD(p, lr=0.3)),
                      "no_root": by_hand(lambda m, v, rate, scale: rate * m / (v / scale + 1e-8)),
                      "no_rate": by_hand(lambda m, v, rate, scale: m / (np.sqrt(v) / scale + 1e-8)),
                      "no_scale": by_hand(lambda m, v, rate, scale: rate * m / (np.sqrt(v) + 1e-8)),
                      "whole_gradient": by_hand(step, 1)}}


def learning_rate():
    """The chapter's StepLR, at some epochs counted from 1, and what is written in its place."""
    epochs, every, decay = [1, 50, 51, 100, 101, 500], 50, 0.8
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.3)
    scheduler, rates = torch.optim.lr_scheduler.StepLR(optimizer, every, decay), []
    for _ in range(epochs[-1]):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    of = lambda rule: array(np.array([rule(t) for t in epochs], dtype=float))
    return {"epochs": epochs, "want": of(lambda t: rates[t - 1]),
            "slips": {"off_by_one": of(lambda t: 0.3 * decay ** (t // every)), "smooth": of(lambda t: 0.3 * decay ** ((t - 1) / every)),
                      "smooth_from_one": of(lambda t: 0.3 * decay ** (t / every)), "each": of(lambda t: 0.3 * decay ** (t - 1)),
                      "stays": of(lambda t: 0.3), "once": of(lambda t: 0.3 * (decay if t > every else 1)),
                      "linear": of(lambda t: 0.3 * decay * ((t - 1) // every)), "factor_alone": of(lambda t: decay ** ((t - 1) // every))}}


# ---- exercises
def rescale():
    """Weights under which each loss contributes the same to a given total."""
    losses, total = np.array([0.5, 0.02, 4.0, 0.1]), 2.0
    return {"losses": array(losses), "total": total, "want": array(total / len(losses) / losses),
            "slips": {"whole": array(total / losses), "upside_down": array(losses / losses.sum() * total),
                      "not_divided": array(np.full(4, total / len(losses))), "ones": array(np.ones(4)), "zeros": array(np.zeros(4))}}


def weighted_total():
    contents, styles, tv = np.array([0.25, 1.5]), np.array([0.02, 0.003, 0.4]), 0.7
    content_weights, style_weights, tv_weight = np.array([2, 0.5]), np.array([1e3, 300, 10]), 10
    parts = contents @ content_weights, styles @ style_weights, tv * tv_weight
    return {"contents": array(contents), "styles": array(styles), "tv": tv, "content_weights": array(content_weights),
            "style_weights": array(style_weights), "tv_weight": tv_weight, "want": array(sum(parts)),
            "slips": {"unweighted": array(contents.sum() + styles.sum() + tv), "no_content": array(parts[1] + parts[2]),
                      "no_style": array(parts[0] + parts[2]), "no_tv": array(parts[0] + parts[1]), "tv_alone": array(tv)}}


LUMA = np.array([0.299, 0.587, 0.114])


def noise():
    """Immerkær 1996: how strongly neighbours differ beyond edges and slopes."""
    mask = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]])

    def measured(grey):
        h, w = grey.shape
        response = sum(mask[i, j] * grey[i:h - 2 + i, j:w - 2 + j] for i in range(3) for j in range(3))
        return response

    rgb = random.integers(0, 256, (5, 7, 3), dtype=np.uint8)
    response, factor = measured(rgb @ LUMA), np.sqrt(np.pi / 2) / 6
    y, x = np.mgrid[:4, :6]
    slope = np.repeat((10 * y + 20 * x)[:, :, None], 3, 2).astype(np.uint8)
    return {"picture": array(rgb), "want": array(factor * np.abs(response).mean()), "slope": array(slope),
            "slips": {"no_factor": array(np.abs(response).mean()), "sum": array(factor * np.abs(response).sum()),
                      "signed": array(factor * response.mean()), "zero": array(0),
                      "plain_grey": array(factor * np.abs(measured(rgb.mean(-1))).mean()),
                      "all_pixels": array(factor * np.abs(response).sum() / 35)}}


def keep_colours():
    """The luma of one picture with the chroma of another, in YIQ, as Gatys et al. 2016 (arXiv:1606.05897) have it."""
    yiq = np.array([LUMA, [0.595716, -0.274453, -0.321263], [0.211456, -0.522591, 0.311135]])
    result, content = (random.integers(0, 256, (2, 3, 3), dtype=np.uint8) for _ in range(2))

    def mixed(luma, chroma):
        mix = np.concatenate([(luma @ yiq.T)[..., :1], (chroma @ yiq.T)[..., 1:]], -1)
        return np.rint((mix @ np.linalg.inv(yiq).T).clip(0, 255))

    grey = np.repeat((result @ LUMA)[..., None], 3, -1)
    return {"result": array(result), "content": array(content), "want": array(mixed(result, content)),
            "slips": {"exchanged": array(mixed(content, result)), "unchanged": array(result), "content": array(content),
                      "grey": array(np.rint(grey))}}


def blend():
    """Several styles: the mean of Gram matrices with weights of any sum."""
    grams = np.stack([some(2, 2), some(2, 2), some(2, 2)])
    weights = np.array([3.0, 0, 1])
    return {"grams": [array(g) for g in grams], "weights": array(weights), "want": array(np.average(grams, 0, weights)),
            "slips": {"not_normalized": array(np.tensordot(weights, grams, 1)), "plain_mean": array(grams.mean(0)),
                      "first": array(grams[0])}}


# ---- a network instead of an image
def filters(kernel, inside, outside):
    """A filter [height, width, in, out]."""
    return some(kernel, kernel, inside, outside) * np.round(np.sqrt(2 / (kernel * kernel * inside)), 2)


def convolved(x, weights, stride=1, mode="reflect"):
    n = weights.shape[0] // 2
    padded = F.pad(x, (n, n, n, n), mode=mode) if mode else x
    return F.conv2d(padded, torch.tensor(weights.transpose(3, 2, 0, 1)), stride=stride)


def convolution():
    x, weights = some(1, 5, 7, 2), filters(5, 2, 3)
    of = lambda x, **how: last(convolved(torch_of(x), weights, **how))
    symmetric = np.pad(x, ((0, 0), (2, 2), (2, 2), (0, 0)), mode="symmetric")
    return {"x": array(x), "parameters": {"weights": array(weights)}, "want": of(x, stride=2),
            "slips": {"zeros": of(x, stride=2, mode="constant"), "valid": of(x, stride=2, mode=None), "repeated": of(x, stride=2, mode="replicate"),
                      "border_twice": of(symmetric, stride=2, mode=None), "every_place": of(x), "around": of(x, stride=2, mode="circular")}}


def instance_norm():
    x = some(2, 3, 4, 3) * np.array([1, 2, 0.003]) + np.array([0, 1, 0])
    scale, offset = np.array([0.5, 2, 1]), np.array([1, 0, -1])

    def by(axes, epsilon=1e-5, root=np.sqrt, ddof=0, scale=scale, offset=offset, mean=True):
        middle = x.mean(axes, keepdims=True)
        return array((x - middle * mean) / root(x.var(axes, keepdims=True, ddof=ddof) + epsilon) * scale + offset)

    want = last(F.instance_norm(torch_of(x), weight=torch.tensor(scale), bias=torch.tensor(offset, dtype=torch.float64), eps=1e-5))
    assert np.allclose(want["values"], by((1, 2))["values"])
    return {"x": array(x), "parameters": {"scale": array(scale), "offset": array(offset)}, "want": want,
            "slips": {"batch": by((0, 1, 2)), "layer": by((1, 2, 3)), "channels": by((3,)), "no_root": by((1, 2), root=lambda v: v),
                      "no_epsilon": by((1, 2), epsilon=0), "epsilon": by((1, 2), epsilon=1e-3), "unbiased": by((1, 2), ddof=1),
                      "no_mean": by((1, 2), mean=False), "no_scale": by((1, 2), scale=1), "no_offset": by((1, 2), offset=0),
                      "alone": by((1, 2), scale=1, offset=0), "nothing": array(x)}}


def enlarge():
    x = some(1, 2, 3, 2)
    of = lambda **how: last(F.interpolate(torch_of(x), scale_factor=2, **how))
    zeros = np.zeros((1, 4, 6, 2))
    zeros[:, ::2, ::2] = x
    return {"x": array(x), "parameters": {}, "want": of(mode="bilinear", align_corners=False),
            "slips": {"nearest": of(mode="nearest"), "corners": of(mode="bilinear", align_corners=True), "zeros": array(zeros),
                      "height": last(F.interpolate(torch_of(x), scale_factor=(2, 1), mode="bilinear", align_corners=False)),
                      "width": last(F.interpolate(torch_of(x), scale_factor=(1, 2), mode="bilinear", align_corners=False))}}


def layer(name, kernel, inside, outside):
    """The numbers of a convolution with instance normalization, by their names."""
    return {f"{name}/weights": filters(kernel, inside, outside), f"{name}/scale": 1 + some(outside) / 10, f"{name}/offset": some(outside) / 10}


def normed(x, parameters, name, stride=1, norm=True):
    y = convolved(x, parameters[f"{name}/weights"], stride)
    scale, offset = (torch.tensor(parameters[f"{name}/{kind}"]) for kind in ("scale", "offset"))
    return F.instance_norm(y, weight=scale, bias=offset, eps=1e-5) if norm else y


def block(x, parameters, name, relu=F.relu, last_relu=lambda y: y, shortcut=1, norm=True):
    y = relu(normed(x, parameters, f"{name}a", norm=norm))
    return last_relu(shortcut * x + normed(y, parameters, f"{name}b", norm=norm))


def residual_block():
    x, parameters = some(1, 3, 4, 2), layer("a", 3, 2, 2) | layer("b", 3, 2, 2)
    of = lambda **how: last(block(torch_of(x), parameters, "", **how))
    none = lambda y: y
    return {"x": array(x), "parameters": {name: array(v) for name, v in parameters.items()}, "want": of(),
            "slips": {"no_sum": of(shortcut=0), "relu_after": of(last_relu=F.relu), "no_relu": of(relu=none), "not_normalized": of(norm=False),
                      "one_convolution": last(torch_of(x) + F.relu(normed(torch_of(x), parameters, "a")))}}


def squares(x):
    """Each square of 2×2 becomes one place, its places before its colours."""
    n, c, h, w = x.shape
    return x.reshape(n, c, h // 2, 2, w // 2, 2).permute(0, 3, 5, 1, 2, 4).reshape(n, 4 * c, h // 2, w // 2)


def painting_network():
    """The whole network, with 4 channels and 1 block."""
    x = np.round(random.uniform(size=(1, 8, 8, 3)), 2)
    parameters = layer("down1", 5, 12, 2) | layer("down2", 3, 2, 4) | layer("block1/a", 3, 4, 4) | layer("block1/b", 3, 4, 4)
    parameters |= layer("up1", 3, 4, 2) | layer("up2", 3, 2, 1) | {"out/weights": filters(3, 1, 3), "out/biases": some(3) / 10}

    def of(normalized=True, together=squares, blocks=1, larger=lambda y: F.interpolate(y, scale_factor=2, mode="bilinear"), relu=F.relu,
           end=torch.sigmoid, biases=1):
        y = torch_of((x - MEAN) / STD if normalized else x)
        y = relu(normed(together(y), parameters, "down1"))
        y = relu(normed(y, parameters, "down2", 2))
        for i in range(blocks):
            y = block(y, parameters, f"block{i + 1}/")
        for name in "up1", "up2":
            y = relu(normed(larger(y), parameters, name))
        return last(end(convolved(y, parameters["out/weights"]) + biases * torch.tensor(parameters["out/biases"]).view(1, 3, 1, 1)))

    return {"x": array(x), "parameters": {name: array(v) for name, v in parameters.items()}, "want": of(),
            "slips": {"not_normalized": of(normalized=False), "colours_first": of(together=lambda y: F.pixel_unshuffle(y, 2)), "no_blocks": of(blocks=0),
                      "no_sigmoid": of(end=lambda y: y), "tanh": of(end=torch.tanh), "no_relu": of(relu=lambda y: y), "no_biases": of(biases=0),
                      "nearest": of(larger=lambda y: F.interpolate(y, scale_factor=2))}}


def main():
    makers = [preprocess, postprocess, content_loss, gram_matrix, style_loss, tv_loss, compute_loss, adam, learning_rate, rescale, weighted_total,
              noise, keep_colours, blend, convolution, instance_norm, enlarge, residual_block, painting_network]
    write_json("checks.json", {make.__name__: make() for make in makers})


if __name__ == "__main__":
    main()
