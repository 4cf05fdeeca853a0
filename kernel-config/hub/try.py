"""Tries the course's JupyterHub with two users, and says what each costs. For root, in a clone that README.md's steps have made.

    .stylebook/venv/bin/python kernel-config/hub/try.py

It makes two accounts, starts the hub for them on 127.0.0.1, runs a cell in each one's kernel, and removes both again.
"""

import asyncio
import json
import os
import pathlib
import secrets
import signal
import subprocess
import sys
import tempfile
import time
import uuid

import psutil
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest
from tornado.websocket import websocket_connect

HERE = pathlib.Path(__file__).resolve().parent
USERS = ["stylebook-one", "stylebook-two"]
PORT = 8931
LOG = HERE.parents[1] / "out/hub.log"
TOKEN = secrets.token_hex(16)
SETTINGS = """
load_subconfig({config!r})
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.JupyterHub.bind_url = "http://127.0.0.1:{port}"
c.JupyterHub.services = [{{"name": "try", "api_token": {token!r}}}]
c.JupyterHub.load_roles = [{{"name": "try", "services": ["try"], "scopes": ["admin:users", "admin:servers", "access:servers"]}}]
"""
CELL = """import (
	"fmt"
	"os"
	"runtime"

	"stylebook/stylelib/engine"
	"stylebook/stylelib/transfer"
)

%%
e, err := engine.Open("")
if err != nil {
	panic(err)
}
free, _ := transfer.FreeMemory()
pictures, err := os.ReadDir("../data/painted")
fmt.Printf("%s, %d threads, %.1f GB, %d pictures, %v\\n", e.Name, runtime.GOMAXPROCS(0), float64(free)/1e9, len(pictures), err)"""
HUNGRY = """%%
var all [][]byte
for range 64 {
	piece := make([]byte, 1<<28)
	for i := range piece {
		piece[i] = 1
	}
	all = append(all, piece)
}
fmt.Println("had it all", len(all))"""


async def ask(path, method="GET", body=None):
    request = HTTPRequest(f"http://127.0.0.1:{PORT}{path}", method, {"Authorization": f"token {TOKEN}"}, allow_nonstandard_methods=True,
                          body=None if body is None else json.dumps(body), request_timeout=120)
    return json.loads((await AsyncHTTPClient().fetch(request)).body or "null")


async def wait_for(what, condition, seconds=180):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if found := await condition():
                return found
        except (OSError, HTTPClientError):
            pass  # the proxy is there before the hub
        await asyncio.sleep(0.2)
    sys.exit(f"try.py: {what}: not within {seconds} s")


async def run(user, kernel, code):
    """What a cell prints, and whether it succeeded."""
    url = f"ws://127.0.0.1:{PORT}/user/{user}/api/kernels/{kernel}/channels"
    socket = await websocket_connect(HTTPRequest(url, headers={"Authorization": f"token {TOKEN}"}))
    header = {"msg_id": uuid.uuid4().hex, "msg_type": "execute_request", "username": user, "session": uuid.uuid4().hex, "version": "5.3"}
    await socket.write_message(json.dumps({"header": header, "parent_header": {}, "metadata": {}, "channel": "shell", "content": {
        "code": code, "silent": False, "store_history": True, "allow_stdin": False, "stop_on_error": True}}))
    told = ""
    while True:
        message = json.loads(await asyncio.wait_for(socket.read_message(), 300))
        if message["parent_header"].get("msg_id") != header["msg_id"]:
            continue
        if message["msg_type"] == "stream":
            told += message["content"]["text"]
        if message["msg_type"] == "error":
            told += f"{message['content']['ename']}: {message['content']['evalue']}"
        if message["msg_type"] == "execute_reply":
            return told, message["content"]["status"] == "ok"


def memory(user):
    """The share of each process of a user in the memory, in MB."""
    return sum(p.memory_full_info().pss for p in psutil.process_iter(["username"]) if p.info["username"] == user) / 1e6


def disk(user):
    """What a user's home takes, in MB; what is linked is the course's."""
    return int(subprocess.run(["du", "-s", "--block-size=1", f"/home/{user}"], capture_output=True, text=True, check=True).stdout.split()[0]) / 1e6


async def one(user):
    start = time.monotonic()
    await ask(f"/hub/api/users/{user}", "POST", {})
    await ask(f"/hub/api/users/{user}/server", "POST", {})

    async def ready():
        return (await ask(f"/hub/api/users/{user}"))["servers"].get("", {}).get("ready")

    await wait_for(f"{user}'s server", ready)
    server = time.monotonic() - start
    kernel = (await ask(f"/user/{user}/api/kernels", "POST", {"name": "stylebook", "path": "notebooks"}))["id"]
    times = []
    for _ in range(2):
        start = time.monotonic()
        told, done = await run(user, kernel, CELL)
        times.append(time.monotonic() - start)
        if not done:
            sys.exit(f"try.py: {user}: {told}")
    print(f"{user}: server {server:.1f} s, first cell {times[0]:.1f} s, second {times[1]:.1f} s; memory {memory(user):.0f} MB, disk "
          f"{disk(user):.0f} MB\n  {told.strip()}", flush=True)
    told, done = await run(user, kernel, HUNGRY)
    if done or "killed" not in told:
        sys.exit(f"try.py: a cell of {user} that wants 16 GB ends otherwise: {told}")
    told, done = await run(user, kernel, CELL)
    if not done:
        sys.exit(f"try.py: {user}'s kernel didn't outlive that: {told}")


async def main():
    async def up():
        return await ask("/hub/api/")

    await wait_for("the hub", up)
    for user in USERS:
        await one(user)
    print("both have a kernel, and neither gets more memory than the limit")


if __name__ == "__main__":
    if os.getuid() != 0:
        sys.exit("try.py: only root can make accounts")
    hub = None
    with tempfile.TemporaryDirectory() as folder:
        LOG.parent.mkdir(exist_ok=True)
        settings = pathlib.Path(folder, "settings.py")
        settings.write_text(SETTINGS.format(config=str(HERE / "jupyterhub_config.py"), port=PORT, token=TOKEN))
        try:
            for name in USERS:
                subprocess.run(["useradd", "--create-home", "--home-dir", f"/home/{name}", name], check=True)
            with open(LOG, "w") as log:
                hub = subprocess.Popen([pathlib.Path(sys.executable).with_name("jupyterhub"), "-f", settings], cwd=folder, stdout=log, stderr=log)
            asyncio.run(main())
        finally:
            if hub:
                hub.send_signal(signal.SIGTERM)
                hub.wait(60)
            psutil.wait_procs([p for p in psutil.process_iter(["username"]) if p.info["username"] in USERS], timeout=20)
            for name in USERS:
                subprocess.run(["userdel", "--remove", name], capture_output=True)
                for group in pathlib.Path("/sys/fs/cgroup").glob(f"**/stylebook/{name}"):
                    group.rmdir()
