"""The command's page in a real browser: two pictures are dropped, a training is started, watched, stopped, resumed, compared."""

import base64
import re
import signal
import struct
import subprocess
import time

import pytest

from books import PATIENCE, REPOSITORY
from lab import chromium, needs_browser, new_page, wait_for

pytestmark = needs_browser
DATA = REPOSITORY / "data"


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    path = tmp_path_factory.mktemp("program") / "stylize"
    subprocess.run(["go", "build", "-o", path, "./stylelib/cmd/stylize"], cwd=REPOSITORY, check=True)
    return path


class Command:
    """The command with a page; its address and what it says."""

    def __init__(self, program, folder, *arguments):
        self.log = folder / "said.txt"
        self.process = subprocess.Popen([program, *arguments, "-runs", folder / "runs", "-backend", "go"], stderr=open(self.log, "w"),
                                        cwd=REPOSITORY)
        line = wait_for("an address", lambda: re.search(r"^page +(http://127\.0\.0\.1:\S+)$", self.said(), re.M))
        self.address = line[1]

    def said(self):
        return self.log.read_text()

    def interrupt(self):
        """Ctrl-C; returns the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE)


@pytest.fixture
def start(program, tmp_path):
    running = []

    def begin(*arguments):
        running.append(Command(program, tmp_path, *arguments))
        return running[-1]

    yield begin
    for command in running:
        if command.process.poll() is None:
            command.process.kill()


def visit(browser, command, **settings):
    """The page, whose complaints are kept."""
    page = new_page(browser, accept_downloads=True, **settings)
    page.complaints = []
    page.on("console", lambda m: page.complaints.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda e: page.complaints.append(str(e)))
    page.goto(command.address)
    return page


DROP = """([selector, data, name]) => {
  const bytes = Uint8Array.from(atob(data), c => c.charCodeAt(0)), transfer = new DataTransfer();
  transfer.items.add(new File([bytes], name, {type: "image/jpeg"}));
  for (const kind of ["dragenter", "dragover", "drop"])
    document.querySelector(selector).dispatchEvent(new DragEvent(kind, {dataTransfer: transfer, bubbles: true, cancelable: true}));
}"""


def drop(page, role, name):
    page.evaluate(DROP, [f'.drop[for="{role}"]', base64.b64encode((DATA / name).read_bytes()).decode(), name])
    page.wait_for_function("role => document.querySelector(`.drop[for='${role}'] img`).naturalWidth > 0", arg=role)


def slide(page, field, value):
    page.locator(f"#{field}").fill(str(value))


def epoch(page):
    found = re.search(r"epoch (\d+) / (\d+)", page.inner_text("#left"))
    return int(found[1]) if found else 0


def phase(page):
    return page.inner_text("#phase")


def png_size(data):
    assert data.startswith(b"\x89PNG\r\n")
    return struct.unpack(">II", data[16:24])


def test_the_whole_path(start):
    command = start("web")
    with chromium() as browser:
        page = visit(browser, command, viewport={"width": 1280, "height": 800})
        page.click("#start")
        page.wait_for_selector("#refused:has-text('the photograph is missing')")
        drop(page, "content", "content.jpg")
        page.set_input_files("#style", DATA / "style.jpg")  # chosen instead of dropped
        slide(page, "size", 160)  # a browser on a busy machine sees three pictures before its epochs are over
        slide(page, "epochs", 1000)
        page.select_option("#preset", "pytorch")
        assert page.inner_text("output[for=epochs]") == "1000", "what was chosen outlives another preset"
        page.click("#form summary")
        page.uncheck("#style-layers input[value=conv5_1]")
        page.select_option("#keep-colours", "luminance")
        page.click("#start")
        seen = set()
        wait_for("the picture to grow three times", lambda: epoch(page) > 2 and (
            seen.add(page.get_attribute("#picture", "src")) or len(seen - {None}) >= 3))
        assert page.is_disabled("#start") and "left" in page.inner_text("#left")
        assert page.locator("#curves polyline").count() == 4
        page.click("#stop")
        page.wait_for_selector("#phase:has-text('Stopped')")
        stopped = epoch(page)
        assert 2 < stopped < 1000
        assert page.evaluate("document.querySelector('#picture').naturalWidth") == 160
        assert "interrupted after epoch" in command.said()

        page.reload()  # all is still there for who comes again
        wait_for("the stopped run", lambda: epoch(page) == stopped)
        page.click("#resume")
        wait_for("the run to go on", lambda: phase(page) == "Painting" and epoch(page) > stopped + 2)
        page.click("#stop")
        page.wait_for_selector("#phase:has-text('Stopped')")

        finish_another(page)
        compare(page)
        assert [c for c in page.complaints if "status of 400" not in c] == []
    assert command.interrupt() == 0


def finish_another(page):
    """A second picture, to its end, from the keyboard; it is downloaded."""
    drop(page, "content", "content.jpg")
    drop(page, "style", "quality/shore.jpg")
    slide(page, "size", 64)
    slide(page, "epochs", 10)
    page.focus("#start")
    page.keyboard.press("Enter")
    page.wait_for_selector("#phase:has-text('Finished')")
    with page.expect_download() as download:
        page.click("#download")
    assert re.fullmatch(r"stylize-[0-9a-f]{10}\.png", download.value.suggested_filename)
    assert png_size(download.value.path().read_bytes()) == (64, 43)


def compare(page):
    wait_for("both runs", lambda: page.locator("#runs li").count() == 2)
    for i in range(2):
        page.locator("#runs input").nth(i).check()
    page.wait_for_selector("#compared pre:has-text('StyleLoss: gram, was wasserstein')")
    assert page.locator("#compared img").count() == 2
    assert page.locator("#compared polyline").count() >= 6


def test_ctrl_c_is_told_and_keeps_the_picture(start, tmp_path):
    out = tmp_path / "out.png"
    command = start("-web", "-content", DATA / "content.jpg", "-style", DATA / "style.jpg", "-out", out, "-preset", "pytorch", "-width", "64",
                    "-epochs", "100000")
    with chromium() as browser:
        page = visit(browser, command, viewport={"width": 390, "height": 844}, locale="zh-CN", color_scheme="dark")
        assert page.inner_text("#start") == "开始绘制"
        wait_for("some epochs", lambda: re.search(r"迭代 [3-9]", page.inner_text("#left")))
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, "it fits a phone"
        assert command.interrupt() == 130
        page.wait_for_selector("#away:visible")
    assert "the picture so far is in" in command.said()
    assert png_size(out.read_bytes()) == (64, 43)


def test_another_page_gets_nothing(start, tmp_path):
    """A page of another origin, opened in the same browser, can't read or change anything, though it knew the token."""
    command = start("web")
    stranger = tmp_path / "stranger.html"
    stranger.write_text("<!doctype html><title>another page</title>")
    with chromium() as browser:
        page = new_page(browser)
        page.goto(stranger.as_uri())
        for method in ("GET", "POST"):
            answer = page.evaluate("""([address, method]) => fetch(address + (method === "GET" ? "runs" : "stop"), {method})
                .then(r => r.status, () => "refused")""", [command.address, method])
            assert answer == "refused"
        page.evaluate("""address => { const f = document.createElement("iframe"); f.src = address; document.body.append(f); }""", command.address)
        time.sleep(1)
        assert all("stylize" not in (f.title() or "") for f in page.frames[1:])
    assert command.interrupt() == 0
