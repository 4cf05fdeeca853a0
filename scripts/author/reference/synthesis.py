"""Writes data/golden/synthesis.json: what the options beyond the chapter compute, in float64, by PyTorch, SciPy, NumPy and
Pillow. usage: python synthesis.py (a minute)

The network, whose ReLU works in place, and Adam are those of tab_pytorch; everything else is written here from the formulas."""
import os

import numpy as np
import scipy.linalg
import torch
from PIL import Image
from torch.nn import functional as F

import chapter as ch
import tab_pytorch as tab
from golden import OUT, WEIGHTS, sample, write_json

HEIGHT, WIDTH, EPOCHS = 60, 90, 5
# PNGs: no JPEG decoder has a part in what is compared
FILES = {"content": "content-60x90-pil.png", "style": "style-60x90-pil.png", "second": "source.png"}
MASKS = {"content": "mask-content.png", "style": "mask-style.png"}

DEFAULT = dict(content_layers={25: 1}, style_layers={0: 1, 5: 1, 10: 1, 19: 1, 28: 1}, content_weight=1, style_weight=1000,
               styles=["style"], blend=[1], style_scale=1, init="content", pooling="max", loss="gram", normalize=False, masks=False,
               optimizer="adam", lr=0.3, scales=1, epochs=EPOCHS, history=20)
CASES = {
    "layers": dict(content_layers={12: 3}, style_layers={0: 2, 7: 0.5, 11: 1}),
    "normalized": dict(normalize=True, style_weight=0.5),
    "blend": dict(styles=["style", "second"], blend=[3, 1]),
    "scale": dict(style_scale=1.5),
    "init-style": dict(init="style", style_scale=1.5),  # without the scale the style loss would begin at 0
    "average": dict(pooling="average"),
    "wasserstein": dict(loss="wasserstein", style_layers={0: 1, 5: 1, 10: 1}, style_weight=1),
    "masks": dict(masks=True),
    "masks-wasserstein": dict(masks=True, loss="wasserstein", style_layers={0: 1, 5: 1}, style_weight=1),
    "lbfgs": dict(optimizer="lbfgs", lr=0.5, epochs=8, history=3),
    "coarse-to-fine": dict(scales=2, epochs=6),
}


def make_masks():
    """Three flat colours: a disc, a corner, the rest; the style's are elsewhere."""
    for name, (h, w), (cy, cx, r) in (("content", (200, 300), (0.5, 0.4, 0.3)), ("style", (180, 180), (0.35, 0.6, 0.3))):
        y, x = np.mgrid[0:h, 0:w]
        mask = np.zeros((h, w, 3), np.uint8)
        mask[...] = (0, 0, 255)
        mask[(y / h > 0.7) & (x / w > 0.5)] = (0, 255, 0)
        mask[(y / h - cy) ** 2 + (x / h - cx) ** 2 < r * r] = (255, 0, 0)
        Image.fromarray(mask).save(os.path.join(OUT, "images", MASKS[name]), optimize=True)


def regions(name, height, width):
    """One float64 map for each colour, in the order in which the content mask first shows them; nearest pixel."""
    def array(which):
        return np.asarray(Image.open(os.path.join(OUT, "images", MASKS[which])).convert("RGB")).astype(np.int64)
    content = array("content")
    flat = (content @ [65536, 256, 1]).ravel()
    values, first = np.unique(flat, return_index=True)
    picture = array(name) @ [65536, 256, 1]
    rows = np.floor((np.arange(height) + 0.5) * picture.shape[0] / height).astype(int)
    columns = np.floor((np.arange(width) + 0.5) * picture.shape[1] / width).astype(int)
    at_size = picture[np.ix_(rows, columns)]
    return [torch.tensor(at_size == values[i]) for i in np.argsort(first)]


def at_layer(mask, index):
    for pool in (4, 9, 18, 27, 36):
        if index >= pool:
            mask = F.avg_pool2d(mask[None, None], 2)[0, 0]
    return mask


class Root(torch.autograd.Function):
    """tr(A^½) with SciPy's root; its gradient is half the inverse root."""

    @staticmethod
    def forward(ctx, a):
        values, vectors = scipy.linalg.eigh(a.detach().numpy())
        values = np.maximum(values, 0)
        keep = values > 1e-12 * values.max()
        inverse = np.where(keep, 1 / np.sqrt(np.where(keep, values, 1)), 0)
        ctx.slope = torch.tensor(vectors * inverse @ vectors.T) / 2
        direct = np.trace(scipy.linalg.sqrtm(a.detach().numpy() + 1e-14 * np.eye(len(values)))).real
        assert abs(direct - np.sqrt(values).sum()) < 1e-4 * direct
        return torch.tensor(np.sqrt(values).sum())

    @staticmethod
    def backward(ctx, g):
        return g * ctx.slope


