"""Measures the command as most run it, and training steps side by side, and writes tables and a plot. scripts/bench starts it.

The contenders of a step's size are processes that take turns, one step each: while one works the others are stopped, and whatever
else the machine does hits all of them alike. The table gives the least and the median step.
"""

import argparse
import json
import os
import pathlib
import platform
import signal
import subprocess
import sys
import tempfile
import time

import report

HERE = pathlib.Path(__file__).resolve().parent
PYTHON = sys.executable
SIZES = [("vgg19", 150, 225, 15), ("vgg19", 300, 450, 10), ("vgg19", 600, 900, 4), ("vgg16", 300, 450, 10)]  # …, rounds
GPU = [("vgg19", 300, 450, 20), ("vgg19", 600, 900, 10)]
QUICK = [("vgg19", 150, 225, 8)]
SMALL, CHAPTER, LARGEST = (96, 144), (300, 450), (768, 1024)  # height, width
PAINTED = (384, 512)
PRESETS = [], ["-preset", "pytorch", "-fast"]  # the default, and what it is compared with
FEW, MANY = 50, 150  # epochs of the runs whose difference tells what one takes
NAMES = {"vgg19": "VGG-19", "vgg16": "VGG-16"}
MEMORY_LEFT = 1e9  # bytes that must be free beside the largest contender so far before another is started


def title(network, height, width):
    return f"{NAMES[network]}, {height} × {width}"


def contenders(args, network, height, width):
    """Names and commands; the first is ours."""
    ours = [args.ours, "-vgg", network[-2:], "-height", str(height), "-width", str(width), "-backend"]
    size = [network, str(height), str(width)]
    torch = [PYTHON, "torch_step.py", *size]
    if args.gpu:
        yield "stylebook, TF32", [*ours, "xla:cuda"]
        yield "stylebook, float32", [*ours, "xla:cuda,tf32=false"]
        yield "PyTorch, frozen, channels last, TF32", [*torch, "best", "cuda", "tf32"]
        yield "PyTorch, frozen, channels last, float32", [*torch, "best", "cuda", "float32"]
        yield "PyTorch as the chapter writes it", [*torch, "chapter", "cuda"]
        if height == 300:
            yield "PyTorch, torch.compile", [*torch, "compile", "cuda"]
        return
    yield "stylebook, XLA", [*ours, "xla:cpu"]
    yield "stylebook, pure Go", [*ours, "go"]
    yield "PyTorch, frozen, channels last", [*torch, "best", "cpu"]
    yield "PyTorch as the chapter writes it", [*torch, "chapter", "cpu"]
    if not args.quick:
        yield "PyTorch, torch.compile", [*torch, "compile", "cpu"]
    yield "JAX, jit", [PYTHON, "jax_step.py", *size]


def painters(args, height, width):
    """Names and commands of what paints with the same network in one pass; the first is ours."""
    ours = [args.ours, "-painted", "-height", str(height), "-width", str(width), "-backend"]
    torch = [PYTHON, "torch_painted.py", str(height), str(width)]
    yield "stylebook, XLA", [*ours, "xla:cpu"]
    yield "PyTorch, channels last", [*torch, "last"]
    yield "PyTorch, channels first", [*torch, "first"]
    if not args.quick:
        yield "PyTorch, torch.compile", [*torch, "compile"]


# huge pages for the peers, the second by PyTorch's own switch; we ask for them by ourselves
HUGE_PAGES = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1", "THP_MEM_ALLOC_ENABLE": "1"}


class Contender:
    """A process that does a step when told to, and is stopped while it isn't."""

    def __init__(self, name, command):
        self.row = {"name": name, "seconds": [], "compile": 0}
        self.errors = tempfile.TemporaryFile("w+")
        env = os.environ | (HUGE_PAGES if command[0] == PYTHON else {})
        self.process = subprocess.Popen(command, cwd=HERE, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=self.errors, text=True)
        self.row |= self.answer()

    def answer(self):
        line = self.process.stdout.readline()
        if line:
            self.process.send_signal(signal.SIGSTOP)
            return json.loads(line)
        self.process.wait()
        self.errors.seek(0)
        return {"error": last_line(self.errors.read())}

    def step(self):
        if "error" in self.row:
            return
        self.process.send_signal(signal.SIGCONT)
        print(file=self.process.stdin, flush=True)
        answer = self.answer()
        self.row["seconds"] += [answer.pop("seconds")] if "seconds" in answer else []
        self.row |= answer


