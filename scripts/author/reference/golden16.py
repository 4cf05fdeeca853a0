"""Writes the golden runs of VGG-16: what the chapter's three tabs compute with it, with layers of the same roles.
usage: python golden16.py

First it makes sure that the network is a fair test: runs in float32 and in float64 must agree."""
import importlib
import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace

import numpy as np
from PIL import Image

import chapter as ch
from golden import CONTENT, EPOCHS, HEIGHT, OUT, STYLE, TABS, WEIGHTS16, WIDTH, document, write_json

# conv1_1, conv2_1, conv3_1, conv4_1 and conv5_1 for style, conv4_3 for content: in VGG-19 that is conv4_4, the last of its block
STYLE_LAYERS = [0, 5, 10, 17, 24]
CONTENT_LAYERS = [21]
# How far float32 may be from float64 in five epochs without total variation, and in all epochs with it, whose gradient is a sign.
# Paddle's Adam alone is off by up to 5e-6 in float32.
QUIET = {"pytorch": 1e-6, "paddle": 1e-5, "mxnet": 1e-6}
NOISY = 1e-2


def choose_layers():
    ch.STYLE_LAYERS, ch.CONTENT_LAYERS = STYLE_LAYERS, CONTENT_LAYERS


def module(tab):
    return importlib.import_module("tab_" + tab)


def run(job, tab):
    choose_layers()
    return module(tab).run(job)


def disagreement(job, tab):
    """The largest relative difference between a tab's float32 and float64 totals."""
    choose_layers()
    narrow, wide = (np.array(module(tab).totals(job, double)) for double in (False, True))
    return float(np.abs(narrow / wide - 1).max())


def check_pictures(tab, result):
    """golden.py has written the pictures: these must be the same, so that both can be read from there."""
    for which, pixels in result.pixels.items():
        written = Image.open(os.path.join(OUT, "images", f"{which}-{HEIGHT}x{WIDTH}-{TABS[tab]}.png"))
        assert np.array_equal(np.asarray(written), pixels), which


def main():
    choose_layers()
    pool = {tab: ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) for tab in TABS}
    job = ch.Job(WEIGHTS16, CONTENT, STYLE, HEIGHT, WIDTH, EPOCHS, float(ch.TV_WEIGHT))
    for tab in TABS:
        quiet = pool[tab].submit(disagreement, replace(job, epochs=5, tv_weight=0.0), tab).result()
        noisy = pool[tab].submit(disagreement, job, tab).result()
        assert quiet < QUIET[tab] and noisy < NOISY, (tab, quiet, noisy)
        result = pool[tab].submit(run, job, tab).result()
        check_pictures(tab, result)
        write_json(f"random16-{tab}-{HEIGHT}x{WIDTH}.json", document(tab, job, result))
        # PyTorch's ReLU has overwritten all taps but the last, the others' none.
        rectified = [i for i, t in result.taps["content"].items() if t.min() >= 0]
        assert rectified == (sorted(STYLE_LAYERS[:-1] + CONTENT_LAYERS) if tab == "pytorch" else []), rectified
        print(tab, f"float32 and float64 agree to {quiet:.1e}, with total variation to {noisy:.1e};",
              {k: f"{v[0]:.4g} to {v[-1]:.4g}" for k, v in result.trace.items()}, flush=True)
    for p in pool.values():
        p.shutdown()


if __name__ == "__main__":
    main()
