"""Runs the checks of submitted notebooks without a screen, and leaves a table.

    grade.py [--seconds N] [--memory GB] [--out TABLE.csv] FOLDER

FOLDER holds the submissions, NAME.ipynb or NAME/ANYTHING.ipynb. Whose checks are asked is seen from the functions that a submission
declares; a check whose cell was deleted counts too. Of a submission only declarations are taken: what its cells run, and what they
ask of the shell, is left out. The table, FOLDER/grades.csv unless told otherwise, has a line for each check: name, check, passed,
message, seconds.

A check may take N seconds (60) and no process of a kernel more than that much memory (4 GB of addresses). What a submission
declares does run, with the rights of who calls this.
"""

import argparse
import collections
import csv
import json
import os
import pathlib
import queue
import re
import resource
import secrets
import shutil
import signal
import sys
import tempfile
import time

import nbformat
from jupyter_client.manager import KernelManager

NOTEBOOKS = pathlib.Path(__file__).resolve().parents[2] / "notebooks"
BUILD = 300  # seconds that compiling a cell may take on a busy machine
CHECK = re.compile(r"checks\.(\w+)\((\w+)\)")
FUNCTION = re.compile(r"^func (\w+)[\[(]", re.MULTILINE)
IMPORT = re.compile(r"^import (?:\([^)]*\)|.*)$", re.MULTILINE)
COLUMNS = ("name", "check", "passed", "message", "seconds")
Row = collections.namedtuple("Row", COLUMNS)
CHINESE = {
    "took longer than {} s": "超过了 {} 秒",
    "the program ended: {}": "程序结束了：{}",
    "does not compile: {}": "不能编译：{}",
    "is not declared": "没有声明",
    "is no notebook": "不是笔记本",
    "declares no function that a check knows": "没有声明任何可以检查的函数",
}


def said(text, *values):
    """A message in the language that the checks speak."""
    return (CHINESE[text] if os.environ.get("STYLEBOOK_LANGUAGE") == "zh" else text).format(*values)


def known_checks():
    """The checks that each of our notebooks asks, in their order."""
    known = {}
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        if path.name.count(".") == 1 and "-solution" not in path.name:
            source = "\n".join(c.source for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code")
            known[path.stem] = list(dict.fromkeys(check for check, function in CHECK.findall(source) if check == function))
    return known


def declarations(cell):
    """What a cell declares: nothing that it runs, asks of the kernel or of the shell."""
    lines = []
    for line in cell.source.split("\n"):
        if line.startswith(("%%", "%main", "%test")):
            break
        if not line.startswith(("%", "!")):
            lines.append(line)
    return "\n".join(lines).strip()


def joined(cells):
    """Cells as one, imports first."""
    imports = [found[0] for cell in cells for found in IMPORT.finditer(cell)]
    return "\n".join(["%noautoget", *dict.fromkeys(imports), *(IMPORT.sub("", cell) for cell in cells)])


class Watch:
    """Follows what the checks of one cell print, and how long they may still take."""

    def __init__(self, seconds, mark=""):
        self.seconds, self.mark = seconds, mark
        self.deadline, self.at, self.since, self.found = time.monotonic() + BUILD + seconds, None, 0, {}

    def line(self, line):
        mark, _, value = line.partition(" ")
        if not self.mark or mark != self.mark:
            return
        now = time.monotonic()
        self.deadline, value = now + self.seconds, json.loads(value)
        if isinstance(value, str):
            self.at, self.since = value, now
        else:
            self.at, self.found[value[0]] = None, value[1:]


class Kernel:
    """A Go kernel in a folder of its own, which goes with all that it started."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="grade-")
        self.manager = KernelManager(kernel_name="stylebook")
        self.manager.start_kernel(cwd=self.folder, env={**os.environ, "TMPDIR": self.folder})
        self.client = self.manager.blocking_client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=BUILD)

    def run(self, source, watch):
        """Runs a cell; gives what it complained of, "" if nothing, None if its time ran out."""
        request = self.client.execute(source, store_history=False, allow_stdin=False)
        rest, complaint, failed = "", "", False
        while (left := watch.deadline - time.monotonic()) > 0:
            try:
                message = self.client.get_iopub_msg(timeout=left)
            except queue.Empty:
                break
            kind, content = message["msg_type"], message["content"]
            if message["parent_header"].get("msg_id") != request:
                continue
            if kind == "stream" and content["name"] == "stdout":
                *lines, rest = (rest + content["text"]).split("\n")
                rest = rest[-10_000:]
                for line in lines:
                    watch.line(line)
            elif kind == "stream":
                complaint = (complaint + content["text"])[:100_000]
            elif kind == "error":
                failed, complaint = True, complaint or "\n".join(content["traceback"]) or content["evalue"]
            elif kind == "status" and content["execution_state"] == "idle":
                return complaint or "?" if failed else ""
        return None

    def end(self):
        try:
            os.killpg(self.manager.provisioner.pgid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)
        shutil.rmtree(self.folder, ignore_errors=True)


def cause(complaint):
    """The line of a complaint that says what went wrong: the compiler's first remark, which stands below the code, or a crash's."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", complaint)
    if len(remarks := re.split(r"^Cell\[\d+\]: Line \d+", text, flags=re.MULTILINE)) > 1:
        text = re.split(r"\n\s*\n", remarks[1].rstrip())[-1]
    lines = [line.strip() for line in text.split("\n") if line.strip()] or ["?"]
    return next((line for line in lines if re.match(r"fatal error: |panic: ", line)), lines[0])