def steps(what, contenders, rounds):
    """For each contender what it took."""
    running, rows = [], []
    try:
        for name, command in contenders:
            largest = max([c.row.get("peak_bytes", 0) for c in running], default=0)
            if available() < 1.5 * largest + MEMORY_LEFT:
                rows.append({"name": name, "seconds": [], "error": "left out: too little memory"})
                continue
            say(f"{what}: {name} compiles")
            running.append(Contender(name, command))
        for turn in range(rounds):
            say(f"{what}: round {turn + 1} of {rounds}")
            for contender in running:
                contender.step()
    finally:
        for contender in running:
            contender.process.kill()  # also what is stopped
    return [contender.row for contender in running] + rows


def available():
    try:
        text = pathlib.Path("/proc/meminfo").read_text()
    except OSError:
        return float("inf")
    return 1024 * int(text.split("MemAvailable:")[1].split()[0])


def run(command, **environment):
    """The JSON that a command prints last, with the seconds it took; or {"error": why}."""
    start = time.perf_counter()
    done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, env={**os.environ, **environment})
    if done.returncode:
        return {"error": last_line(done.stderr)}
    return {**json.loads(done.stdout.splitlines()[-1]), "wall": time.perf_counter() - start}


def last_line(text):
    return (text.strip().splitlines() or ["it ended without a word"])[-1]


class Failed(Exception):
    """What has no figures, and why."""


def paint(args, size, *options, pair=None):
    """What a run of the command takes from its start to its file, and its epochs as it logs them."""
    content, style = pair or args.pairs[0]
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile("w+") as errors:
        command = [args.stylize, "-content", content, "-style", style, "-height", str(size[0]), "-width", str(size[1]), "-weights", args.weights,
                   "-backend", engine(args), "-out", f"{folder}/out.png", "-runs", f"{folder}/runs", "-log", f"{folder}/log", *options]
        start = time.perf_counter()
        process = subprocess.Popen(command, cwd=HERE, stdout=subprocess.DEVNULL, stderr=errors)
        _, status, used = os.wait4(process.pid, 0)
        wall, process.returncode = time.perf_counter() - start, os.waitstatus_to_exitcode(status)
        if process.returncode:
            errors.seek(0)
            raise Failed(last_line(errors.read()))
        epochs = [json.loads(line) for line in pathlib.Path(folder, "log").read_text().splitlines()]
    peak = used.ru_maxrss * (1 if platform.system() == "Darwin" else 1024)
    return {"wall": wall, "cpu": used.ru_utime + used.ru_stime, "peak_bytes": peak}, epochs


def engine(args):
    return "xla:cuda" if args.gpu else "xla:cpu"


def epoch(args, *options):
    """What an epoch takes at the small size: the difference of two runs, by their numbers of epochs."""
    few, many = (paint(args, SMALL, "-epochs", str(epochs), *options)[0] for epochs in (FEW, MANY))
    return {what: (many[what] - few[what]) / (MANY - FEW) for what in few}


def default(args):
    """The command by default beside the chapter's loss with -fast: for each measure the rounds' pairs of figures, or single ones."""
    rows, again = {}, {}

    def note(what, *figures):
        rows.setdefault(what, []).append(figures)

    small, chapter, largest = (f"{height} × {width}" for height, width in (SMALL, CHAPTER, LARGEST))
    for size in SMALL, CHAPTER:
        for preset in PRESETS:
            paint(args, size, "-epochs", "1", *preset)  # fills the caches
    rounds = 1 if args.quick else 3
    for turn in range(rounds):
        say(f"by default: round {turn + 1} of {rounds}")
        note(f"{chapter}, start to file, s", *(paint(args, CHAPTER, *preset)[0]["wall"] for preset in PRESETS))
        epochs = [epoch(args, *preset) for preset in PRESETS]
        note(f"{small}, an epoch, CPU s", *(e["cpu"] for e in epochs))
        note(f"{small}, an epoch, s", *(e["wall"] for e in epochs))
        first, _ = paint(args, SMALL, "-epochs", "1")
        note(f"{small}, start to file of one epoch, CPU s", first["cpu"])
        note(f"{small}, start to file of one epoch, s", first["wall"])
        for began in beginnings(args):
            again.setdefault(began["name"], []).append(began["cpu"])
    if not args.quick:
        say(f"by default: {largest}")
        whole, _ = paint(args, LARGEST)
        note(f"{largest}, start to file, s", whole["wall"])
        note(f"{largest}, peak memory, GiB", whole["peak_bytes"] / 2**30)
    return {"rows": rows, "again": again, "again_size": small}


