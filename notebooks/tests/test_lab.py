"""scripts/lab and the server that it starts, without a browser."""

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import urllib.request

import pytest
from jupyter_client import BlockingKernelClient
from jupyter_client.manager import start_new_kernel

from books import CHINESE, ENGLISH, PATIENCE, REPOSITORY, alive, wait_for


class Lab:
    """scripts/lab, as a learner starts it."""

    def __init__(self, log, *arguments):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = f"http://127.0.0.1:{free.getsockname()[1]}"
        self.token = secrets.token_hex(16)
        command = [REPOSITORY / "scripts/lab", *arguments, "--no-browser", "--ServerApp.port=" + self.address.rsplit(":", 1)[1],
                   f"--IdentityProvider.token={self.token}", *(["--allow-root"] if os.getuid() == 0 else [])]
        self.process = subprocess.Popen(command, stdout=log.open("w"), stderr=subprocess.STDOUT)

    def ask(self, path, **body):
        data = json.dumps(body).encode() if body else None
        request = urllib.request.Request(self.address + path, data, {"Authorization": f"token {self.token}"})
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return json.load(answer)


@pytest.fixture
def start(tmp_path):
    labs = []

    def started(*arguments):
        labs.append(Lab(tmp_path / f"lab{len(labs)}.log", *arguments))
        wait_for("scripts/lab", lambda: labs[-1].ask("/api/status"))  # where the library has changed, it is built first
        return labs[-1]

    yield started
    for lab in labs:
        if lab.process.poll() is None:
            lab.process.terminate()
            lab.process.wait(PATIENCE)


@pytest.mark.parametrize("arguments, folder, shown, other", [
    (["--en"], "my-notebooks", ENGLISH, CHINESE), (["--zh", "--here"], "notebooks", CHINESE, ENGLISH)], ids=["en", "zh"])
def test_the_list_shows_one_language_in_reading_order(start, arguments, folder, shown, other):
    lab = start(*arguments)
    listed = sorted(entry["name"] for entry in lab.ask(f"/api/contents/{folder}")["content"] if "-mine" not in entry["name"])
    assert listed == [p.name for p in shown] + ["README.md", "TEACHING.zh.md" if shown is CHINESE else "TEACHING.md"]
    for path in other[0].name, "figures/gram.en.svg":
        found = lab.ask(f"/api/contents/{folder}/{path}?content=0")
        assert found["path"] == f"{folder}/{path}", "links lead there"
    cells = lab.ask(f"/api/contents/{folder}/{shown[1].name}")["content"]["cells"]
    assert all(cell["metadata"]["trusted"] for cell in cells if cell["cell_type"] == "code"), "what is stored can be played with"
    assert ("notebooks" in [entry["name"] for entry in lab.ask("/api/contents/")["content"]]) == (folder == "notebooks")


def test_what_is_saved_leaves_git_alone(start):
    lab = start()
    status = subprocess.run(["git", "-C", REPOSITORY, "status", "--porcelain"], capture_output=True, text=True).stdout
    book = lab.ask("/api/contents/my-notebooks/02-exercise-1.ipynb")
    request = urllib.request.Request(lab.address + "/api/contents/my-notebooks/02-exercise-1-saved.ipynb", json.dumps(book).encode(),
                                     {"Authorization": f"token {lab.token}"}, method="PUT")
    try:
        urllib.request.urlopen(request, timeout=PATIENCE).close()
        assert subprocess.run(["git", "-C", REPOSITORY, "status", "--porcelain"], capture_output=True, text=True).stdout == status
    finally:
        (REPOSITORY / "my-notebooks/02-exercise-1-saved.ipynb").unlink()


def test_the_check_runs_a_cell(monkeypatch):
    """It names what doesn't work with a remedy, and ends with one line."""
    done = subprocess.run([REPOSITORY / "scripts/lab", "--check"], capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0 and done.stdout.endswith("all works: scripts/lab opens the notebooks\n"), done.stdout + done.stderr
    for line in "kernel   a cell runs: go1.", "Lab      finds the kernel", "weights  ", "memory   ", "port     8888 is":
        assert "\n" + line in "\n" + done.stdout
    monkeypatch.setenv("GOMLX_BACKEND", "nope")
    done = subprocess.run([REPOSITORY / "scripts/lab", "--check"], capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 1 and done.stderr.startswith("notebooks don't work here: see ") and "kernel" in done.stderr
    assert "kernel   a cell fails: there is no engine" in done.stdout and "→" in done.stdout


def session(leader):
    """The processes of a kernel: it and what it started."""
    found = subprocess.run(["ps", "-o", "pid=", "-s", str(leader)], capture_output=True, text=True).stdout
    return [int(line) for line in found.split()]


@pytest.mark.skipif(shutil.which("gopls") is None, reason="gopls is not built yet: scripts/setup --gopls")
@pytest.mark.parametrize("spoken", [False, True])
def test_gopls_ends_with_a_kernel_that_is_killed(spoken):
    manager, client = start_new_kernel(kernel_name="stylebook", startup_timeout=PATIENCE)
    everything = session(manager.provisioner.pid)
    assert len(everything) >= 3
    if spoken:
        wait_for("a completion", lambda: client.complete("%%\nfmt.Printl", reply=True, timeout=PATIENCE)["content"]["matches"])
        everything = session(manager.provisioner.pid)
    client.stop_channels()
    manager.shutdown_kernel(now=True)
    wait_for("their end", lambda: not any(map(alive, everything)))


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL], ids=["stopped", "killed"])
def test_a_kernel_ends_with_its_server(start, how):
    lab = start()
    kernel = lab.ask("/api/kernels", name="stylebook")["id"]
    runtime = subprocess.run(["ps", "-ww", "-o", "pid=,args=", "--ppid", str(lab.process.pid)], capture_output=True, text=True).stdout
    process, connection = next((line.split()[0], word) for line in runtime.splitlines() for word in line.split() if kernel in word)
    client = BlockingKernelClient(connection_file=connection)
    client.load_connection_file()
    client.start_channels()
    client.execute("%%\nfmt.Println(os.Getpid())\nfor {\n}")
    started = wait_for("the cell", lambda: next((m["content"]["text"] for m in iter(lambda: client.get_iopub_msg(timeout=PATIENCE), None)
                                                if m["msg_type"] == "stream" and m["content"]["name"] == "stdout"), None))
    client.stop_channels()
    everything = {int(process), int(started), *session(int(process))}
    assert all(map(alive, everything)) and len(everything) >= 2
    lab.process.send_signal(how)
    lab.process.wait(PATIENCE)  # a process that nobody waits for counts as alive
    wait_for("the kernel's and its cell's end", lambda: not any(map(alive, everything)))
