"""Computes steps of the fast optimizer in float64 with PyTorch: data/golden/fast.json.

Images are 21 × 13 and 3 × 2 (height × width), odd at some resolution, smaller than its coarsest one's cells; gradients are random,
with a part that neighbours share.
"""
import json
import os

import torch
import torch.nn.functional as F

OUT = os.path.join(os.path.dirname(__file__), "..", "..", "..", "data", "golden", "fast.json")
EPOCHS, LR, HOLD, BETA1, BETA2, LEVELS, GAIN, EPS = 7, 0.05, 0.5, 0.9, 0.9, 4, 0.5, 1e-8
torch.set_default_dtype(torch.float64)


def sums(x):
    h, w = x.shape[2:]
    return 4 * F.avg_pool2d(F.pad(x, (0, w % 2, 0, h % 2)), 2)


def twice(x, like):
    h, w = like.shape[2:]
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)[:, :, :h, :w]


def train(x, gradients):
    m, v = torch.zeros_like(x), torch.zeros_like(x)
    rates, images = [], []
    for t, g in enumerate(gradients, 1):
        rate = LR * min(1, (1 - (t - 1) / EPOCHS) / (1 - HOLD))
        m, v = BETA1 * m + (1 - BETA1) * g, BETA2 * v + (1 - BETA2) * g**2
        ms, vs = [m / (1 - BETA1**t)], [v / (1 - BETA2**t)]
        for _ in range(LEVELS):
            ms.append(sums(ms[-1]))
            vs.append(sums(vs[-1]))
        steps = [a / (b.sqrt() + EPS) for a, b in zip(ms, vs)]
        total = steps.pop()
        while steps:
            finer = steps.pop()
            total = finer + GAIN * twice(total, finer)
        x = x - rate * total
        rates.append(rate)
        images.append(flat(x))
    return rates, images


def flat(x):  # channels last, as the library has them
    return x.permute(0, 2, 3, 1).flatten().tolist()


def case(h, w):
    shared = F.interpolate(torch.randn(1, 3, (h + 3) // 4, (w + 3) // 4), size=(h, w))
    image = torch.randn(1, 3, h, w)
    gradients = [0.01 * (shared + torch.randn(1, 3, h, w)) for _ in range(EPOCHS)]
    rates, images = train(image, gradients)
    return dict(height=h, width=w, image=flat(image), gradients=[flat(g) for g in gradients], rates=rates, after=images)


torch.manual_seed(1)
with open(OUT, "w") as out:
    json.dump(dict(learning_rate=LR, epochs=EPOCHS, cases=[case(21, 13), case(3, 2)]), out)
    out.write("\n")