def beginnings(args):
    """What one process takes to the first losses of trainings one after another."""
    (content, style), (other, _) = args.pairs[:2]
    answer = run([args.ours, "-again", other, "-content", content, "-style", style, "-weights", args.weights,
                  "-height", str(SMALL[0]), "-width", str(SMALL[1])])
    if "error" in answer:
        raise Failed(answer["error"])
    return answer["again"]


def training(args, content, style, height, width):
    """Loss and time of a whole training of the chapter's loss, for each method. The exact loop's loss, which jumps, is the mean of the
    last ten epochs, a fast one's that of its picture."""
    rows = []
    for method, optimizer, last in (("exact", "adam", 10), ("fast", "fast", 1)):
        say(f"{height} × {width}: whole training, {method}, {content.stem} and {style.stem}")
        row = {"name": method, "pair": f"{content.stem}, {style.stem}"}
        try:
            took, epochs = paint(args, (height, width), "-preset", "pytorch", "-optimizer", optimizer, pair=(content, style))
            seconds = [epoch["seconds"] for epoch in epochs]
            row |= {"wall": took["wall"], "epochs": len(epochs), "compile": max(0, seconds[0] - min(seconds)),
                    "total": sum(epoch["total"] for epoch in epochs[-last:]) / last}
        except Failed as failed:
            row["error"] = str(failed)
        rows.append(row)
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
    for required in ("--ours", "--stylize", "--jupyter-python", "--weights", "--out", "--raw"):
        parser.add_argument(required, required=True)
    parser.add_argument("--pair", dest="pairs", nargs=2, type=pathlib.Path, action="append", required=True)
    for option in ("--quick", "--gpu", "--default"):
        parser.add_argument(option, action="store_true")
    args = parser.parse_args()
    if args.default:
        return again_by_default(args)

    results = {"machine": machine(args.gpu), "load": os.getloadavg()[0], "gpu": args.gpu, "quick": args.quick,
               "steps": {}, "training": {}, "weights": args.weights}
    if not args.gpu:
        try:
            results["default"] = default(args)
        except Failed as failed:
            results["default"] = {"error": str(failed)}
    sizes = QUICK if args.quick else GPU if args.gpu else SIZES
    with tempfile.TemporaryDirectory() as compiled:
        os.environ["TORCHINDUCTOR_CACHE_DIR"] = compiled  # else torch.compile remembers earlier benchmarks
        for network, height, width, rounds in sizes:
            what = title(network, height, width)
            results["steps"][what] = steps(what, contenders(args, network, height, width), rounds)
        if not args.gpu:
            what = "{} × {}".format(*PAINTED)
            results["painted"] = {what: steps(f"by a network, {what}", painters(args, *PAINTED), 8 if args.quick else 30)}
    height, width = (150, 225) if args.quick else (300, 450)
    pairs = args.pairs[:1] if args.quick else args.pairs
    results["training"][f"{height} × {width}"] = [row for pair in pairs for row in training(args, *pair, height, width)]
    if not args.gpu:  # the kernel's waits are the CPU's
        say("where a step's time goes")
        results["where"] = {"size": title("vgg19", height, width), **run([args.ours, "-where", "-height", str(height), "-width", str(width)])}
        say("cells of a notebook")
        results["cells"] = run([args.jupyter_python, str(HERE / "cells.py")], STYLEBOOK_WEIGHTS=args.weights)

    write(results, args)


def again_by_default(args):
    """Measures anew what runs by default; the rest stays as an earlier run, on this machine, measured it."""
    raw = pathlib.Path(args.raw)
    results = json.loads(raw.read_text()) if raw.exists() else {}
    if results.get("machine") != machine(args.gpu):
        sys.exit(f"bench: --default: {raw} has no other figures of this machine: measure all, without --default")
    load = os.getloadavg()[0]
    results["default"] = {**default(args), "load": load}
    write(results, args)


def write(results, args):
    pathlib.Path(args.raw).write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")
    out = pathlib.Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    text = report.markdown(results)
    (out / "bench.md").write_text(text)
    report.plot(results, out / "bench.png")
    print(text)


if __name__ == "__main__":
    main()
