"""What the peers' benchmarks share: the networks' shapes, the weights of the losses, and how steps are measured."""

import json
import resource
import sys
import time

CHANNELS = [64, 128, 256, 512]
CONVOLUTIONS = {"vgg19": [2, 2, 4, 4], "vgg16": [2, 2, 3, 3]}  # of the blocks before conv5_1
CONTENT_WEIGHT, STYLE_WEIGHT, STYLE_REPEAT, TV_WEIGHT = 1, 1e3, 10, 10
RATE, BETA1, BETA2, EPSILON = 1e-3, 0.9, 0.999, 1e-8


class Network:
    """A network up to conv5_1: channels of the convolutions of each block, and which convolutions the losses look at."""

    def __init__(self, name):
        deep = CONVOLUTIONS[name]
        self.blocks = [[channels] * n for channels, n in zip(CHANNELS, deep)] + [[512]]
        self.style_layers = [sum(deep[:block]) for block in range(5)]  # conv1_1, …, conv5_1
        self.content_layer = sum(deep) - 1  # the last of block 4


def serve(step, engine, start):
    """Does two steps, the first of which compiles, and tells what that took; then, for each line of input, one more step.
    start is when the setting up began."""
    setup = time.perf_counter() - start
    first, second = timed(step), timed(step)
    say(engine=engine, setup=setup, compile=max(0, first - second))
    for _ in sys.stdin:
        say(seconds=timed(step))


def say(**answer):
    unit = 1 if sys.platform == "darwin" else 1024
    print(json.dumps({**answer, "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit}), flush=True)


def timed(step):
    start = time.perf_counter()
    step()
    return time.perf_counter() - start
