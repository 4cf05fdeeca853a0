"""Writes data/golden/feedforward.json: the network that paints in one pass, its loss and the gradient, in float64, by PyTorch.
usage: python feedforward.py (some seconds)

The network has its full width; its numbers and the pictures follow from formulas, so that only results are stored. The loss is that
of the random VGG-19. Filters count in the order [height, width, in, out], pictures with channels last."""
import numpy as np
import torch
from torch.nn import functional as F

from safetensors.numpy import load_file

from golden import WEIGHTS, sample, write_json

SEED = 42  # one with which no ReLU is at its edge
CHANNELS, BLOCKS = 64, 5
WEIGHT = {"style": 3, "tv": 0.05, "steady": 20}
CONVS, POOLS, STYLES, CONTENTS = [0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25], {4, 9, 18}, [0, 5, 10, 19], [16, 25]  # torchvision's indices
MEAN = torch.tensor([0.485, 0.456, 0.406], dtype=torch.float64).view(1, 3, 1, 1)
STD = torch.tensor([0.229, 0.224, 0.225], dtype=torch.float64).view(1, 3, 1, 1)
vgg = {k: torch.tensor(v, dtype=torch.float64) for k, v in load_file(WEIGHTS).items()}


def wave(n, seed):
    k = np.arange(n, dtype=np.int64)
    return np.sin(0.1 * ((k * k + seed * k) % 10007)).astype(np.float32).astype(np.float64)


def photographs(n, height, width, seed):
    values = (0.5 + 0.5 * wave(n * height * width * 3, seed)).astype(np.float32).astype(np.float64)
    return torch.tensor(values.reshape(n, height, width, 3).transpose(0, 3, 1, 2))


parameters, margins = {}, []


def relu(x):
    """Notes how near a value comes to 0, where float32 may take the other side."""
    margins.append(float(x.detach().abs().min()))
    return F.relu(x)



def filter_of(name, kernel, inside, outside):
    values = (np.sqrt(2 / (kernel * kernel * inside)) * wave(kernel * kernel * inside * outside, len(name))).astype(np.float32).astype(np.float64)
    parameters[name + "/weights"] = torch.tensor(values.reshape(kernel, kernel, inside, outside)).requires_grad_()


def vector(name, n, middle, seed):
    parameters[name] = torch.tensor((middle + 0.1 * wave(n, seed)).astype(np.float32).astype(np.float64)).requires_grad_()


def layer(name, kernel, inside, outside):
    filter_of(name, kernel, inside, outside)
    vector(name + "/scale", outside, 1, 2)
    vector(name + "/offset", outside, 0, 3)


def conv(x, name, stride=1):
    weights = parameters[name + "/weights"]
    n = weights.shape[0] // 2
    return F.conv2d(F.pad(x, (n, n, n, n), mode="reflect"), weights.permute(3, 2, 0, 1), stride=stride)


def normed(x, name, stride=1):
    return F.instance_norm(conv(x, name, stride), weight=parameters[name + "/scale"], bias=parameters[name + "/offset"], eps=1e-5)


