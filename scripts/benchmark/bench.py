"""Measures training steps side by side and writes a table and a plot. scripts/bench starts it.

Every contender is a process that runs alone. They take turns, several rounds, so that whatever else the machine does hits
all of them; the table gives the least and the median step.
"""

import argparse
import json
import os
import pathlib
import platform
import subprocess
import sys
import tempfile
import time

import report

HERE = pathlib.Path(__file__).resolve().parent
PYTHON = sys.executable
# height, width, rounds, steps in a round
SIZES = [(150, 225, 2, 4), (300, 450, 3, 3), (600, 900, 2, 1)]
QUICK = [(150, 225, 2, 3)]


def contenders(args, height, width, steps):
    """Names and commands; the first is ours."""
    ours = [args.ours, "-height", str(height), "-width", str(width), "-steps", str(steps), "-backend"]
    peer = [str(height), str(width), str(steps)]
    torch = [PYTHON, "torch_step.py", *peer]
    if args.gpu:
        yield "stylebook, TF32", [*ours, "xla:cuda"]
        yield "stylebook, float32", [*ours, "xla:cuda,tf32=false"]
        yield "PyTorch, frozen, channels last, TF32", [*torch, "best", "cuda", "tf32"]
        yield "PyTorch, frozen, channels last, float32", [*torch, "best", "cuda", "float32"]
        yield "PyTorch as the chapter writes it", [*torch, "chapter", "cuda"]
        yield "PyTorch, torch.compile", [*torch, "compile", "cuda"]
        return
    yield "stylebook, XLA", [*ours, "xla:cpu"]
    yield "PyTorch, frozen, channels last", [*torch, "best", "cpu"]
    yield "PyTorch as the chapter writes it", [*torch, "chapter", "cpu"]
    if not args.quick:
        yield "PyTorch, torch.compile", [*torch, "compile", "cpu"]
    yield "JAX, jit", [PYTHON, "jax_step.py", *peer]
    if height <= 150:
        yield "stylebook, pure Go", [*ours, "go"]


def run(command, **environment):
    """The JSON that a command prints last, with the seconds it took; or {"error": why}."""
    start = time.perf_counter()
    done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, env={**os.environ, **environment})
    if done.returncode:
        return {"error": (done.stderr.strip().splitlines() or [f"it ended with status {done.returncode}"])[-1]}
    return {**json.loads(done.stdout.splitlines()[-1]), "wall": time.perf_counter() - start}


def steps(args, height, width, rounds, count):
    """For each contender what it took, all rounds together; compiling counts the first time."""
    rows = {}
    for turn in range(rounds):
        for name, command in contenders(args, height, width, count):
            row = rows.setdefault(name, {"name": name, "seconds": []})
            if "error" in row:
                continue
            say(f"{height} × {width}, round {turn + 1} of {rounds}: {name}")
            answer = run(command)
            seconds = row["seconds"] + answer.pop("seconds", [])
            rows[name] = {**answer, **row, "seconds": seconds}
            if "peak_bytes" in answer:
                rows[name]["peak_bytes"] = max(answer["peak_bytes"], row.get("peak_bytes", 0))
    return list(rows.values())


def training(args, height, width):
    """Loss and time of a whole training, for each of our methods."""
    rows = []
    for method in ("exact", "fast"):
        say(f"{height} × {width}: whole training, {method}")
        command = [args.ours, "-method", method, "-height", str(height), "-width", str(width), "-weights", args.weights,
                   "-content", args.content, "-style", args.style, "-backend", "xla:cuda" if args.gpu else "xla:cpu"]
        rows.append({"name": method, **run(command)})
    return rows


def machine(gpu):
    model = platform.processor() or platform.machine()
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
        model = next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
        flags = next(line for line in lines if line.startswith("flags")).split()
        model += " with AVX-512" if "avx512f" in flags else " with AVX2" if "avx2" in flags else ""
    except (OSError, StopIteration):
        pass
    text = f"{os.cpu_count()} cores of an {model}, {platform.system()}"
    if gpu:
        query = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]
        text += "; " + subprocess.run(query, capture_output=True, text=True).stdout.strip()
    return text


def say(message):
    print(time.strftime("%H:%M:%S"), message, file=sys.stderr, flush=True)


def main():
    parser = argparse.ArgumentParser()
    for required in ("--ours", "--jupyter-python", "--content", "--style", "--weights", "--out", "--raw"):
        parser.add_argument(required, required=True)
    for option in ("--quick", "--gpu"):
        parser.add_argument(option, action="store_true")
    args = parser.parse_args()

    results = {"machine": machine(args.gpu), "load": os.getloadavg()[0], "gpu": args.gpu, "quick": args.quick,
               "steps": {}, "training": {}}
    sizes = QUICK if args.quick else SIZES
    with tempfile.TemporaryDirectory() as compiled:
        os.environ["TORCHINDUCTOR_CACHE_DIR"] = compiled  # else torch.compile remembers earlier benchmarks
        for height, width, rounds, count in sizes:
            results["steps"][f"{height} × {width}"] = steps(args, height, width, rounds, count)
    for height, width, *_ in sizes[:2]:
        results["training"][f"{height} × {width}"] = training(args, height, width)
    say("cells of a notebook")
    results["cells"] = run([args.jupyter_python, str(HERE / "cells.py")], STYLEBOOK_WEIGHTS=args.weights)

    pathlib.Path(args.raw).write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")
    out = pathlib.Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    text = report.markdown(results)
    (out / "bench.md").write_text(text)
    report.plot(results, out / "bench.png")
    print(text)


if __name__ == "__main__":
    main()