def statistics(kind, features, mask):
    c = features.shape[1]
    x = features[0].reshape(c, -1)
    m = torch.ones(x.shape[1], dtype=x.dtype) if mask is None else mask.reshape(-1)
    if kind == "gram":
        return [(x * m) @ x.T / (c * m.sum())]
    mean = (x * m).sum(1) / m.sum()
    centred = x - mean[:, None]
    return [mean, (centred * m) @ centred.T / m.sum()]


def distance(kind, a, b):
    if kind == "gram":
        return torch.square(a[0] - b[0]).mean()
    a, b = [s.double() for s in a], [s.double() for s in b]  # the root is lost in float32
    ridge = 1e-3 * torch.trace(b[1]) / len(b[1]) * torch.eye(len(b[1]))
    mine, target = a[1] + ridge, b[1] + ridge
    root = torch.tensor(scipy.linalg.sqrtm(target.numpy()).real)
    trace = Root.apply(root @ mine @ root)
    return (torch.square(a[0] - b[0]).sum() + torch.trace(mine) + torch.trace(target) - 2 * trace) / len(a[0])


def of_zeros(kind, target):
    """The loss of features that are all 0, by which relative losses are divided; the ridge is no part of it."""
    if kind == "gram":
        return torch.square(target[0]).mean()
    return torch.square(target[0]).mean() + torch.trace(target[1]) / len(target[0])


class Synthesis:
    def __init__(self, case, height, width, kind, shift):
        self.case, self.size = case, (height, width)
        ch.CONTENT_LAYERS, ch.STYLE_LAYERS = sorted(case["content_layers"]), sorted(case["style_layers"])
        self.net = tab.network(WEIGHTS).to(kind)
        with torch.no_grad():
            for p in self.net.parameters():
                p *= 1 + shift * torch.randn(p.shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64).to(kind)
        if case["pooling"] == "average":
            self.net = torch.nn.Sequential(*[torch.nn.AvgPool2d(2) if isinstance(m, torch.nn.MaxPool2d) else m for m in self.net])
        scaled = tuple(round(n * case["style_scale"]) for n in self.size)
        picture = lambda name, size: tab.preprocess(os.path.join(OUT, "images", FILES[name]), size)[1].to(kind)
        self.content = picture("content", self.size)
        self.init = picture(case["init"], self.size)
        content = ch.taps(self.net, self.content)
        styles = [ch.taps(self.net, picture(name, scaled)) for name in case["styles"]]
        masks = {None: (None, None)}
        if case["masks"]:
            masks = {i: pair for i, pair in enumerate(zip(*[[m.to(kind) for m in regions(*which)] for which in (("content", *self.size), ("style", *scaled))]))}
        share = np.array(case["blend"]) / np.sum(case["blend"])

        self.contents, self.styles = [], []
        for layer, weight in case["content_layers"].items():
            target = content[layer].detach()
            by = torch.square(target).mean() if case["normalize"] else 1
            self.contents.append((layer, target, case["content_weight"] * weight / by))
        for layer, weight in case["style_layers"].items():
            for mine, theirs in masks.values():
                seen = [statistics(case["loss"], s[layer].detach(), None if theirs is None else at_layer(theirs, layer)) for s in styles]
                target = [sum(w * s[k] for w, s in zip(share, seen)) for k in range(len(seen[0]))]
                mask = None if mine is None else at_layer(mine, layer)
                area = 1 if mask is None else mask.mean()
                by = of_zeros(case["loss"], target) if case["normalize"] or case["loss"] == "wasserstein" else 1
                self.styles.append((layer, mask, target, case["style_weight"] * weight * area / by))

    def losses(self, x):
        tap, kind = ch.taps(self.net, x), self.case["loss"]
        content = sum(w * torch.square(tap[layer] - target).mean() for layer, target, w in self.contents)
        style = sum(w * distance(kind, statistics(kind, tap[layer], mask), target) for layer, mask, target, w in self.styles)
        return content, style, content + 10 * style


def sizes(scales):
    return [tuple(round(n * 2 ** (-(scales - 1 - i) / 2)) for n in (HEIGHT, WIDTH)) for i in range(scales)]


