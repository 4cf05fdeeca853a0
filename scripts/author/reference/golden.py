"""Writes data/golden: what the chapter's three tabs compute on our sample pictures. usage: python golden.py

Each tab runs in a process of its own, because PyTorch and Paddle bring different versions of the same libraries."""
import importlib
import json
import multiprocessing
import os
import re
from concurrent.futures import ProcessPoolExecutor

import cv2
import numpy as np
from PIL import Image
from safetensors.numpy import save_file

import chapter as ch

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "data")
CONTENT, STYLE = os.path.join(DATA, "content.jpg"), os.path.join(DATA, "style.jpg")
WEIGHTS = os.path.join(DATA, "weights", "vgg19-random.safetensors")
WEIGHTS16 = os.path.join(DATA, "weights", "vgg16-random.safetensors")  # for golden16.py
OUT = os.path.join(DATA, "golden")
HEIGHT, WIDTH, EPOCHS = 60, 90, 30
TABS = {"pytorch": "pil", "paddle": "pil", "mxnet": "cv"}  # and how the name of its resized pictures ends
WHOLE = "style"  # the picture whose taps are stored whole; the other's are sampled


def call(tab, function, *arguments):
    """Runs a function of a tab's module. Top-level, so that another process can be asked for it."""
    return getattr(importlib.import_module("tab_" + tab), function)(*arguments)


def sample(array, count):
    """Element k of a sample is element ((k+1)·7919) mod n of the flattened tensor, as in the larger fixtures."""
    flat = array.reshape(-1)
    return [float(flat[(k + 1) * 7919 % flat.size]) for k in range(count)]


def rms(array):
    return float(np.sqrt(np.mean(np.square(array, dtype=np.float64))))


def describe(array, count=32):
    return {"shape": list(array.shape), "rms": rms(array), "sample": sample(array, count)}


def document(tab, job, result):
    """The JSON file of one run."""
    names = {which: f"{which}-{HEIGHT}x{WIDTH}-{TABS[tab]}.png" for which in ("content", "style")}
    return {
        "case": {
            "net": os.path.basename(job.weights), "preset": tab, "height": HEIGHT, "width": WIDTH,
            "content_png": names["content"], "style_png": names["style"],
            "style_layers": ch.STYLE_LAYERS, "content_layers": ch.CONTENT_LAYERS, "content_weight": ch.CONTENT_WEIGHT,
            "style_weight": ch.STYLE_WEIGHT, "tv_weight": job.tv_weight, "epochs": job.epochs,
            "sample_rule": "element ((k+1)*7919) mod n of the tensor flattened in C,H,W order"},
        "taps": {which + "_image": {str(i): describe(t) for i, t in taps.items()} for which, taps in result.taps.items()},
        "grams": {which + "_image": {str(i): {"row0": [float(v) for v in g[0, :8]], "frobenius": float(np.linalg.norm(g))}
                                     for i, g in grams.items()} for which, grams in result.grams.items()},
        "initial": {"content": result.content_losses, "style": result.style_losses, "tv": result.tv_loss},
        "gradient": {"rms": rms(result.gradient), "sample": sample(result.gradient, 64)},
        "trace": result.trace}


def tensors(name, result):
    """What is stored whole."""
    whole = {f"{name}.gradient_initial": result.gradient}
    if "tv-off" in name:
        return whole  # inputs, taps and Gram matrices are those of the run with it
    for which in ("content", "style"):
        whole[f"{name}.input_{which}"] = result.inputs[which]
        whole |= {f"{name}.gram_{which}_image_{i}": g for i, g in result.grams[which].items()}
    return whole | {f"{name}.tap_{WHOLE}_image_{i}": t for i, t in result.taps[WHOLE].items()}


def write_json(name, value):
    text = json.dumps(value, indent=1)
    text = re.sub(r"\[\s+([^\[\]{}]*?)\s+\]", lambda m: "[" + re.sub(r"\s+", " ", m.group(1)) + "]", text)
    with open(os.path.join(OUT, name), "w") as f:
        f.write(text + "\n")


