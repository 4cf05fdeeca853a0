"""Executes a notebook without a screen, with parameters, and shows how far it is.

    execute.py NOTEBOOK OUT.ipynb [name=value ...]

A parameter replaces a variable of the notebook's cell tagged "parameters". Values are JSON (150, "text"), anything else
is text. Ends with status 1 and the failing cell's own message when a cell fails; OUT.ipynb then holds what was executed. Ends,
and the kernel with it, when whoever started it ends.
"""

import json
import logging
import os
import signal
import sys
import tempfile
import threading
import time

import nbformat
import papermill
from papermill.translators import Translator, papermill_translators


class GoTranslator(Translator):
    """Writes parameters as Go variables; a later declaration replaces an earlier one in a GoNB kernel."""

    @classmethod
    def translate(cls, value):
        return json.dumps(value, ensure_ascii=False)

    @classmethod
    def comment(cls, text):
        return f"// {text}".strip()

    @classmethod
    def assign(cls, name, value):
        return f"var {name} = {value}"


papermill_translators.register("go", GoTranslator)


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
    for number in signal.SIGINT, signal.SIGTERM, signal.SIGHUP:
        signal.signal(number, lambda number, _: sys.exit(128 + number))


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


def plain(path):
    """A path in which papermill finds no parameters to fill in."""
    return path.replace("{", "{{").replace("}", "}}")


def failure(error, out):
    """The message of the failing cell itself: what it wrote to stderr, else what the kernel says."""
    for cell in nbformat.read(out, as_version=4).cells:
        outputs = cell.get("outputs", [])
        if any(o.output_type == "error" for o in outputs):
            text = "".join(o.text for o in outputs if o.output_type == "stream" and o.name == "stderr")
            return text.strip() or "\n".join(error.traceback).strip()
    return "\n".join(error.traceback).strip()


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    notebook, out = sys.argv[1:3]
    parameters = dict(parameter(p) for p in sys.argv[3:])
    end_with_parent()
    logging.getLogger("papermill").setLevel(logging.ERROR)
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # it tells of tasks that an interrupt left
    with tempfile.NamedTemporaryFile(suffix=".jsonl") as file:
        os.environ["STYLEBOOK_PROGRESS"] = file.name
        progress = Progress(file.name)
        progress.start()
        try:
            papermill.execute_notebook(plain(notebook), plain(out), parameters=parameters, cwd=os.path.dirname(os.path.abspath(notebook)),
                                       progress_bar=False, kernel_name="stylebook", start_timeout=120)
        except papermill.PapermillExecutionError as error:
            progress.finish()
            sys.exit(f"execute.py: cell {error.cell_index + 1} of {notebook} failed:\n{failure(error, out)}")
        except Exception as error:  # a kernel that doesn't start, a full disk, an interrupt
            sys.exit(f"execute.py: {type(error).__name__}: {error}")
        finally:
            if progress.is_alive():
                progress.finish()


if __name__ == "__main__":
    main()