def run(case, kind=torch.float64, shift=0):
    """One training. shift moves the weights at random, as rounding would."""
    trace, first, image = {}, None, None
    for i, size in enumerate(sizes(case["scales"])):
        s = Synthesis(case, *size, kind, shift)
        start = s.init if image is None else F.interpolate(image.detach(), size=size, mode="bilinear", align_corners=False)
        image = torch.nn.Parameter(start.clone())
        if case["optimizer"] == "adam":
            optimizer = torch.optim.Adam([image], lr=case["lr"])
        else:
            optimizer = torch.optim.LBFGS([image], lr=case["lr"], max_iter=1, history_size=case["history"], tolerance_grad=0, tolerance_change=0)
        for _ in range(case["epochs"] // case["scales"]):
            def closure():
                optimizer.zero_grad()
                content, style, total = s.losses(image)
                total.backward()
                closure.seen = dict(content=content, style=style, total=total)
                return total
            optimizer.step(closure)
            ch.record(trace, **{k: v.detach() for k, v in closure.seen.items()})
            if first is None:
                first = s.losses
                probe = start.clone().requires_grad_()
                s.losses(probe)[2].backward()
                gradient = probe.grad[0].numpy()
    return {"trace": trace, "gradient": {"rms": float(np.sqrt(np.mean(gradient ** 2))), "sample": sample(gradient, 64)}}


def spread(case, trace):
    """How far runs part that differ by rounding alone: for each loss and epoch, relative to the float64 run."""
    others = [run(case, torch.float64, 1e-7), run(case, torch.float64, -1e-7), run(case, torch.float32)]
    return {k: [max(abs(o["trace"][k][i] - v) / v if v else 0 for o in others) for i, v in enumerate(values)] for k, values in trace.items()}


def matched(picture, to):
    """picture with the mean and covariance of colour of another."""
    a, b = (np.asarray(p, np.float64).reshape(-1, 3) for p in (picture, to))
    root = lambda m: scipy.linalg.sqrtm(m).real
    matrix = root(np.cov(b.T, bias=True)) @ np.linalg.inv(root(np.cov(a.T, bias=True)))
    out = (a - a.mean(0)) @ matrix.T + b.mean(0)
    return np.clip(np.round(out), 0, 255).reshape(np.asarray(picture).shape)


def keep_chroma(result, content):
    """content's U and V under result's Y, by the matrices of BT.601."""
    to_yuv = np.array([[0.299, 0.587, 0.114], [-0.14713, -0.28886, 0.436], [0.615, -0.51499, -0.10001]])
    a, b = (np.asarray(p, np.float64).reshape(-1, 3) @ to_yuv.T for p in (result, content))
    b[:, 0] = a[:, 0]
    return np.clip(np.round(b @ np.linalg.inv(to_yuv).T), 0, 255).reshape(np.asarray(result).shape)


def colours():
    content = Image.open(os.path.join(OUT, "images", "content-60x90-pil.png"))
    style = Image.open(os.path.join(OUT, "images", "style-60x90-pil.png"))
    pick = lambda a: [float(a.reshape(-1)[(k + 1) * 7919 % a.size]) for k in range(64)]
    return {"rule": "element ((k+1)*7919) mod n of the picture flattened in H,W,C order, 0 to 255",
            "matched": pick(matched(style, content)), "chroma": pick(keep_chroma(style, content))}


def wasserstein():
    """The distance alone, of covariances with eigenvalues from 1 down to 1e-4."""
    random = np.random.default_rng(3)
    out = []
    for c in (2, 8, 32):
        def covariance():
            q = np.linalg.qr(random.normal(size=(c, c)))[0]
            return q @ np.diag(10 ** random.uniform(-4, 0, c)) @ q.T
        m, mt, a, b = random.normal(size=c), random.normal(size=c), covariance(), covariance()
        root = scipy.linalg.sqrtm(b).real
        d = (np.sum((m - mt) ** 2) + np.trace(a) + np.trace(b) - 2 * np.trace(scipy.linalg.sqrtm(root @ a @ root)).real) / c
        out.append({"mean": m.tolist(), "covariance": a.tolist(), "mean_target": mt.tolist(), "root_target": root.tolist(), "distance": d})
    return out


def enlarged():
    x = torch.tensor(np.random.default_rng(4).normal(size=(1, 3, 5, 7)))
    return {"image": x.tolist(), "height": 8, "width": 9,
            "enlarged": F.interpolate(x, size=(8, 9), mode="bilinear", align_corners=False).tolist()}


def main():
    make_masks()
    cases = {}
    for name, change in CASES.items():
        case = DEFAULT | change
        result = run(case)
        cases[name] = {"case": case} | result | {"spread": spread(case, result["trace"])}
        print(name, {k: f"{v[0]:.4g} to {v[-1]:.4g}" for k, v in result["trace"].items()}, f"{max(cases[name]['spread']['total']):.1e}", flush=True)
    write_json("synthesis.json", {"height": HEIGHT, "width": WIDTH, "cases": cases, "colours": colours(),
                                  "wasserstein": wasserstein(), "enlarge": enlarged()})


if __name__ == "__main__":
    main()
