"""Looking closely and marking regions on the command's page, in a real browser: wide with a mouse, and as a phone."""

import base64
import json
import re
import urllib.request

import pytest

from lab import chromium, needs_browser, wait_for
from test_page import drop, program, slide, start, visit  # noqa: F401: two of them are fixtures

pytestmark = needs_browser
SCREENS = {
    "wide": {"viewport": {"width": 1280, "height": 800}},
    "phone": {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "locale": "zh-CN", "color_scheme": "dark"},
}


@pytest.fixture(params=SCREENS)
def page(request, start, monkeypatch):  # noqa: F811
    """The page with two pictures chosen for a training of moments."""
    monkeypatch.setenv("STYLEBOOK_WEIGHTS", "offline")
    command = start("web")
    with chromium() as browser:
        page = visit(browser, command, **SCREENS[request.param])
        page.command = command
        drop(page, "content", "content.jpg")
        drop(page, "style", "quality/shore.jpg")
        slide(page, "size", 160)
        slide(page, "epochs", 30)
        yield page
        assert page.complaints == []
    assert command.interrupt() == 0


def paint(page):
    """Paints the picture; gives the row of its run."""
    before = len(rows(page))
    page.click("#start")

    def finished():
        listed = rows(page)
        assert not any(row["status"] == "failed" for row in listed)
        return listed[0] if len(listed) > before and listed[0]["status"] == "finished" else None

    row = wait_for("the picture", finished)
    page.wait_for_selector(f"[data-look='{row['id']}'] img")
    return row


def rows(page):
    with urllib.request.urlopen(page.command.address + "runs") as answer:
        return json.load(answer)["runs"]


def inside(page, selector):
    """Nothing on the page or in the dialog is wider than the screen."""
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("s => document.querySelector(s).scrollWidth <= innerWidth", selector)


def fraction(page, selector, x, y):
    box = page.locator(selector).bounding_box()
    return box["x"] + x * box["width"], box["y"] + y * box["height"]


def drag(page, selector, begin, end):
    page.mouse.move(*fraction(page, selector, *begin))
    page.mouse.down()
    page.mouse.move(*fraction(page, selector, *end), steps=6)
    page.mouse.up()


# --- looking ---


def sheet(page, n=0):
    return page.locator(".look-sheet").nth(n).bounding_box()


def zoom(page):
    return int(page.inner_text("#look-zoom").rstrip(" %"))


def test_look(page):
    row = paint(page)
    page.focus("#enlarge")  # the picture in the panel
    page.keyboard.press("Enter")
    page.wait_for_selector("#look[open]")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.id") == "enlarge"
    page.focus(f"[data-look='{row['id']}']")
    page.keyboard.press("Enter")
    page.wait_for_selector("#look[open]")
    page.wait_for_selector("#look-share:visible")
    inside(page, "#look")
    page.wait_for_function("() => document.activeElement.className === 'look-window'")
    zooms_by_keys(page, row)
    pans(page)
    zooms_by_wheel_and_fingers(page)
    shows_the_photograph(page)
    turns_the_film(page, row)
    assert page.locator("#look-curves polyline").count() == 2
    downloads(page, row)
    page.keyboard.press("Escape")
    page.wait_for_selector("#look", state="hidden")
    assert page.evaluate("document.activeElement.dataset.look") == row["id"], "focus returns"


def zooms_by_keys(page, row):
    whole = zoom(page)
    page.keyboard.press("1")
    pixels = 1 / page.evaluate("devicePixelRatio")
    assert zoom(page) == 100 and abs(sheet(page)["width"] - row["width"] * pixels) < 1, "a pixel is a pixel"
    page.keyboard.press("0")
    assert zoom(page) == whole
    page.keyboard.press("+")
    assert abs(zoom(page) - 1.25 * whole) <= 1
    page.keyboard.press("-")
    assert abs(zoom(page) - whole) <= 1
    for _ in range(40):
        page.click("#look-tools [data-key='+']")
    assert zoom(page) == 1600 and page.locator(".look-sheet.pixels").count() == 1
    page.click("#look-tools [data-key='0']")
    page.focus(".look-window")


