"""Turns what bench.py measured into Markdown tables and a plot."""

import datetime
import statistics

CHAPTER_EPOCHS = 500


def markdown(results):
    options = "".join(f" --{option}" for option in ("quick", "gpu") if results[option])
    lines = ["# Benchmark", "",
             f"Machine: {results['machine']}; {datetime.date.today()}; load average before the start {results['load']:.1f}. "
             f"Written by `./scripts/bench{options}`.", ""]
    if "default" in results:
        lines += default(results["default"], results["weights"])
    lines += ["A step is one epoch of the training: forward, backward to the image, Adam; the network's widths up to conv5_1, "
              "random weights, the chapter's losses. The contenders take turns, one step each; while one works the others are "
              "stopped. All are given huge pages where the system has them.", ""]
    for size, rows in results["steps"].items():
        lines += steps(size, rows, "host's memory, GiB" if results["gpu"] else "peak memory, GiB")
    lines += per_pixel(results["steps"])
    for size, rows in results.get("painted", {}).items():
        lines += painted(size, rows)
    if "where" in results:
        lines += where(results["where"], results["steps"])
    for size, rows in results["training"].items():
        lines += training(size, rows, results["weights"])
    return "\n".join(lines + (cells(results["cells"]) if "cells" in results else []))


def default(d, weights):
    """What people run by default: rows of figures by itself, or beside another's, with the rounds' ratios."""
    lines = ["## What runs by default", ""]
    if "error" in d:
        return lines + [d["error"], ""]
    lines += ["| height × width | default, least | default, median | `-preset pytorch -fast`, least | `-preset pytorch -fast`, median "
              "| ratio, least | ratio, median |", "| --- | --- | --- | --- | --- | --- | --- |"]
    for what, rounds in d["rows"].items():
        columns = [*zip(*rounds)]
        if len(columns) > 1:
            columns.append([ours / theirs for ours, theirs in rounds])
        cells = [cell for column in columns for cell in least_and_median(column)]
        lines.append(f"| {what} | " + " | ".join(cells + [""] * (6 - len(cells))) + " |")
    lines += ["", f"The command `stylize`, weights `{weights}`, `xla:cpu`, in turns; the ratios are those of the rounds. Caches are warm: each "
              "had run before. An epoch is what a run of more epochs takes beyond one of fewer, by their difference."
              + (f" Measured by itself, after the rest, at a load average of {d['load']:.1f}." if "load" in d else ""), "",
              f"| in one process, {d['again_size']} | CPU s to the first loss, least | median |", "| --- | --- | --- |"]
    for name, seconds in d["again"].items():
        lines.append(f"| {name} | " + " | ".join(least_and_median(seconds)) + " |")
    return lines + ["", "All in this table are default trainings, begun one after another; the first has gone on for ten epochs.", ""]


def least_and_median(values):
    return [f"{value:.3g}" for value in (min(values), statistics.median(values))]


def steps(size, rows, memory):
    def whole(r):
        return f"{(r['setup'] + r['compile'] + CHAPTER_EPOCHS * statistics.median(r['seconds'])) / 60:.1f}"
    return [f"## A step, {size} (height × width)", "", *compared(rows, "s/step", 4, memory, {"500 epochs, min": whole}), "",
            "Times ours: of the least steps, and the median of the rounds' ratios; noise of the machine hurts the contenders unequally. The "
            "last column is worked out, not run: setting up, compiling and 500 times the median step.", ""]


def painted(size, rows):
    return [f"## A picture by a network, {size} (height × width)", "", *compared(rows, "s", 3, "peak memory, GiB"), "",
            "The network that `stylize train-network` trains, from the pixels' bytes to those of the painting. The contenders take "
            "turns as above.", ""]


def compared(rows, unit, digits, memory, more={}):
    """A table of contenders, the first of which is ours; more has the heads of further columns, and what makes their cells."""
    heads = [f"{unit}, least", f"{unit}, median", "times ours, least", "times ours, median", "compile, s", memory, *more]
    lines = [f"| | {' | '.join(heads)} |", "| --- " * (len(heads) + 1) + "|"]
    ours = rows[0]["seconds"]
    for r in rows:
        if "error" in r:
            lines.append(f"| {r['name']} | {r['error']} " + "| " * len(heads[1:]) + "|")
            continue
        least, median = min(r["seconds"]), statistics.median(r["seconds"])
        cells = [r["name"].replace("PyTorch", r["engine"]).replace("JAX", r["engine"]), f"{least:.{digits}f}", f"{median:.{digits}f}",
                 f"{least / min(ours or [float('nan')]):.2f}", f"{times(r['seconds'], ours):.2f}", f"{r['compile']:.1f}",
                 f"{r['peak_bytes'] / 2**30:.2f}", *(cell(r) for cell in more.values())]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def times(theirs, ours):
    return statistics.median(a / b for a, b in zip(theirs, ours)) if ours else float("nan")


