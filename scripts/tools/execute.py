"""Executes notebooks without a screen, and shows how far it is.

    execute.py NOTEBOOK OUT.ipynb [name=value ...]
    execute.py --in-place NOTEBOOK...

A parameter replaces a variable of the notebook's cell tagged "parameters". Values are JSON (150, "text"), anything else
is text. Ends with status 1 and the failing cell's own message when a cell fails; OUT.ipynb then holds what was executed. Ends,
and the kernel with it, when whoever started it ends.

--in-place writes the outputs into the notebooks. One whose cell fails or takes more than an hour, or that is not clean afterwards, is
left as it was.
"""

import asyncio
import json
import os
import signal
import sys
import tempfile
import threading
import time

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

import check_notebooks

HOUR = 3600
SIGNALS = signal.SIGINT, signal.SIGTERM, signal.SIGHUP


class Progress(threading.Thread):
    """Follows the file to which a training in the notebook adds a line per epoch."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.path, self.stopped = path, threading.Event()
        self.terminal, self.told, self.latest = sys.stderr.isatty(), 0.0, None

    def run(self):
        with open(self.path, encoding="utf-8") as lines:
            rest = ""
            while True:
                last_look = self.stopped.is_set()
                rest += lines.read()
                *whole, rest = rest.split("\n")
                if whole:
                    self.tell(json.loads(whole[-1]))
                if last_look:
                    break
                self.stopped.wait(0.3)
        if self.terminal and self.latest:
            print(file=sys.stderr)

    def tell(self, r):
        self.latest = r
        done = r["epoch"] == r["epochs"]
        now = time.monotonic()
        if not self.terminal and not done and now - self.told < 10:
            return
        self.told = now
        left = r["seconds"] * (r["epochs"] - r["epoch"])
        line = (f"epoch {r['epoch']}/{r['epochs']}  content {r['content']:.3f}  style {r['style']:.3f}  tv {r['tv']:.3f}"
                f"  {r['seconds']:.2f} s/epoch" + ("" if done else f"  {left:.0f} s left"))
        print(f"\r\033[K{line}" if self.terminal else line, end="" if self.terminal else "\n", file=sys.stderr, flush=True)

    def finish(self):
        self.stopped.set()
        self.join()


def end_with_parent():
    """Ends the program by SIGTERM when the process that started it is gone."""
    parent = os.getppid()

    def watch():
        while os.getppid() == parent:
            time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
    for number in SIGNALS:
        signal.signal(number, end)


def end(number, _):
    """Ends the program by SystemExit, once."""
    for other in SIGNALS:
        signal.signal(other, signal.SIG_IGN)
    sys.exit(128 + number)


def parameter(text):
    name, separator, value = text.partition("=")
    if not separator:
        sys.exit(f"execute.py: {text!r} is not name=value")
    try:
        value.encode()
    except UnicodeEncodeError:
        sys.exit(f"execute.py: {name}: {value!a} is not UTF-8, which a notebook can't hold: rename it")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def with_parameters(book, parameters):
    """Declares the parameters in a cell of their own: a later declaration replaces an earlier one in a GoNB kernel."""
    place = next((i for i, c in enumerate(book.cells, 1) if "parameters" in c.metadata.get("tags", [])), 0)
    lines = [f"var {name} = {json.dumps(value, ensure_ascii=False)}" for name, value in parameters]
    if lines:
        book.cells.insert(place, nbformat.v4.new_code_cell("\n".join(lines), metadata={"tags": ["injected-parameters"]}))


def run_cells(book, path, **options):
    """Executes the cells in a thread of their own: nbclient would clean up from a signal's handler and from its own end at once."""
    client = NotebookClient(book, kernel_name="stylebook", startup_timeout=120, record_timing=False,
                            resources={"metadata": {"path": os.path.dirname(os.path.abspath(path))}}, **options)
    loop, ended, failed = asyncio.new_event_loop(), threading.Event(), []
    task = loop.create_task(client.async_execute())

    def work():
        try:
            loop.run_until_complete(task)
        except BaseException as error:
            failed.append(error)
        ended.set()

    threading.Thread(target=work, daemon=True).start()
    try:
        ended.wait()
    except SystemExit:  # a signal: the kernel ends before this program does
        loop.call_soon_threadsafe(task.cancel)
        ended.wait()
        raise
    if failed:
        raise failed[0]


def failure(book, error):
    """Number and message of the failing cell: what it wrote to stderr, else what the kernel says."""
    for number, cell in enumerate(book.cells, 1):
        outputs = cell.get("outputs", [])
        if any(o.output_type == "error" for o in outputs):
            text = "".join(o.text for o in outputs if o.output_type == "stream" and o.name == "stderr")
            return number, text.strip() or str(error)
    return "?", str(error)


def execute(path, out, parameters):
    book = nbformat.read(path, as_version=4)
    with_parameters(book, parameters)
    try:
        run_cells(book, path)
    except CellExecutionError as error:
        number, message = failure(book, error)
        sys.exit(f"execute.py: cell {number} of {path} failed:\n{message}")
    finally:
        nbformat.write(book, out)


def merge_streams(outputs):
    """Puts neighbouring pieces of one stream together: the kernel sends them as they come."""
    merged = []
    for o in outputs:
        if merged and o.output_type == "stream" == merged[-1].output_type and o.name == merged[-1].name:
            merged[-1].text += o.text
        else:
            merged.append(o)
    return merged


def execute_in_place(path):
    book = nbformat.read(path, as_version=4)
    start = time.monotonic()
    slowest, last = (0, 0), start

    def after(cell, cell_index, **_):
        nonlocal slowest, last
        now = time.monotonic()
        slowest, last = max(slowest, (now - last, cell_index + 1)), now

    try:
        run_cells(book, path, timeout=HOUR, on_cell_executed=after)
    except CellExecutionError as error:
        sys.exit(f"{path}: a cell failed:\n{error}")
    for cell in book.cells:
        if cell.cell_type == "code":
            cell.outputs = merge_streams(cell.outputs)
            for o in cell.outputs:
                if "metadata" in o:  # what is said in the place of a picture
                    o.metadata = {name: value for name, value in o.metadata.items() if name == "alt"}
    part = path + ".part"
    nbformat.write(book, part)
    if found := check_notebooks.problems(part):
        os.remove(part)
        sys.exit(f"{path} is not clean:\n" + "\n".join(found))
    os.replace(part, path)
    print(f"{path}: {time.monotonic() - start:.0f} s, slowest cell {slowest[1]} with {slowest[0]:.1f} s", flush=True)


def main():
    arguments = sys.argv[1:]
    if len(arguments) < 2:
        sys.exit(__doc__)
    in_place = arguments[0] == "--in-place"
    parameters = [] if in_place else [parameter(p) for p in arguments[2:]]
    end_with_parent()
    with tempfile.NamedTemporaryFile(suffix=".jsonl") as file:
        os.environ["STYLEBOOK_PROGRESS"] = file.name
        progress = Progress(file.name)
        progress.start()
        try:
            if in_place:
                for path in arguments[1:]:
                    execute_in_place(path)
            else:
                execute(*arguments[:2], parameters)
        except Exception as error:  # a kernel that doesn't start, a full disk, an interrupt
            sys.exit(f"execute.py: {type(error).__name__}: {error}")
        finally:
            progress.finish()


if __name__ == "__main__":
    main()