def together(x):
    """Squares of 2×2 become channels, the square's places before the colours."""
    n, c, h, w = x.shape
    return x.reshape(n, c, h // 2, 2, w // 2, 2).permute(0, 3, 5, 1, 2, 4).reshape(n, 4 * c, h // 2, w // 2)


def enlarged(x, name):
    """Mirrored before it is enlarged, of which one place on each side is kept."""
    x = F.interpolate(F.pad(x, (1, 1, 1, 1), mode="reflect"), scale_factor=2, mode="bilinear", align_corners=False)
    x = F.conv2d(x[:, :, 1:-1, 1:-1], parameters[name + "/weights"].permute(3, 2, 0, 1))
    return F.instance_norm(x, weight=parameters[name + "/scale"], bias=parameters[name + "/offset"], eps=1e-5)


def last(x):
    """Outside are whole squares of 2×2, which mirror those inside."""
    rows = torch.cat([x[:, :, 2:4], x, x[:, :, -4:-2]], 2)
    x = torch.cat([rows[:, :, :, 2:4], rows, rows[:, :, :, -4:-2]], 3)[:, :, 1:-1, 1:-1]
    return F.conv2d(x, parameters["out/weights"].permute(3, 2, 0, 1), parameters["out/biases"])


def forward(x):
    y = relu(normed(together((x - MEAN) / STD), "down1"))
    y = relu(normed(y, "down2", 2))
    for i in range(BLOCKS):
        y = y + normed(relu(normed(y, f"block{i + 1}/a")), f"block{i + 1}/b")
    y = relu(enlarged(y, "up1"))
    y = relu(enlarged(y, "up2"))
    return torch.sigmoid(last(y))


def features(x):
    """Content and style: after the ReLU, but for the last layer."""
    x, contents, styles = (x - MEAN) / STD, [], []
    for i in range(CONTENTS[-1] + 1):
        if i in CONVS:
            y = F.conv2d(x, vgg[f"features.{i}.weight"], vgg[f"features.{i}.bias"], padding=1)
            x = relu(y)
            if i in STYLES:
                styles.append(x)
            if i in CONTENTS:
                contents.append(y if i == CONTENTS[-1] else x)
        elif i in POOLS:
            x = F.max_pool2d(x, 2)
    return contents, styles


def statistics(f):
    n, c, h, w = f.shape
    mean = f.mean((2, 3), keepdim=True)
    rest = (f - mean).reshape(c, h * w)
    return mean, rest @ rest.T / (c * h * w)


def relative(a, b):
    return ((a - b) ** 2).mean() / (b ** 2).mean()


def losses(x, y, before, after, painting, dy, dx):
    squares, wanted = features(painting)
    content = sum(((a - b) ** 2).mean() / (c ** 2).mean() for a, b, c in zip(features(y)[0], features(x)[0], squares)) / len(CONTENTS)
    style = sum(relative(a, b) for f, s in zip(features(y)[1], wanted) for a, b in zip(statistics(f), statistics(s))) / (2 * len(STYLES))
    z = (y - MEAN) / STD
    tv = ((z[:, :, 1:] - z[:, :, :-1]).abs().mean() + (z[:, :, :, 1:] - z[:, :, :, :-1]).abs().mean()) / 2
    h, w = y.shape[2:]
    rows, columns = range(max(0, -dy), min(h, h - dy)), range(max(0, -dx), min(w, w - dx))
    moved = before[:, :, rows.start + dy:rows.stop + dy, columns.start + dx:columns.stop + dx]
    steady = ((after[:, :, rows.start:rows.stop, columns.start:columns.stop] - moved) ** 2).mean()
    total = content + WEIGHT["style"] * style + WEIGHT["tv"] * tv + WEIGHT["steady"] * steady
    return {"total": total, "content": content, "style": style, "tv": tv, "steady": steady}


def main():
    layer("down1", 5, 12, CHANNELS // 2)
    layer("down2", 3, CHANNELS // 2, CHANNELS)
    for i in range(BLOCKS):
        layer(f"block{i + 1}/a", 3, CHANNELS, CHANNELS)
        layer(f"block{i + 1}/b", 3, CHANNELS, CHANNELS)
    layer("up1", 3, CHANNELS, CHANNELS // 2)
    layer("up2", 3, CHANNELS // 2, CHANNELS // 4)
    filter_of("out", 3, CHANNELS // 4, 3)
    vector("out/biases", 3, 0, 4)
    x, moved, painting = photographs(1, 40, 48, SEED), photographs(1, 40, 48, SEED + 1), photographs(1, 32, 48, SEED + 2)
    y = forward(torch.cat([x, moved]))
    parts = losses(x, y[:1], y[:1], y[1:], painting, 3, -2)
    assert min(margins) > 1e-5, margins
    gradients = torch.autograd.grad(parts["total"], list(parameters.values()))
    write_json("feedforward.json", {
        "painted": sample(y.detach().permute(0, 2, 3, 1).numpy(), 300),
        "losses": {name: value.item() for name, value in parts.items()},
        "gradients": {name: {"rms": float(g.square().mean().sqrt()), "values": sample(g.numpy(), 20)}
                      for name, g in zip(parameters, gradients)}})


main()
