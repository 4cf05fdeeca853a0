"""The command's page in a real browser: pictures are dropped, painted, watched, stopped, resumed, named, varied, compared, deleted. With
STYLEBOOK_SHOTS=FOLDER pictures of the page are written there."""

import base64
import contextlib
import os
import pathlib
import re
import signal
import socket
import struct
import subprocess
import threading
import time

import pytest

from books import PATIENCE, REPOSITORY
from lab import chromium, needs_browser, new_page, wait_for

import axe_playwright_python  # once it is clear that playwright is here

pytestmark = needs_browser
AXE = (pathlib.Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
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
    page.on("console", lambda m: page.complaints.append(f"{m.text} {m.location['url']}") if m.type in ("error", "warning") else None)
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
    found = re.search(r"(\d+) / (\d+)", page.inner_text("#left"))
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
        page.wait_for_selector("#refused:has-text('Choose a photograph first.')")
        drop(page, "content", "content.jpg")
        assert page.is_hidden("#refused"), "a message goes away when its cause has gone"
        page.set_input_files("#style", DATA / "style.jpg")  # chosen instead of dropped
        slide(page, "size", 160)  # a browser on a busy machine sees three pictures before its epochs are over
        slide(page, "epochs", 1000)
        assert page.evaluate("given().map(([name]) => name).sort()") == ["epochs", "preset", "size"], "what was not touched is the preset's"
        page.select_option("#preset", "pytorch")
        assert page.inner_text("output[for=epochs]") == "1000", "what was chosen outlives another preset"
        page.click("#further summary")
        page.uncheck("#style-layers input[value=conv5_1]")
        page.select_option("#keep-colours", "luminance")
        page.click("#start")
        seen = set()
        wait_for("the picture to grow three times", lambda: epoch(page) > 2 and (
            seen.add(page.get_attribute("#picture", "src")) or len(seen - {None}) >= 3))
        assert "Paint next" in page.inner_text("#start") and "left" in page.inner_text("#left")
        assert page.locator("#curves polyline").count() == 4 and page.is_hidden("#curves .plot")
        page.click("#curves summary")
        page.wait_for_selector("#curves .plot:visible")
        assert page.inner_text("#stop") == "Stop and keep" and "160 wide, 107 high" in page.inner_text("#left")
        assert "epoch" not in cards(page).first.inner_text() and "0:00" not in cards(page).first.inner_text(), "no stale numbers"
        page.wait_for_function("() => document.querySelector('#runs .empty img')?.naturalWidth > 0")
        page.click("#stop")
        page.wait_for_selector("#phase:has-text('Stopped')")
        stopped = epoch(page)
        assert 2 < stopped < 1000
        assert page.evaluate("document.querySelector('#picture').naturalWidth") == 160
        assert "interrupted after epoch" in command.said()

        page.reload()  # all is still there for who comes again
        wait_for("the stopped run", lambda: epoch(page) == stopped)
        page.click("#resume")
        wait_for("the run to go on", lambda: phase(page).endswith("Painting") and epoch(page) > stopped + 2)
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
    wait_for("both runs", lambda: cards(page).count() == 2)
    for i in range(2):
        page.locator("#runs input[type=checkbox]").nth(i).check()
    page.wait_for_selector("#compared li:has-text('Preset: nnst: for any two pictures'):has-text('→ pytorch')")
    assert page.locator("#compared img").count() == 2
    assert page.locator("#compared polyline").count() >= 6 and page.is_hidden("#pick")
    page.click("#compared .close")
    assert page.is_hidden("#compared") and page.is_visible("#pick") and page.locator("#runs input:checked").count() == 0


def cards(page):
    return page.locator("#runs li[data-run]")


def accessible(page):
    """What axe-core finds wrong with the page as it is."""
    page.evaluate(AXE)
    found = page.evaluate("async () => (await axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']})).violations")
    return [(v["id"], [n["html"][:200] for n in v["nodes"]], v["nodes"][0]["failureSummary"]) for v in found]


WORDS = {"en": {"finished": "Finished", "style": "Style: 1 → 1.5", "preview": "Preview, not kept", "undo": "Undo", "stop": "Stop", "missing": "Choose a painting first."},
         "zh-CN": {"finished": "已完成", "style": "风格强度：1 → 1.5", "preview": "预览，不保存", "undo": "撤销", "stop": "停止", "missing": "请先选择画作。"}}


@pytest.mark.parametrize("width, height, language, colours", [(1280, 800, "en", "light"), (390, 844, "zh-CN", "dark")])
def test_the_studio(start, tmp_path, width, height, language, colours):
    command, words = start("web"), WORDS[language]
    with chromium() as browser:
        page = visit(browser, command, viewport={"width": width, "height": height}, locale=language, color_scheme=colours)

        def shot(name):
            if folder := os.environ.get("STYLEBOOK_SHOTS"):
                page.screenshot(path=f"{folder}/{language}-{name}.png", full_page=True)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{name} fits"
            assert accessible(page) == [], name

        page.wait_for_function("() => document.querySelector('#forecast').textContent")
        shot("fresh")
        slide(page, "epochs", 1000)
        for button in page.locator("#examples button").all():  # one is painted, the others wait
            button.click()
            page.wait_for_function("() => !document.querySelector('#start').disabled")
            slide(page, "epochs", 10)
        wait_for("three to wait", lambda: page.locator("#waiting li").count() == 3)
        shot("painting")
        assert page.wait_for_function("() => { const b = document.querySelector('#job').getBoundingClientRect(); return b.top >= -1 && b.top < innerHeight / 2; }")
        page.locator("#waiting li button").last.click()
        wait_for("two to wait", lambda: page.locator("#waiting li").count() == 2)
        wait_for("some of the first", lambda: epoch(page) > 0)
        page.click("#stop")
        wait_for("three pictures", lambda: cards(page).count() == 3 and words["finished"] in phase(page) and page.is_hidden("#waiting"))
        loaded(page)
        shot("gallery")

        rename(page, "<b>Katze</b> & Meer")
        page.fill("#search", "katze")
        wait_for("what was sought", lambda: cards(page).count() == 1)
        page.fill("#search", "")
        wait_for("all again", lambda: cards(page).count() == 3)

        forecast_follows(page)
        use_and_vary(page, words)
        shot("compared")
        delete_and_undo(page, words, shot)
        preview(page, words)
        several(page, words, tmp_path)
        shot("several")
        assert [c for c in page.complaints if "status of 400" not in c] == []
    assert command.interrupt() == 0


def loaded(page):
    page.locator("#runs").scroll_into_view_if_needed()
    page.wait_for_function("() => [...document.querySelectorAll('#runs li[data-run]')][0].querySelectorAll('img').length === 3")
    page.wait_for_function("() => [...document.querySelectorAll('#runs li[data-run]')][0].querySelector('.large img').naturalWidth > 0")


def rename(page, name):
    """By keyboard alone; what looks like HTML is none."""
    page.locator("#runs button.name").first.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Control+A")
    page.keyboard.type(name)
    page.keyboard.press("Enter")
    wait_for("the name", lambda: page.locator("#runs button.name").first.inner_text() == name)
    assert page.locator("#runs button.name b").count() == 0
    wait_for("the name above", lambda: phase(page).startswith(name))
    assert "✎" in page.evaluate("getComputedStyle(document.querySelector('#runs button.name'), '::after').content")


def forecast_follows(page):
    def seconds(size):
        slide(page, "size", size)
        page.wait_for_function("size => new RegExp(`\\\\b${size}\\\\b`).test(document.querySelector('#forecast').textContent)", arg=str(size))
        minutes, rest = re.search(r"(\d+):(\d\d) ·", page.inner_text("#forecast")).groups()
        return 60 * int(minutes) + int(rest)
    slide(page, "epochs", 300)
    assert seconds(1200) > seconds(600)


def again(page, nth):
    """Opens the menu of the first picture by keyboard, and takes an entry."""
    summary = cards(page).first.locator(".again summary")
    summary.focus()
    page.keyboard.press("Enter")
    for _ in range(nth + 1):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")


def use_and_vary(page, words):
    slide(page, "strength", 1)
    assert page.inner_text("output[for=strength]") == "10"
    again(page, 0)
    page.wait_for_function("() => document.querySelector('#strength').value === '0'")  # the middle of the track
    assert page.inner_text("output[for=strength]") == "1" and page.inner_text("output[for=epochs]") == "10"
    page.wait_for_function("() => [...document.querySelectorAll('.drop > img')].every(i => i.naturalWidth > 0)")
    again(page, 1)  # more style
    wait_for("more style", lambda: cards(page).count() == 4 and words["finished"] in phase(page))
    page.locator("#runs input[type=checkbox]").nth(1).check()
    page.locator("#runs input[type=checkbox]").nth(0).check()  # the later one is the second
    page.wait_for_selector("#compared .differ li")
    assert page.locator("#compared .differ li").all_inner_texts() == [words["style"]]


def delete_and_undo(page, words, shot):
    first = cards(page).first.get_attribute("data-run")
    cards(page).first.locator("button").last.click()
    wait_for("it to go", lambda: cards(page).count() == 3)
    assert page.evaluate("document.activeElement.textContent") == words["undo"]
    shot("deleted")
    page.keyboard.press("Enter")
    wait_for("it to come back", lambda: cards(page).count() == 4)
    assert cards(page).first.get_attribute("data-run") == first


def preview(page, words):
    page.click("#preview")
    page.wait_for_selector(f"#stop:text-is('{words['stop']}')")
    page.wait_for_selector(f"#phase:has-text('{words['preview']}'):has-text('{words['finished']}')")
    assert page.evaluate("document.querySelector('#picture').naturalWidth") > 0
    assert page.is_hidden("#download") and page.is_disabled("#enlarge") and cards(page).count() == 4


def several(page, words, tmp_path):
    """Two paintings with shares, and a folder of photographs, one of which the browser can't decode."""
    page.locator("#others").evaluate("node => node.querySelector('button').click()")
    page.click("#start")
    page.wait_for_selector("#refused:visible")
    folder = tmp_path / "photographs"
    folder.mkdir()
    for name in ("photographs/rocket.jpg", "photographs/coffee.jpg"):
        (folder / pathlib.Path(name).name).write_bytes((DATA / name).read_bytes())
    page.set_input_files("#content", REPOSITORY / "stylelib/internal/imagefile/testdata/formats/turned.heic")
    page.wait_for_function("() => document.querySelector('.drop[for=content] img').naturalWidth > 0")
    page.click("#start")
    page.wait_for_selector(f"#refused:has-text('{words['missing']}')")
    page.set_input_files("#content", sorted(folder.iterdir()))
    page.set_input_files("#style", DATA / "style.jpg")
    page.set_input_files("#another input", DATA / "quality/ink.jpg")
    page.wait_for_selector("#blend input >> nth=1")
    page.locator("#blend input").first.fill("3")
    slide(page, "size", 64)
    page.click("#start")
    wait_for("both photographs", lambda: cards(page).count() == 6 and words["finished"] in phase(page) and page.is_hidden("#waiting"))
    assert sorted(page.locator("#runs button.name").all_inner_texts()[:2]) == ["coffee × style × ink", "rocket × style × ink"]
    assert "3,1" in cards(page).first.inner_text()


class Relay:
    """A connection to the page that can be cut."""

    def __init__(self, port):
        self.port, self.open = port, []
        self.server = socket.create_server(("127.0.0.1", 0))
        self.address = self.server.getsockname()
        self.serve()

    def serve(self):
        threading.Thread(target=self.accept, args=[self.server], daemon=True).start()

    def accept(self, server):
        with contextlib.suppress(OSError):
            while True:
                client, _ = server.accept()
                target = socket.create_connection(("127.0.0.1", self.port))
                self.open += [client, target]
                for one, other in ((client, target), (target, client)):
                    threading.Thread(target=self.copy, args=[one, other], daemon=True).start()

    @staticmethod
    def copy(source, to):
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                to.sendall(data)
            to.shutdown(socket.SHUT_WR)

    def cut(self):
        for one in [self.server, *self.open]:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self.open = []

    def mend(self):
        self.server = socket.create_server(self.address)
        self.serve()


def test_it_goes_on_by_itself(start):
    """The connection breaks and comes back; the computer sleeps."""
    command = start("web")
    port = int(re.search(r":(\d+)/", command.address)[1])
    relay = Relay(port)
    with chromium() as browser:
        page = new_page(browser)
        page.clock.install()
        page.goto(command.address.replace(str(port), str(relay.address[1]), 1))
        page.wait_for_function("() => events.readyState === EventSource.OPEN")
        assert page.is_hidden("#away")
        relay.cut()
        page.wait_for_selector("#away:visible")
        relay.mend()
        wait_for("the page to go on", lambda: page.clock.run_for(3000) or page.is_hidden("#away"))
        assert page.is_hidden("#slept")
        page.clock.fast_forward("20:00")
        page.wait_for_selector("#slept:text-matches('slept for (19|20):')")
        wait_for("the page to go on", lambda: page.is_hidden("#away"))
        relay.cut()
    assert command.interrupt() == 0


def test_ctrl_c_is_told_and_keeps_the_picture(start, tmp_path):
    out = tmp_path / "out.png"
    command = start("-web", "-content", DATA / "content.jpg", "-style", DATA / "style.jpg", "-out", out, "-preset", "pytorch", "-width", "64",
                    "-epochs", "100000")
    with chromium() as browser:
        page = visit(browser, command, viewport={"width": 390, "height": 844}, locale="zh-CN", color_scheme="dark")
        page.wait_for_selector("#start:has-text('排队绘制')")
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
