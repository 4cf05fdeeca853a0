"""Writes the small random VGG-19 and VGG-16 of the golden tests. usage: python network.py

Filters are He's normal numbers, biases are small and not zero. Each convolution is then divided by one number, so that its
features have RMS 1 after the ReLU on the two sample pictures: without that, random losses would be far from the chapter's."""
import math

import numpy as np
from PIL import Image
from safetensors.numpy import save_file

import tab_mxnet as mx
from golden import CONTENT, HEIGHT, STYLE, WEIGHTS, WEIGHTS16, WIDTH

SEED = 36  # with it the first epochs without total variation are not chaotic: see README.md
WIDTHS = {1: 8, 2: 16, 3: 16, 4: 32, 5: 32}
CONVS = {0: 1, 2: 1, 5: 2, 7: 2, 10: 3, 12: 3, 14: 3, 16: 3, 19: 4, 21: 4, 23: 4, 25: 4, 28: 5}  # layer -> block
SEED16 = 58  # golden16.py makes sure that it is as good
CONVS16 = {0: 1, 2: 1, 5: 2, 7: 2, 10: 3, 12: 3, 14: 3, 17: 4, 19: 4, 21: 4, 24: 5}


def write(path, seed, convs, metadata):
    random, tensors, channels, block = np.random.default_rng(seed), {}, 3, 1
    maps = [mx.normalize(np.asarray(Image.open(p).resize((WIDTH, HEIGHT), Image.BILINEAR))).astype(np.float64)
            for p in (CONTENT, STYLE)]
    for layer, own in convs.items():
        if own > block:
            maps, block = [mx.pool(m)[0] for m in maps], own
        weight = random.normal(0, math.sqrt(2 / (9 * channels)), (WIDTHS[own], channels, 3, 3))
        bias = random.normal(0, 0.1, WIDTHS[own])
        after = [np.maximum(mx.conv(m, weight, bias), 0) for m in maps]
        rms = math.sqrt(np.mean([np.mean(a * a) for a in after]))
        maps = [a / rms for a in after]
        tensors[f"features.{layer}.weight"] = (weight / rms).astype(np.float32)
        tensors[f"features.{layer}.bias"] = (bias / rms).astype(np.float32)
        channels = WIDTHS[own]
    save_file(tensors, path, metadata=metadata | {"names": "torchvision's; filters are [out, in, 3, 3]"})


def main():
    write(WEIGHTS, SEED, CONVS, {  # with the place where this program lay, as the committed file has it
        "what": f"random VGG-19 for tests, layers 0 to 28, seed {SEED}, made by scripts/reference/network.py"})
    write(WEIGHTS16, SEED16, CONVS16, {
        "what": f"random VGG-16 for tests, layers 0 to 24, seed {SEED16}, made by network.py", "architecture": "vgg16"})


if __name__ == "__main__":
    main()
