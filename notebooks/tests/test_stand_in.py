"""What stands between the kernel and gopls."""

import json
import shutil
import socket
import subprocess
import sys

import pytest

from books import PATIENCE, REPOSITORY, alive, wait_for

GOPLS = """#!{python}
import json, sys
while True:
    size = 0
    while (line := sys.stdin.buffer.readline()).strip():
        size = int(line.split(b":")[1])
    if not size:
        break
    message = json.loads(sys.stdin.buffer.read(size))
    with open("{log}", "a") as log:
        print(message["method"], file=log)
    if "id" in message:
        body = json.dumps(dict(jsonrpc="2.0", id=message["id"], result=message["method"])).encode()
        sys.stdout.buffer.write(b"Content-Length: %d\\r\\n\\r\\n" % len(body) + body)
        sys.stdout.buffer.flush()
"""


class Client:
    """A kernel's side of the connection."""

    def __init__(self, path):
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(PATIENCE)
        wait_for("the socket", lambda: connection.connect(str(path)) is None)
        self.stream, self.last = connection.makefile("rwb"), 0

    def tell(self, method, **more):
        body = json.dumps({"jsonrpc": "2.0", "method": method, **more}).encode()
        self.stream.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.stream.flush()

    def ask(self, method):
        self.last += 1
        self.tell(method, id=self.last)
        size = int(self.stream.readline().split(b":")[1])
        self.stream.readline()
        answer = json.loads(self.stream.read(size))
        assert answer["id"] == self.last
        return answer


@pytest.fixture
def stand_in(tmp_path):
    (tmp_path / "kernel-config/gopls").mkdir(parents=True)
    (tmp_path / ".stylebook/bin").mkdir(parents=True)
    script = shutil.copy(REPOSITORY / "kernel-config/gopls/gopls", tmp_path / "kernel-config/gopls")
    process = subprocess.Popen([sys.executable, script, "-listen", f"unix;{tmp_path}/socket"])
    yield process, Client(tmp_path / "socket")
    process.kill()
    process.wait()


def test_gopls_learns_what_it_missed(stand_in, tmp_path):
    process, client = stand_in
    assert client.ask("initialize")["result"] == {"capabilities": {}}
    client.tell("initialized")
    client.tell("textDocument/didOpen")
    assert "being built" in client.ask("textDocument/hover")["error"]["message"]
    gopls = tmp_path / ".stylebook/bin/gopls"
    gopls.write_text(GOPLS.format(python=sys.executable, log=tmp_path / "log"))
    gopls.chmod(0o755)
    assert "error" in client.ask("textDocument/hover"), "not before it is whole"
    (tmp_path / ".stylebook/bin/gopls.ready").touch()
    wait_for("gopls", lambda: client.ask("textDocument/hover").get("result") == "textDocument/hover")
    assert (tmp_path / "log").read_text().split("\n")[:4] == ["initialize", "initialized", "textDocument/didOpen", "textDocument/hover"]
    client.stream.close()
    process.wait(PATIENCE)


def test_it_ends_with_a_kernel_that_never_spoke(tmp_path):
    script = REPOSITORY / "kernel-config/gopls/gopls"
    started = subprocess.run(["sh", "-c", '"$@" >/dev/null & echo $!; sleep 2', "sh", sys.executable, script, "-listen", f"unix;{tmp_path}/socket"],
                             capture_output=True, text=True, timeout=PATIENCE)
    wait_for("its end", lambda: not alive(int(started.stdout)))
