"""Writes data/golden/neighbours.json: the two losses of neural neighbours and their gradients, in float64, by PyTorch.
usage: python neighbours.py (some seconds)

The network is the random VGG-16. Neighbours are sought by brute force, place by place; maps are resized by PyTorch's own
interpolation. Tensors are stored with channels last; given numbers are multiples of 1/64, which float32 holds."""
import numpy as np
import torch
from torch.nn import functional as F

from safetensors.numpy import load_file

from golden import WEIGHTS16, sample, write_json

SEED = 40  # one with which all neighbours are clear
random = np.random.default_rng(SEED)
CONVS = [0, 2, 5, 7, 10, 12, 14, 17, 19, 21]  # conv1_1 to conv4_3, torchvision's indices
POOLS = {4, 9, 16}
SHARE, ROTATIONS = 0.75, 2
weights = {k: torch.tensor(v, dtype=torch.float64) for k, v in load_file(WEIGHTS16).items()}


def picture(height, width):
    """Smooth noise, so that places differ in more than grain: [1, 3, height, width]."""
    coarse = torch.tensor(random.normal(size=(1, 3, height // 8, width // 8)))
    smooth = F.interpolate(coarse, size=(height, width), mode="bicubic").numpy() + random.normal(size=(1, 3, height, width)) / 4
    return torch.tensor(np.round(64 * smooth) / 64)


def activations(x):
    """After the ReLU of each convolution."""
    maps = []
    for layer in range(CONVS[-1] + 1):
        if layer in CONVS:
            x = F.relu(F.conv2d(x, weights[f"features.{layer}.weight"], weights[f"features.{layer}.bias"], padding=1))
            maps.append(x)
        elif layer in POOLS:
            x = F.max_pool2d(x, 2)
    return maps


def hypercolumns(x):
    grid = (x.shape[2] // 4, x.shape[3] // 4)
    maps = [F.interpolate(m / m.shape[1], size=grid, mode="bilinear", align_corners=False) for m in activations(x)]
    return torch.cat(maps, 1)[0].flatten(1).T  # [places, channels]


def nearest(rows, offered):
    """For each row the offered one of the least angle, and by how much the next one is worse."""
    places, margin = [], np.inf
    for row in rows:
        cosines = np.array([float(row @ o / (row.norm() * o.norm())) for o in offered])
        order = np.argsort(-cosines)
        places.append(int(order[0]))
        margin = min(margin, cosines[order[0]] - cosines[order[1]])
    return places, margin


def last(x):
    x = np.moveaxis(x.detach().numpy(), 1, -1)
    return {"shape": list(x.shape), "values": x.reshape(-1).tolist()}


def described(loss, image):
    gradient = np.moveaxis(torch.autograd.grad(loss, image)[0].numpy(), 1, -1)
    return {"value": loss.item(), "rms": float(np.sqrt(np.mean(gradient ** 2))), "gradient": sample(gradient, 200)}


def of_stage(image, begin, photograph, styles):
    offered = [hypercolumns(torch.rot90(s, k, (2, 3))) for s in styles for k in range(ROTATIONS)]
    centre = torch.cat([hypercolumns(s) for s in styles]).mean(0)
    mixed = (1 - SHARE) * begin + SHARE * photograph
    asked, offered = hypercolumns(mixed), torch.cat(offered)
    places, margin = nearest(asked - asked.mean(0), offered - centre)
    assert margin > 1e-5, margin
    loss = (1 - F.cosine_similarity(hypercolumns(image), offered[places], dim=1)).mean()
    return {"places": places, **described(loss, image)}


def of_places(image, begin, styles):
    """Grids of all places: the maps are small. Means are those of the picture for which neighbours are sought."""
    loss, margins = 0, []
    for x, b, *of_styles in zip(activations(image), activations(begin), *map(activations, styles)):
        rows, first = [(m[0].flatten(1).T - b[0].flatten(1).T.mean(0)) for m in (x, b)]
        offered = torch.cat([m[0].flatten(1).T for m in of_styles])
        offered = offered - offered.mean(0)
        places, margin = nearest(first, offered)
        margins.append(margin)
        loss = loss + (1 - F.cosine_similarity(rows, offered[places], dim=1)).mean()
    assert min(margins) > 1e-6, margins  # float32 chooses the same
    return described(loss, image)


def main():
    photograph, begin, image = picture(24, 32), picture(24, 32), picture(24, 32).requires_grad_()
    styles = [picture(24, 16), picture(16, 24)]
    write_json("neighbours.json", {
        "share": SHARE, "rotations": ROTATIONS, "photograph": last(photograph), "begin": last(begin), "image": last(image),
        "styles": [last(s) for s in styles], "stage": of_stage(image, begin, photograph, styles),
        "places": of_places(image, begin, styles)})


main()