def per_pixel(sizes):
    """VGG-19's cost per pixel at each size, relative to the smallest."""
    costs = {}
    for title, rows in sizes.items():
        network, size = title.split(", ")
        height, width = (int(n) for n in size.split(" × "))
        if rows[0]["seconds"] and network == "VGG-19":
            costs[size] = statistics.median(rows[0]["seconds"]) / (height * width)
    if len(costs) < 2:
        return []
    first = next(iter(costs.values()))
    return ["Our cost per pixel, relative to the smallest size: "
            + ", ".join(f"{size} {cost / first:.2f}" for size, cost in costs.items()) + ".", ""]


def where(parts, steps):
    """Where our step's time goes: layers of a kind and size together, and what none of them explains."""
    lines = [f"## Where a step's time goes, {parts['size']}", ""]
    if "error" in parts or not steps[parts["size"]][0]["seconds"]:
        return lines + [parts.get("error", "no step was measured"), ""]
    step, rows = 1000 * min(steps[parts["size"]][0]["seconds"]), {}
    for part in parts["parts"]:
        name = part["name"]
        name = "ReLU" if name.startswith("relu") else "pooling" if name.startswith("pool") else name
        times, forward, backward = rows.get(name, (0, 0, 0))
        rows[name] = times + 1, forward + 1000 * part.get("forward", 0), backward + 1000 * part.get("backward", 0)
    lines += ["| | times | forward, ms | backward, ms | of the step |", "| --- | --- | --- | --- | --- |"]
    for name, (times, forward, backward) in rows.items():
        lines.append(f"| {name} | {times} | {f'{forward:.1f}' if forward else ''} | {backward:.1f} | {(forward + backward) / step:.0%} |")
    rest = step - sum(forward + backward for _, forward, backward in rows.values())
    return lines + [f"| rest | | | {rest:.1f} | {rest / step:.0%} |", "",
                    f"Each part was computed by itself, the shortest of ten times; the step is the least of the table above, {step:.0f} ms. In "
                    "a step parts are computed together, which spares memory traffic, so the rest may be below zero.", ""]


def training(size, rows, weights):
    lines = [f"## Whole trainings, {size}", "",
             "| pair | method | epochs | total loss | of the exact loop's | seconds, start to end | times as fast | of these compiling |",
             "| --- | --- | --- | --- | --- | --- | --- | --- |"]
    for r in rows:
        if "error" in r:
            lines.append(f"| {r['pair']} | {r['name']} | {r['error']} | | | | | |")
            continue
        exact = next(e for e in rows if e["pair"] == r["pair"])
        loss, faster = r["total"] / exact.get("total", float("nan")), exact.get("wall", float("nan")) / r["wall"]
        lines.append(f"| {r['pair']} | {r['name']} | {r['epochs']} | {r['total']:.4f} | {loss:.3f} | {r['wall']:.1f} "
                     f"| {faster:.2f} | {r['compile']:.1f} |")
    return lines + ["", f"The chapter's losses, weights `{weights}`. The exact loop's loss is the mean of its last ten epochs.", ""]


def cells(c):
    lines = ["## Waiting for a notebook cell, warm kernel", ""]
    if "error" in c:
        return lines + [c["error"], ""]
    return lines + ["| cell | seconds, median |", "| --- | --- |",
                    f"| that only draws | {c['draw']:.2f} |", f"| that computes, without training | {c['compute']:.2f} |", ""]


def plot(results, path):
    import matplotlib
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    sizes = list(results["steps"])
    names = [r["name"] for r in max(results["steps"].values(), key=len)][::-1]
    figure, axes = plt.subplots(1, len(sizes), figsize=(4 + 3.2 * len(sizes), 3.2), layout="constrained", sharey=True,
                                squeeze=False)
    for axis, size in zip(axes[0], sizes):
        rows = [r for r in results["steps"][size] if r["seconds"]]
        places = [names.index(r["name"]) for r in rows]
        median = [statistics.median(r["seconds"]) for r in rows]
        colors = ["#0b6e99" if r["name"].startswith("stylebook") else "#b8b8b8" for r in rows]
        bars = axis.barh(places, median, color=colors)
        axis.bar_label(bars, [f" {m:.3g}" for m in median], fontsize=8)
        axis.plot([min(r["seconds"]) for r in rows], places, "|", color="black", markersize=12)
        axis.set_title(f"{size}, seconds per step", fontsize=10)
        axis.set_yticks(range(len(names)), names)
        axis.tick_params(labelsize=8)
        axis.margins(x=0.18)
        axis.spines[["top", "right"]].set_visible(False)
    figure.supxlabel(f"{results['machine']} · bar: median, line: least", fontsize=8)
    figure.savefig(path, dpi=150)