def save_picture(tab, name, pixels):
    path = os.path.join(OUT, "images", name)
    if tab == "paddle":  # PyTorch has written it: Paddle's must be the same
        assert np.array_equal(np.asarray(Image.open(path)), pixels), "Paddle resizes otherwise than PyTorch"
    else:
        Image.fromarray(pixels).save(path, optimize=True)


def check_opencv(result):
    """The fixed-point rule in tab_mxnet against OpenCV itself."""
    for which, path in (("content", CONTENT), ("style", STYLE)):
        theirs = cv2.resize(cv2.imread(path), (WIDTH, HEIGHT), interpolation=cv2.INTER_LINEAR)[:, :, ::-1]
        off = np.abs(theirs.astype(int) - result.pixels[which])
        print(f"  OpenCV {cv2.__version__} resizes {which}: largest difference {off.max()}, {(off > 0).mean():.2%} differ")


def resize_alone(pool):
    """A picture without loss, and what each tab makes of its size: no JPEG decoder has a part in it."""
    source = os.path.join(OUT, "images", "source.png")
    Image.open(CONTENT).resize((301, 203), Image.LANCZOS).save(source, optimize=True)
    for tab, ending in TABS.items():
        pixels = pool[tab].submit(call, tab, "resized", source, HEIGHT, WIDTH).result()
        save_picture(tab, f"source-{HEIGHT}x{WIDTH}-{ending}.png", pixels)


def adam_vectors(pool):
    """Fixed gradients from huge to far below ε, some of them zero; what each optimizer makes of them."""
    random = np.random.default_rng(5)
    scale = 10.0 ** np.array([0, 1, 2, -1, -3, -5, -6, -7, -7.5, -8, -8.5, -9, -10, 0, -4, -2])
    gradients = np.float32(random.normal(size=(12, 16)) * scale)
    gradients[:, 13] = 0
    gradients[4:6] = 0
    start = np.float32(random.normal(size=16)).tolist()
    vectors = {"params": start, "gradients": gradients.tolist(), "lr_decay": ch.DECAY, "lr_decay_every": 5,
               "shown": "the parameters after each update; in float64, and as the library does it in float32"}
    for tab in TABS:
        rate = {"mxnet": 0.9}.get(tab, 0.3)
        run = lambda double: pool[tab].submit(call, tab, "adam", start, gradients.tolist(), rate, 5, double).result()
        vectors[tab] = {"lr": rate, "after": run(True), "after_float32": run(False),
                        "rates": pool[tab].submit(call, tab, "rates", 500).result()}
    write_json("adam.json", vectors)


def main():
    os.makedirs(os.path.join(OUT, "images"), exist_ok=True)
    context = multiprocessing.get_context("spawn")
    pool = {tab: ProcessPoolExecutor(1, mp_context=context) for tab in TABS}
    whole = {}
    for tab in TABS:
        for tv_weight, suffix in ((float(ch.TV_WEIGHT), ""), (0.0, "-tv-off")):
            job = ch.Job(WEIGHTS, CONTENT, STYLE, HEIGHT, WIDTH, EPOCHS, tv_weight)
            result = pool[tab].submit(call, tab, "run", job).result()
            name = f"random-{tab}-{HEIGHT}x{WIDTH}{suffix}"
            write_json(name + ".json", document(tab, job, result))
            whole |= {k: np.ascontiguousarray(v, np.float32) for k, v in tensors(name, result).items()}
            for which, pixels in result.pixels.items():
                save_picture(tab, f"{which}-{HEIGHT}x{WIDTH}-{TABS[tab]}.png", pixels)
            last = {k: f"{v[0]:.4g} to {v[-1]:.4g}" for k, v in result.trace.items()}
            print(name, last, flush=True)
        if tab == "mxnet":
            check_opencv(result)
    save_file(whole, os.path.join(OUT, "tensors.safetensors"), metadata={
        "what": "<case>.<name>: input_*, gradient_initial [3, h, w]; tap_*_<layer> [c, h, w]; gram_*_<layer> [c, c]"})
    resize_alone(pool)
    adam_vectors(pool)
    for p in pool.values():
        p.shutdown()


if __name__ == "__main__":
    main()