def pans(page):
    for _ in range(5):
        page.keyboard.press("+")
    for key, axis, sign in ("ArrowRight", "x", -1), ("ArrowLeft", "x", 1), ("ArrowDown", "y", -1), ("ArrowUp", "y", 1):
        before = sheet(page)[axis]
        page.keyboard.press(key)
        assert abs(sheet(page)[axis] - before - 60 * sign) < 1, key
    before = sheet(page)
    drag(page, ".look-window", (0.6, 0.6), (0.5, 0.55))
    after, frame = sheet(page), page.locator(".look-window").bounding_box()
    assert abs(after["x"] - before["x"] + 0.1 * frame["width"]) < 2 and abs(after["y"] - before["y"] + 0.05 * frame["height"]) < 2
    for _ in range(60):
        page.keyboard.press("ArrowLeft")
    assert abs(sheet(page)["x"] - frame["x"]) < 3, "it can't be pushed out of sight"
    page.keyboard.press("0")


# Two fingers on the picture, from one distance to another.
PINCH = """([from, to]) => {
  const frame = document.querySelector(".look-window"), box = frame.getBoundingClientRect();
  const send = (kind, id, off) => frame.dispatchEvent(new PointerEvent(kind, {pointerId: id, pointerType: "touch", bubbles: true,
    clientX: box.left + box.width / 2 + off, clientY: box.top + box.height / 2}));
  frame.setPointerCapture = () => {}; // no such finger is down
  send("pointerdown", 7, -from / 2); send("pointerdown", 8, from / 2);
  send("pointermove", 7, -to / 2); send("pointermove", 8, to / 2);
  send("pointerup", 7, -to / 2); send("pointerup", 8, to / 2);
}"""


def zooms_by_wheel_and_fingers(page):
    whole = zoom(page)
    page.evaluate(PINCH, [80, 160])
    assert abs(zoom(page) - 2 * whole) <= 0.02 * whole
    page.keyboard.press("0")
    page.mouse.move(*fraction(page, ".look-window", 0.25, 0.5))
    before = fraction(page, ".look-sheet", 0.25, 0)[0]
    page.dispatch_event(".look-window", "wheel", {"deltaY": -400, "clientX": before, "clientY": fraction(page, ".look-window", 0, 0.5)[1]})
    assert abs(zoom(page) - 2.718 * whole) <= 0.02 * whole
    assert abs(fraction(page, ".look-sheet", 0.25, 0)[0] - before) < 2, "what is under the pointer stays there"
    page.keyboard.press("0")


# The mean red, green and blue of what the screen shows, as a PNG.
MEAN = """async png => {
  const image = await createImageBitmap(await (await fetch("data:image/png;base64," + png)).blob());
  const canvas = new OffscreenCanvas(image.width, image.height), on = canvas.getContext("2d");
  on.drawImage(image, 0, 0);
  const data = on.getImageData(0, 0, image.width, image.height).data, sum = [0, 0, 0];
  data.forEach((v, i) => { if (i % 4 < 3) sum[i % 4] += v; });
  return sum.map(v => v * 4 / data.length);
}"""


def decoded(page, png, script):
    """A script on a page without our policy, which lets nothing be fetched from data."""
    other = page.context.new_page()
    try:
        return other.evaluate(script, base64.b64encode(png).decode())
    finally:
        other.close()


def mean(page):
    return decoded(page, page.locator(".look-window").screenshot(), MEAN)


def shows_the_photograph(page):
    share, line = page.locator("#look-share input"), page.locator(".look-line")
    assert share.input_value() == "50", "it starts with half of each"
    share.focus()
    page.keyboard.press("Home")
    painted = mean(page)
    page.keyboard.press("End")
    photograph = mean(page)
    assert max(abs(a - b) for a, b in zip(painted, photograph)) > 2, "another picture is seen"
    assert page.locator(".look-sheet .before").evaluate("i => i.style.clipPath") in ("inset(0px 0% 0px 0px)", "inset(0px)", "inset(0px 0%)")
    page.keyboard.press("Home")
    for _ in range(20):
        page.keyboard.press("ArrowRight")
    box = sheet(page)
    at = lambda: line.bounding_box()["x"] + line.bounding_box()["width"] / 2
    assert share.input_value() == "20" and abs(at() - box["x"] - 0.2 * box["width"]) < 2, "by key"
    page.mouse.move(at(), box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.7 * box["width"], box["y"] + box["height"] / 2, steps=5)
    page.mouse.up()
    assert 68 <= int(share.input_value()) <= 72 and abs(at() - box["x"] - 0.7 * box["width"]) < 3, "by hand"
    assert sheet(page) == box, "the picture stays where it is"
    share.fill("0")


