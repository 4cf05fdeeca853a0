"""Says whether the notebooks work here, by a cell in the real kernel, and what to do about what doesn't.

    check_lab.py REPOSITORY     in stylebook_env, as scripts/lab --check calls it; the status is 1 where notebooks don't work
"""

import json
import os
import pathlib
import queue
import shutil
import socket
import subprocess
import sys

from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel
from jupyter_client.manager import start_new_kernel
from jupyter_core.paths import jupyter_data_dir

NAME = "stylebook"
PATIENCE = 300  # seconds
CELL = """import "stylebook/stylelib/engine"
%%
e, err := engine.Open("")
if err != nil {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
defer e.Close()
fmt.Print(runtime.Version(), ", ", e)"""
failed = []


def say(name, text, remedy="", bad=False):
    print(f"{name:<8} {text}" + (f"\n         → {remedy}" if remedy else ""), flush=True)
    if bad:
        failed.append(name)


def kernelspecs(kernels):
    found = KernelSpecManager().find_kernel_specs().get(NAME)
    if found and os.path.samefile(found, kernels / NAME):
        say("Lab", "finds the kernel")
    else:
        say("Lab", f"finds {found or 'no kernel'} instead of {kernels / NAME}", "delete .stylebook and run scripts/setup", bad=True)
    os.environ.pop("JUPYTER_DATA_DIR", None)  # an editor doesn't have it
    if pathlib.Path(jupyter_data_dir(), "kernels", NAME).exists():
        say("VS Code", "finds the kernel among those of your account")
    else:
        say("VS Code", "finds the kernel once .stylebook/venv/bin/python is chosen as Python",
            f"without choosing: .stylebook/venv/bin/jupyter kernelspec install --user {kernels / NAME}")


def cell():
    """Runs the cell; gives what it wrote, and whether it failed."""
    manager, client = start_new_kernel(kernel_name=NAME, startup_timeout=PATIENCE)
    texts = []
    try:
        def heard(message):
            if message["msg_type"] == "clear_output":  # the line that it compiles
                texts.clear()
            texts.append(message["content"].get("text", ""))

        reply = client.execute_interactive(CELL, timeout=PATIENCE, output_hook=heard)
        return "".join(texts).strip(), reply["content"]["status"] != "ok"
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def kernel(repository):
    try:
        text, bad = cell()
    except (RuntimeError, TimeoutError, queue.Empty, NoSuchKernel) as error:
        text, bad = str(error), True
    remedy = f"the kernel's own words are in {repository}/.stylebook/kernel.log; else delete .stylebook and run scripts/setup" if bad else ""
    say("kernel", f"a cell {'fails: ' if bad else 'runs: '}{text.splitlines()[0] if text else 'no word'}", remedy, bad)
    if shutil.which("gopls"):
        say("help", "Tab completes, Shift-Tab explains")
    else:
        say("help", "Tab and Shift-Tab have no answer yet: gopls is not built", "wait for it, or run scripts/setup --gopls")


def doctor():
    """What the command's doctor says of weights, memory and disk."""
    told = subprocess.run(["stylize", "doctor", "-json"], capture_output=True, text=True, timeout=PATIENCE)
    if told.returncode and not told.stdout:
        say("stylize", told.stderr.strip().split("\n")[-1] or "doesn't run", "run scripts/setup", bad=True)
        return
    for f in map(json.loads, told.stdout.splitlines()):
        if f["bad"] or f["name"] in ("plugin", "weights", "memory", "cache"):
            say(f["name"], f["text"], f.get("remedy", ""), f["bad"])


def port(number=8888):
    with socket.socket() as probe:
        taken = probe.connect_ex(("127.0.0.1", number)) == 0
    say("port", f"{number} is taken: Lab takes the next one that is free" if taken else f"{number} is free")


def main(repository):
    doctor()
    kernelspecs(repository / ".stylebook/venv/share/jupyter/kernels")
    port()
    kernel(repository)
    if failed:
        sys.exit(f"notebooks don't work here: see {', '.join(failed)}")
    print("all works: scripts/lab opens the notebooks")


main(pathlib.Path(sys.argv[1]))
