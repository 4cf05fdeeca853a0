"""Looks through executed notebooks for what Jupyter takes for a success and is none.

    check_notebooks.py [--committed] NOTEBOOK...

A failing command or an unknown %magic of the Go kernel ends with status ok and leaves a line on stderr; a picture that is lost
on the way leaves nothing. --committed also asks for what a committed notebook must be: executed as a whole or not at all,
small, and free of this machine's paths. Prints a line for each problem and ends with status 1 if there is one.
"""

import json
import os
import pathlib
import re
import sys

LIMIT = 1_000_000  # bytes
SHOWS = re.compile(r"nbui\.(Show\w*|NewLive)\(")
DATA = re.compile(r"data:image/\w+;base64,[\w+/=]*")
PRINTS = re.compile(r"fmt\.Print")
WAITS = re.compile(r"finish task \d first · .*\n")  # a cell of an exercise that needs an earlier task
REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
PATHS = re.compile(rf"(?<![\w.])/(root|home|tmp|Users|var/folders)/|{re.escape(str(REPOSITORY))}")


def text(value):
    return "".join(value) if isinstance(value, list) else value


def code_cells(book):
    return [c for c in book["cells"] if c["cell_type"] == "code"]


def executed_problems(book):
    """What went wrong in cells that were executed."""
    for number, cell in enumerate(book["cells"], 1):
        if cell["cell_type"] != "code" or cell["execution_count"] is None:
            continue
        source, outputs = text(cell["source"]), cell["outputs"]
        kinds = [kind for o in outputs for kind in o.get("data", {})]
        for o in outputs:
            if o["output_type"] == "error":
                yield f"cell {number}: {o['ename']}: {o['evalue']}"
        printed = {name: "".join(text(o["text"]) for o in outputs if o["output_type"] == "stream" and o["name"] == name)
                   for name in ("stdout", "stderr")}
        complaint = printed["stderr"].strip()
        if complaint:
            yield f"cell {number}: stderr: {complaint.splitlines()[-1]}"
        runs = re.search(r"^%%$", source, re.MULTILINE)
        waits = WAITS.fullmatch(printed["stdout"])
        if runs and SHOWS.search(source) and not waits and not any(kind.startswith("image/") for kind in kinds):
            yield f"cell {number}: its picture is missing"
        if runs and PRINTS.search(source) and not printed["stdout"]:
            yield f"cell {number}: what it prints is missing"


def committed_problems(book, size):
    """What a committed notebook must not be."""
    counts = [c["execution_count"] is not None for c in code_cells(book)]
    if any(counts) and not all(counts):
        yield "executed in part: run scripts/execute-all"
    if size >= LIMIT:
        yield f"{size} bytes: it must stay below {LIMIT}"
    for number, cell in enumerate(book["cells"], 1):
        if "papermill" in cell["metadata"] or "injected-parameters" in cell["metadata"].get("tags", []):
            yield f"cell {number}: left by papermill"
        shown = json.dumps([o.get("text") or {k: v for k, v in o.get("data", {}).items() if not k.startswith("image/")}
                            for o in cell.get("outputs", [])], ensure_ascii=False)
        for where in (text(cell["source"]), DATA.sub("", shown)):
            if found := PATHS.search(where):
                yield f"cell {number}: a path of this machine: {where[found.start():found.start() + 40]!r}"


def problems(path, committed=False):
    """All problems of a notebook file, one line each."""
    with open(path, encoding="utf-8") as file:
        book = json.load(file)
    found = list(executed_problems(book))
    if committed:
        found += committed_problems(book, os.path.getsize(path))
    return found


def executed(path):
    """Whether every code cell of a notebook file was executed."""
    return all(c["execution_count"] is not None for c in code_cells(json.loads(pathlib.Path(path).read_text("utf-8"))))


def main():
    arguments = sys.argv[1:]
    committed = "--committed" in arguments
    paths = [a for a in arguments if a != "--committed"]
    if not paths:
        sys.exit(__doc__)
    bad = [f"{path}: {problem}" for path in paths for problem in problems(path, committed)]
    print("\n".join(bad) or f"{len(paths)} notebooks are clean")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