def turns_the_film(page, row):
    slider, picture = page.locator("#look-film input"), page.locator(".look-sheet .after")
    shown = page.locator("#look-epoch")
    assert shown.inner_text() == "30" and "picture.png" in picture.get_attribute("src")
    last = mean(page)
    slider.focus()
    page.keyboard.press("Home")
    assert shown.inner_text() == "1" and picture.get_attribute("src") == f"runs/{row['id']}/film/1"
    page.wait_for_function("() => { const i = document.querySelector('.look-sheet .after'); return i.complete && i.naturalWidth > 0; }")
    assert max(abs(a - b) for a, b in zip(mean(page), last)) > 1, "an earlier picture is seen"
    page.keyboard.press("ArrowRight")
    assert 1 < int(shown.inner_text()) < 5 and slider.get_attribute("aria-valuetext") == shown.inner_text()
    page.keyboard.press("End")
    assert shown.inner_text() == "30"


def downloads(page, row):
    with page.expect_download() as download:
        page.click("#look figcaption a[download]")
    assert download.value.suggested_filename == f"stylize-{row['id']}.png"
    assert page.get_attribute("#look figcaption a[target]", "href").startswith(f"runs/{row['id']}/picture.png")


def test_a_running_picture_and_a_pair(page):
    first = paint(page)
    slide(page, "size", 64)
    slide(page, "epochs", 1000)
    page.click("#start")
    row = wait_for("another run", lambda: next((r for r in rows(page) if r["status"] == "running"), None))
    page.click(f"[data-look='{row['id']}']")
    page.wait_for_selector("#look-film:visible")
    seen = set()
    wait_for("its film to grow", lambda: seen.add(page.inner_text("#look-epoch")) or len(seen) > 2)
    page.click("#look-close")
    page.click("#stop")
    wait_for("its end", lambda: all(r["status"] != "running" for r in rows(page)))
    pairs(page, first, row)


def pairs(page, *runs):
    wait_for("both pictures", lambda: page.locator("#runs .large img").count() == 2)
    for run in runs:
        page.check(f"#mark-{run['id']}")
    page.click("#compared .large")
    page.wait_for_selector("#look[open]")
    inside(page, "#look")
    assert page.locator(".look-window").count() == 2 and page.locator("#look-film:visible, #look-share:visible").count() == 0
    frames = [page.locator(".look-window").nth(n).bounding_box() for n in range(2)]
    side = page.evaluate("matchMedia('(max-width: 48rem)').matches") or frames[0]["y"] == frames[1]["y"]
    assert side and abs(frames[0]["height"] - frames[1]["height"]) < 1, "captions don't shift them"
    least = page.viewport_size["width"] * (0.47 if frames[0]["x"] < frames[1]["x"] else 0.9)
    assert all(frame["width"] > least for frame in frames), "the buttons take no room beside them"
    for _ in range(4):
        page.keyboard.press("+")
    drag(page, ".look-window >> nth=1", (0.5, 0.5), (0.4, 0.5))
    boxes = [(sheet(page, n), page.locator(".look-window").nth(n).bounding_box()) for n in range(2)]
    middles = [(frame["x"] + frame["width"] / 2 - box["x"]) / box["width"] for box, frame in boxes]
    assert abs(middles[0] - middles[1]) < 0.01 and middles[0] > 0.51, "both show the same place"
    page.keyboard.press("Escape")


# --- marking ---


def mark(page, role, kind="regions"):
    page.click(f".brush[data-role={role}][data-mark={kind}]")
    page.wait_for_selector("#brush[open]")
    inside(page, "#brush")
    assert page.evaluate("document.activeElement.tagName") == "CANVAS"
    board, canvas = (page.locator(s).bounding_box() for s in ("#brush-board", "#brush canvas"))
    assert any(abs(board[side] - canvas[side]) < 1 for side in ("width", "height")), "it fills the window"
    assert canvas["width"] <= board["width"] + 1 and canvas["height"] <= board["height"] + 1


def colour(page, number):
    page.locator(f"[name=brush-colour][value='{number}']").check(force=True)


# The colours of a PNG's pixels, each with its share.
COLOURS = """async png => {
  const image = await createImageBitmap(await (await fetch("data:image/png;base64," + png)).blob());
  const canvas = new OffscreenCanvas(image.width, image.height), on = canvas.getContext("2d"), shares = {};
  on.drawImage(image, 0, 0);
  const data = on.getImageData(0, 0, image.width, image.height).data;
  for (let i = 0; i < data.length; i += 4) {
    const name = data.slice(i, i + 4).join(" ");
    shares[name] = (shares[name] || 0) + 4 / data.length;
  }
  return shares;
}"""
REST, BLUE, ORANGE = "128 128 128 255", "0 114 178 255", "230 159 0 255"


