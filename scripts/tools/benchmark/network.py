"""What the peers' benchmarks share: VGG-19's shape, the weights of the losses, and how steps are measured."""

import json
import resource
import sys
import time

# channels of the convolutions up to conv5_1, a pooling layer between blocks
BLOCKS = [[64, 64], [128, 128], [256] * 4, [512] * 4, [512]]
STYLE_LAYERS = [0, 2, 4, 8, 12]  # convolutions: conv1_1, conv2_1, conv3_1, conv4_1, conv5_1
CONTENT_LAYER = 11  # conv4_4
CONTENT_WEIGHT, STYLE_WEIGHT, STYLE_REPEAT, TV_WEIGHT = 1, 1e3, 10, 10
RATE, BETA1, BETA2, EPSILON = 1e-3, 0.9, 0.999, 1e-8


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