def message_of(details):
    """A check's hint; without one the first line that is wrong."""
    lines = details.split("\n")
    return next((line.strip() for line in lines if line.startswith("    ")), next((line for line in lines if line.endswith("✗")), ""))


class Submission:
    """One notebook under examination."""

    def __init__(self, cells, seconds):
        self.seconds, self.kernel, self.good, self.broken = seconds, Kernel(), [], {}
        self.declare([cell for cell in map(declarations, cells) if cell])

    def anew(self):
        """Another kernel that knows what the last one knew."""
        self.kernel.end()
        self.kernel = Kernel()
        if self.good:
            self.kernel.run(joined(self.good), Watch(self.seconds))

    def declare(self, cells):
        """Gives the kernel the cells in as few pieces as compile, and notes what is wrong with the others."""
        complaint = self.kernel.run(joined(cells), Watch(self.seconds)) if cells else ""
        if complaint is None:
            self.anew()
        if complaint == "":
            self.good += cells
        elif len(cells) > 1:
            self.declare(cells[:len(cells) // 2])
            self.declare(cells[len(cells) // 2:])
        else:
            why = said("took longer than {} s", self.seconds) if complaint is None else said("does not compile: {}", cause(complaint))
            self.broken.update(dict.fromkeys(FUNCTION.findall(cells[0]), why))

    def ask(self, names):
        """The results of checks by name: whether passed, message, seconds."""
        declared = set(FUNCTION.findall("\n".join(self.good)))
        results = {name: (False, self.broken.get(name) or said("is not declared"), 0) for name in names if name not in declared}
        waiting = [name for name in names if name in declared]
        while waiting:
            mark = secrets.token_hex(8)
            watch = Watch(self.seconds, mark)
            complaint = self.kernel.run(asking(waiting, mark), watch)
            for name, (right, seconds, details) in watch.found.items():
                results[name] = right, "" if right else message_of(details), seconds
            if complaint is None:
                self.anew()
            stuck = watch.at or (None if watch.found else waiting[0])
            if stuck and watch.at is None and len(waiting) > 1:  # one of them doesn't compile: each for itself
                for name in waiting:
                    results.update(self.ask([name]))
                break
            if stuck:
                why = (said("took longer than {} s", self.seconds) if complaint is None else
                       said("the program ended: {}" if watch.at else "does not compile: {}", cause(complaint)))
                results[stuck] = False, why, time.monotonic() - watch.since if watch.at else 0
            waiting = [name for name in waiting if name not in results]
        return results


def asking(names, mark):
    """A cell that asks checks one after the other and tells of each when it starts and what it found."""
    ask = """func() {
	fmt.Printf("\\n%%s %%q\\n", "%s", "%s")
	start := time.Now()
	r := checks.%s(%s)
	found, _ := json.Marshal([]any{"%s", r.Right, time.Since(start).Seconds(), r.Details()})
	fmt.Printf("\\n%%s %%s\\n", "%s", found)
}()"""
    imports = 'import (\n\t"encoding/json"\n\t"fmt"\n\t"time"\n\n\t"stylebook/stylelib/checks"\n)'
    return "\n".join([imports, "%%", *(ask % (mark, name, name, name, name, mark) for name in names)])


def graded(path, name, known, seconds):
    """The table's rows of one notebook."""
    try:
        cells = [c for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
    except Exception:  # whatever else may lie in the folder
        return [Row(name, "-", False, said("is no notebook"), 0)]
    functions = set(FUNCTION.findall("\n".join(map(declarations, cells))))
    names = max(known.values(), key=lambda checks: len(functions.intersection(checks)))
    if not functions.intersection(names):
        return [Row(name, "-", False, said("declares no function that a check knows"), 0)]
    submission = Submission(cells, seconds)
    try:
        results = submission.ask(names)
    finally:
        submission.kernel.end()
    return [Row(name, check, *results[check]) for check in names]


def main():
    parser = argparse.ArgumentParser(prog="grade", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--memory", type=float, default=4)
    parser.add_argument("--out", type=pathlib.Path)
    arguments = parser.parse_args()
    folder = arguments.folder
    paths = [p for p in sorted(folder.rglob("*.ipynb")) if ".ipynb_checkpoints" not in p.parts]
    if not paths:
        sys.exit(f"grade: {folder}: no notebooks there")
    limit = int(arguments.memory * 2**30)
    try:
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    except (ValueError, OSError) as error:  # macOS knows no such limit
        print(f"grade: memory is not limited here: {error}", file=sys.stderr)
    known = known_checks()
    with open(arguments.out or folder / "grades.csv", "w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(COLUMNS)
        for path in paths:
            name = str(path.relative_to(folder).with_suffix(""))
            for row in graded(path, name, known, arguments.seconds):
                table.writerow([*row[:2], "yes" if row.passed else "no", row.message, f"{row.seconds:.1f}"])
                print(f"{row.name:<24} {row.check:<16} {'✓' if row.passed else '✗'} {row.seconds:6.1f} s  {row.message}", flush=True)
            file.flush()
    print(f"grade: {file.name}", file=sys.stderr)


if __name__ == "__main__":
    main()