def refused(page):
    page.click("#start")
    page.wait_for_selector("#refused:visible")
    return page.inner_text("#refused")


def test_marks(page):
    plain = paint(page)
    mark(page, "content")
    drag(page, "#brush canvas", (0.1, 0.2), (0.9, 0.2))
    undoes_and_erases(page)
    colour(page, 2)
    by_key(page)
    page.click("#brush-done")
    page.wait_for_selector(".brush[data-role=content][data-mark=regions]:has-text('1, 2')")
    assert "1" in refused(page) and len(rows(page)) == 1, "regions that the painting lacks"
    mark(page, "style")
    drag(page, "#brush canvas", (0.1, 0.3), (0.9, 0.3))
    colour(page, 2)
    drag(page, "#brush canvas", (0.1, 0.8), (0.9, 0.8))
    page.keyboard.press("Escape")  # which keeps what was painted
    mark(page, "content", "colours")
    drag(page, "#brush canvas", (0.3, 0.6), (0.7, 0.6))
    page.click("#brush-done")
    page.wait_for_selector(".brush[data-mark=colours]:has-text('✓')")
    assert page.locator("#keep-colours").input_value() == "luminance"
    row = paint(page)
    files = {name: decoded(page, (page.command.log.parent / "runs" / row["id"] / f"{name}-mask-marks.png").read_bytes(), COLOURS)
             for name in ("content", "style", "colours")}
    for name in "content", "style":
        assert set(files[name]) == {REST, BLUE, ORANGE}, "flat colours and no others"
        assert 0.03 < files[name][BLUE] < 0.4 and 0.003 < files[name][ORANGE] < 0.4
    assert len(files["colours"]) > 100 and files["colours"]["0 0 0 255"] > 0.5, "a soft edge"
    assert "255 255 255 255" in files["colours"] and all(len(set(c.split()[:3])) == 1 for c in files["colours"]), "gray"
    assert row["id"] != plain["id"]
    drop(page, "content", "style.jpg")
    assert not re.search(r"\d|✓", page.inner_text(".brushes >> nth=0")), "another photograph has no marks"


# How many pixels of the marks are seen.
MARKED = """() => {
  const seen = document.querySelector("#brush canvas"), canvas = new OffscreenCanvas(seen.width, seen.height), on = canvas.getContext("2d");
  on.drawImage(seen, 0, 0);
  return on.getImageData(0, 0, canvas.width, canvas.height).data.filter((v, i) => i % 4 === 3 && v).length;
}"""


def undoes_and_erases(page):
    one = page.evaluate(MARKED)
    drag(page, "#brush canvas", (0.1, 0.6), (0.5, 0.6))
    assert page.evaluate(MARKED) > 1.3 * one > 0
    page.keyboard.press("Control+z")
    assert page.evaluate(MARKED) == one
    page.click("#brush-clear")
    assert page.evaluate(MARKED) == 0
    page.click("#brush-undo")
    assert page.evaluate(MARKED) == one
    colour(page, 0)
    drag(page, "#brush canvas", (0.5, 0.1), (0.5, 0.3))
    assert 0.5 * one < page.evaluate(MARKED) < 0.95 * one


def by_key(page):
    page.focus("#brush canvas")
    before = page.evaluate(MARKED)
    page.keyboard.press("ArrowDown")
    assert page.evaluate(MARKED) == before, "a lifted brush marks nothing"
    page.keyboard.press("Space")
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    assert page.evaluate(MARKED) > before and "%" in page.inner_text("#brush-says")
    after = page.evaluate(MARKED)
    page.keyboard.press("ArrowRight")
    assert page.evaluate(MARKED) == after


def test_marks_want_a_picture(start):  # noqa: F811
    command = start("web")
    with chromium() as browser:
        page = visit(browser, command, viewport={"width": 1280, "height": 800})
        button = page.locator(".brush[data-role=style]")
        assert button.is_disabled() and button.get_attribute("title") == "Choose the picture first."
        drop(page, "style", "style.jpg")
        assert button.is_enabled() and button.get_attribute("title") == ""
        assert page.complaints == []
