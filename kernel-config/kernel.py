"""Stands between Jupyter and the Go kernel, GoNB, and passes on what they say to each other. It adds what GoNB lacks: an
interruption counts while a cell compiles too, errors point at the word that is wrong, and a cell that uses a function whose
latest version did not compile says so. usage: kernel.py gonb --kernel CONNECTION-FILE ..."""

import contextlib
import json
import os
import pathlib
import re
import signal
import sys
import tempfile
import time

import psutil
import zmq
from jupyter_client.connect import write_connection_file
from jupyter_client.session import Session

import kernel_words as words

CHANNELS = "shell", "control", "stdin", "iopub", "hb"
FRONT = dict(zip(CHANNELS, (zmq.ROUTER, zmq.ROUTER, zmq.ROUTER, zmq.PUB, zmq.REP)))
BACK = dict(zip(CHANNELS, (zmq.DEALER, zmq.DEALER, zmq.DEALER, zmq.SUB)))  # the heartbeat is answered here
BUILDERS = "go", "goimports"
QUIET = 0.8  # seconds that a cell may compile before it says so


class Relay:
    """The sockets, and what is known of the cells."""

    def __init__(self, front, back, gonb):
        self.gonb = gonb
        self.session = Session(key=front["key"].encode(), signature_scheme=front["signature_scheme"])
        context = zmq.Context.instance()
        context.linger = 1000  # milliseconds
        self.front, self.back = ({c: context.socket(kind) for c, kind in kinds.items()} for kinds in (FRONT, BACK))
        for c, socket in self.front.items():
            if socket.type == zmq.ROUTER:
                socket.setsockopt(zmq.ROUTER_HANDOVER, 1)  # a page that connects again is heard, even if its old line is still there
            socket.bind(address(front, c))
        for c, socket in self.back.items():
            socket.setsockopt(zmq.IDENTITY, b"relay")  # GoNB asks on stdin whoever asked it on shell
            socket.connect(address(back, c))
        self.back["iopub"].subscribe(b"")
        self.cells = words.Cells()
        self.running = None  # the header of the cell's request
        self.pressed = 0  # interruptions of the running cell
        self.spoke = False  # whether it has said something after that
        self.ended, self.signalled = set(), set()  # its compilers and programs that were interrupted
        self.began = 0  # when the cell was asked for; 0 once it is known whether it compiles for long
        self.note = False  # whether the line about that is to be seen

    def serve(self):
        """Passes messages on until GoNB is gone."""
        poller = zmq.Poller()
        for socket in (*self.front.values(), *self.back.values()):
            if socket.type != zmq.PUB:
                poller.register(socket, zmq.POLLIN)
        ready = True
        while ready or self.gonb.poll() is None:
            ready = dict(poller.poll(50 if self.running and (self.pressed or self.began or self.note) else 500))
            for c in CHANNELS:
                if self.front[c] in ready:
                    self.asked(c, self.front[c].recv_multipart())
                if self.back.get(c) in ready:
                    self.said(c, self.back[c].recv_multipart())
            if self.pressed and self.running:
                self.interrupt()
            if self.running and (self.note or self.began and time.monotonic() > self.began + QUIET):
                self.tell_of_building()

    def asked(self, channel, frames):
        """Takes what a client sends."""
        if channel == "hb":
            return self.front["hb"].send_multipart(frames)
        identities, message = self.read(frames)
        if message["msg_type"] == "execute_request":
            self.cells.asked(message["header"]["msg_id"], message["content"]["code"])
        if message["msg_type"] == "interrupt_request" and self.running:
            self.pressed += 1
            if self.pressed == 1:  # GoNB kills after 5 seconds what it interrupts: that is for who presses again
                return self.session.send(self.front[channel], "interrupt_reply", {"status": "ok"}, message, identities)
        self.back[channel].send_multipart(frames)

    def said(self, channel, frames):
        """Takes what GoNB sends."""
        identities, message = self.read(frames)
        kind, content, request = message["msg_type"], message["content"], message["parent_header"]
        if request.get("msg_type") == "execute_request":
            if kind == "status" and content["execution_state"] == "busy":
                self.running, self.pressed, self.signalled, self.spoke = request, 0, set(), False
            elif kind == "status":
                self.unsay()
                self.running = None
                self.cells.ended(request["msg_id"])
            elif kind == "error" or kind == "execute_reply" and content["status"] == "error":
                return self.failed(channel, identities, message)
            elif kind == "stream" and self.pressed and content["name"] == "stderr":
                return self.stopped(request, content["text"])
            elif channel == "iopub" and kind != "execute_input":
                self.unsay()
        self.front[channel].send_multipart(frames)
        if kind == "execute_input":
            self.begin(request)
            self.began = time.monotonic()

    def failed(self, channel, identities, message):
        """Sends an error in better words; that of an interrupted cell is one line."""
        content, request = message["content"], message["parent_header"]
        self.unsay()
        if not self.pressed or "main.go:" in content["evalue"]:
            content = self.cells.failed(request["msg_id"], content)
        else:
            line = self.cells.say("interrupted" if self.signalled else "interrupted before the cell ran")
            if channel == "iopub":
                return self.spoke or self.tell(request, line + "\n")
            content = {**content, "ename": "Interrupted", "evalue": line, "traceback": [line]}
        self.session.send(self.front[channel], message["msg_type"], content, {"header": request}, identities)

    def stopped(self, request, text):
        """What an interrupted program says last is no error; how it ended, which GoNB adds, is known."""
        if not re.fullmatch(r"(\^C\n)?(exit status \d+|signal: [\w ]+)\n", text):
            self.spoke = True
            self.tell(request, text)

    def tell_of_building(self):
        """Says that the cell compiles, until its program is there."""
        with contextlib.suppress(psutil.NoSuchProcess):
            names = [kind(child) for child in self.gonb.children()]
            if not any(name in BUILDERS for name in names):
                return any(name != "gopls" for name in names) and self.unsay()
            if not self.note:
                self.tell(self.running, self.cells.say("compiling the cell") + "\n")
                self.note = True

    def unsay(self):
        """Takes the line about compiling away: nothing of it stays in the notebook."""
        self.began = 0
        if self.note:
            self.note = False
            self.session.send(self.front["iopub"], "clear_output", {"wait": False}, {"header": self.running}, [b"clear_output"])
            self.begin(self.running)

    def begin(self, request):
        for line in self.cells.begins(request["msg_id"]):
            self.tell(request, line + "\n")

    def tell(self, request, text):
        self.unsay()
        self.session.send(self.front["iopub"], "stream", {"name": "stdout", "text": text}, {"header": request}, [b"stream"])

    def interrupt(self):
        """Interrupts what the cell is at, once each: first its compilation, then, as soon as there is one, its program."""
        with contextlib.suppress(psutil.NoSuchProcess):
            for child in self.gonb.children():
                if kind(child) == "gopls" or child.pid in self.signalled | self.ended:
                    continue
                (self.ended if kind(child) in BUILDERS else self.signalled).add(child.pid)
                for process in child, *child.children(recursive=True):
                    process.send_signal(signal.SIGINT)

    def read(self, frames):
        identities, parts = self.session.feed_identities(frames)
        return identities, self.session.deserialize(parts)


def kind(process):
    """The program's name; that of a script, not of its interpreter."""
    words = [os.path.basename(word) for word in process.cmdline()[:2]]
    return next((word for word in words if word in (*BUILDERS, "gopls")), process.name())


def address(info, channel):
    return f"{info['transport']}://{info['ip']}{'-' if info['transport'] == 'ipc' else ':'}{info[channel + '_port']}"


def main(arguments):
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    at = arguments.index("--kernel") + 1
    front = json.loads(pathlib.Path(arguments[at]).read_text())
    with tempfile.TemporaryDirectory() as folder:  # the name holds the kernel's id, which GoNB takes from it
        path, back = write_connection_file(os.path.join(folder, os.path.basename(arguments[at])), transport="ipc",
                                           ip=os.path.join(folder, "gonb"),  # a port that is free now can be taken when GoNB opens it
                                           key=front["key"].encode(), signature_scheme=front["signature_scheme"])
        gonb = psutil.Popen([*arguments[:at], path, *arguments[at + 1:]])
        try:
            Relay(front, back, gonb).serve()
        finally:
            with contextlib.suppress(psutil.NoSuchProcess):
                gonb.terminate()
        return gonb.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
