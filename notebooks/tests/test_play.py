"""What one plays with, in a real browser: in JupyterLab, and on the page that scripts/run leaves, where no other script runs."""

import subprocess
import sys

import nbformat
import pytest

from books import OURS, PATIENCE, REPOSITORY, TRAINING, chapter, client_for, find, only, progress, stream
from lab import command, needs_browser, open_notebook, opened, served, wait_for

pytestmark = needs_browser

MORE = '''import "image/color"

// flat is a picture of one brightness.
func flat(side int, level uint8) figure.Picture {
	picture := image.NewGray(image.Rect(0, 0, side, side))
	for i := range picture.Pix {
		picture.Pix[i] = level
	}
	return figure.Picture{Title: fmt.Sprint("level ", level), Image: picture}
}

%%
_ = color.Gray{}
check(nbui.ShowSteps("channel", flat(20, 50), flat(20, 100), flat(20, 150)))
row, column := nbui.Axis{Name: "style", Values: []string{"1", "10"}}, nbui.Axis{Name: "content", Values: []string{"2", "20", "200"}, At: 1}
check(nbui.ShowGrid(row, column, flat(200, 10), flat(200, 20), flat(200, 30), flat(200, 40), flat(200, 50), flat(200, 60)))
check(nbui.ShowBeforeAfter(flat(200, 0), flat(200, 200)))'''


def playable(folder, **parameters):
    """The chapter's training of 60 epochs, its result beside the photograph, and three outputs more."""
    book = only(chapter(folder, epochs="60", **parameters), TRAINING, "ShowBeforeAfter")
    book.cells.append(nbformat.v4.new_code_cell(MORE))
    return book


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """All that one plays with, executed."""
    folder = tmp_path_factory.mktemp("played")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STYLEBOOK_WEIGHTS", "offline")
        book = playable(folder)
        client_for(book).execute()
    book.cells.append(nbformat.v4.new_code_cell("", outputs=[
        nbformat.v4.new_output("display_data", data={"text/html": "<script>window.foreign = true</script>"})]))
    sanitized = nbformat.v4.new_output("display_data", data={"text/html": '<div class="stylebook-play">what is left where nobody trusts it</div>'})
    book.cells.insert(0, nbformat.v4.new_code_cell("", outputs=[sanitized]))
    nbformat.write(book, folder / "played.ipynb")
    return folder


# The red, green, blue and alpha of the shown picture's pixels, as the browser paints them.
SEEN = """root => {
  const canvas = document.createElement('canvas'), image = root.querySelector('img');
  canvas.width = image.naturalWidth; canvas.height = image.naturalHeight;
  const paint = canvas.getContext('2d');
  paint.drawImage(image, 0, 0);
  return [...paint.getImageData(0, 0, canvas.width, canvas.height).data];
}"""


def pixels(page, root):
    page.wait_for_function("root => root.querySelector('img').complete", arg=root)
    return page.evaluate(SEEN, root)


def apart(a, b):
    return sum(abs(x - y) for x, y in zip(a, b)) / len(a)


def plays(page):
    page.wait_for_selector(".stylebook-play[data-on] input", state="attached")
    return page.query_selector_all(".stylebook-play[data-on]")


def value(slider):
    return slider.evaluate("input => input.nextElementSibling.textContent")


def into_sight(page, element):
    """Scrolls to it and waits until it is drawn: Lab leaves undrawn what is not in sight, and draws it some time after."""
    element.scroll_into_view_if_needed()
    page.wait_for_function("element => element.innerText !== '' && element.getBoundingClientRect().height > 0", arg=element)


def turns_training(page, root):
    """The slider goes back to the beginning: another picture, another epoch, and the points on the curves move."""
    slider, picture = root.query_selector("input"), root.query_selector("img")
    into_sight(page, root)
    assert value(slider) == "60" and picture.get_attribute("alt") == "synthesized image, epoch 60"
    assert slider.bounding_box()["y"] < picture.bounding_box()["y"], "the picture's top is in sight where the slider is"
    dots = lambda: [float(dot.get_attribute("cx")) for dot in root.query_selector_all("svg .dot")]
    last, end = pixels(page, root), dots()
    slider.focus()
    page.keyboard.press("ArrowLeft")
    assert value(slider) == "50" and slider.get_attribute("aria-valuetext") == "50"
    before = pixels(page, root)
    page.keyboard.press("Home")
    assert value(slider) == "10" and picture.get_attribute("alt") == "synthesized image, epoch 10"
    assert 0 < apart(before, last) < apart(pixels(page, root), last)
    assert len(end) == 3 and len(set(end)) == 1 and all(now < then - 50 for now, then in zip(dots(), end))
    box = root.query_selector("svg").bounding_box()
    page.mouse.click(box["x"] + 0.98 * box["width"], box["y"] + box["height"] / 2)
    assert value(slider) == "60" and pixels(page, root) == last


def turns_channels(page, root):
    slider = root.query_selector("input")
    into_sight(page, root)
    assert "channel" in root.inner_text() and pixels(page, root)[0] == 50
    slider.focus()
    page.keyboard.press("End")
    assert value(slider) == "level 150" and pixels(page, root)[0] == 150
    assert root.query_selector("img").evaluate("image => getComputedStyle(image).imageRendering") == "pixelated"


def points_at_grid(page, root):
    row, column = root.query_selector_all("input")
    into_sight(page, root)
    assert (value(row), value(column)) == ("1", "20") and abs(pixels(page, root)[0] - 20) < 3
    row.focus()
    page.keyboard.press("ArrowRight")
    assert value(row) == "10" and abs(pixels(page, root)[0] - 50) < 3
    into_sight(page, root)
    cells = root.query_selector_all("svg rect")
    cells[2].click()
    assert (value(row), value(column)) == ("1", "200") and abs(pixels(page, root)[0] - 30) < 3


def divides(page, root):
    slider, (before, after) = root.query_selector("input"), root.query_selector_all("img")
    cut = lambda: after.evaluate("image => image.style.clipPath")
    into_sight(page, root)
    assert "50%" in cut() and before.bounding_box() == after.bounding_box()
    slider.focus()
    page.keyboard.press("Home")
    assert cut() in ("inset(0px 0px 0px 0%)", "inset(0px)")
    into_sight(page, root)
    box = before.bounding_box()
    page.mouse.click(box["x"] + 0.8 * box["width"], box["y"] + box["height"] / 2)
    assert "80%" in cut() and value(slider) == "80 %"


def turns_all(page):
    training, result, channels, grid, division = plays(page)
    turns_training(page, training)
    divides(page, result)
    turns_channels(page, channels)
    points_at_grid(page, grid)
    divides(page, division)


def test_on_the_page(played):
    subprocess.run([sys.executable, REPOSITORY / "scripts/tools/page.py", played / "played.ipynb"], check=True, timeout=PATIENCE)
    with opened() as page:
        asked = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto((played / "played.html").as_uri())
        turns_all(page)
        assert [url for url in asked if not url.startswith("data:")] == [(played / "played.html").as_uri()], "nothing is loaded"
        assert page.evaluate("window.foreign") is None, "no other script runs"


def test_in_the_lab(played, tmp_path):
    root = tmp_path / "lab"
    root.mkdir()
    book = playable(tmp_path, **OURS)
    book.cells[find(book, TRAINING)].source += '\ncheck(live.Film("a film.gif"))'
    nbformat.write(book, root / "played.ipynb")
    with served(root, tmp_path / "lab.log") as where, opened() as page:
        open_notebook(page, *where, "played.ipynb")
        command(page, "notebook:run-all-cells")
        wait_for("five outputs", lambda: len(page.query_selector_all(".stylebook-play[data-on]")) == 5)
        turns_all(page)
        sees_film(page, root / "a film.gif")


def sees_film(page, file):
    """The film that a line in the cell makes lies beside the notebook, and runs below the training."""
    assert file.read_bytes().startswith(b"GIF89a")
    film = page.query_selector("img[alt='a film.gif']")
    film.scroll_into_view_if_needed()
    page.wait_for_function("film => film.complete && film.naturalWidth === 72 && film.naturalHeight === 48", arg=film)
    looks = set()
    wait_for("other pictures", lambda: looks.add(film.screenshot()) or len(looks) > 2)


SEEN_INSIDE = """%%
s := must(session.Open(request()))
defer s.Close()
o := options()
content, style := must(GetStyles(s.Extractor, s.Content, o))[2], must(GetStyles(s.Extractor, s.Style, o))[2]
check(nbui.ShowGram(figure.Picture{Title: "style image", Image: must(Postprocess(s.Style))}, style))
check(nbui.ShowClouds(style, []nbui.Axis{{Name: "epoch", Values: []string{"0", "9"}}}, content, style))
check(nbui.ShowReceptiveField(s.Extractor, s.Content, o.StyleLayers...))
check(nbui.ShowWishes(must(s.Wishes(0, s.Content)), must(s.Wishes(9, s.Style))))"""


def attribute(root, selector, name):
    return [element.get_attribute(name) for element in root.query_selector_all(selector)]


def grows_gram(page, root):
    """The scan goes on by key and by finger; with the positions shuffled the way is another, the end is not."""
    slider, button, (picture, matrix) = root.query_selector("input"), root.query_selector("button"), root.query_selector_all("img")
    into_sight(page, root)
    matrices = {}
    for shuffled in False, True:
        for key in "Home", "ArrowRight", "End":
            slider.focus()
            page.keyboard.press(key)
            matrices[shuffled, key] = matrix.get_attribute("src")
        before = picture.get_attribute("src")
        button.focus()
        page.keyboard.press("Enter")
        assert picture.get_attribute("src") != before
    assert button.inner_text() == "shuffle the positions" and root.inner_text().count("the Gram matrix of 216 positions") == 1
    assert matrices[False, "End"] == matrices[True, "End"] and matrices[False, "ArrowRight"] != matrices[True, "ArrowRight"]
    svg = root.query_selector("svg.point")
    box = svg.bounding_box()
    svg.dispatch_event("pointerdown", {"buttons": 1, "pointerType": "touch", "clientX": box["x"] + 9, "clientY": box["y"] + box["height"] / 2})
    assert value(slider) == "6" and attribute(root, "rect", "y") == [str(round(box["height"] / box["width"] * 36))]


def moves_clouds(page, root):
    into_sight(page, root)
    before = attribute(root, "path[data-part]", "d")
    root.query_selector("input").focus()
    page.keyboard.press("ArrowRight")
    assert "Gram 0, Wasserstein 0" in root.inner_text() and len(before) == 3
    assert all(now != then for now, then in zip(attribute(root, "path[data-part]", "d"), before))


def points_at_photograph(page, root):
    """Without a button the pointer chooses the place; the chosen layer's field is the larger the deeper it lies."""
    layer, row, column = root.query_selector_all("input")
    into_sight(page, root)
    box = root.query_selector("svg.point").bounding_box()
    page.mouse.move(box["x"] + 0.99 * box["width"], box["y"] + 0.01 * box["height"])
    assert (value(row), value(column)) == ("1", "70"), "the upper right corner"
    responses, maps = attribute(root, "svg[preserveAspectRatio] rect", "width"), attribute(root, "img[data-part]", "src")
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert attribute(root, "svg[preserveAspectRatio] rect", "width") != responses and len(maps) == 8
    widths = []
    layer.focus()
    for key in "Home", "ArrowRight", "ArrowRight":
        page.keyboard.press(key)
        widths.append(attribute(root, "svg.point rect", "width")[-1])
    assert widths == ["3", "10", "24"] and "conv3_1 sees 24 × 24 pixels" in root.inner_text()
    page.keyboard.press("End")
    assert attribute(root, "img[data-part]", "src") != maps and root.query_selector("svg").bounding_box()["width"] <= 450


def walks_through_wishes(page, root):
    """Here from the content image, which is what the content loss wants, to the style image, which is what the style loss wants."""
    into_sight(page, root)
    content, style, tv = attribute(root, "path", "d")
    assert style == "M0 0" and "M0 0" not in (content, tv)
    root.query_selector("input").focus()
    page.keyboard.press("Home")
    content, style, tv = attribute(root, "path", "d")
    assert content == "M0 0" and style != "M0 0"
    assert "content 0.00" in root.inner_text() and "synthesized image" in attribute(root, "img", "alt")


def test_looks_inside(tmp_path):
    """What explains itself, on a page wide and narrow; no script but ours runs there."""
    book = only(chapter(tmp_path, **OURS))
    book.cells.append(nbformat.v4.new_code_cell(SEEN_INSIDE))
    client_for(book).execute()
    nbformat.write(book, tmp_path / "inside.ipynb")
    subprocess.run([sys.executable, REPOSITORY / "scripts/tools/page.py", tmp_path / "inside.ipynb"], check=True, timeout=PATIENCE)
    with opened() as page:
        for width in 1280, 390:
            page.set_viewport_size({"width": width, "height": 900})
            page.goto((tmp_path / "inside.html").as_uri())
            for look, root in zip((grows_gram, moves_clouds, points_at_photograph, walks_through_wishes), plays(page), strict=True):
                look(page, root)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, "nothing is wider than the page"


KNOBS = """%%
ctx, stop := nbui.Interruptible()
defer stop()
engine := must(engine.Open("go"))
defer engine.Close()
r := request()
r.Options.Epochs = 10
check(nbui.Knobs(ctx, engine.Backend, r, outPath))
fmt.Println("ended")"""


def with_knobs(tmp_path):
    """The chapter's declarations and a cell with knobs."""
    book = only(chapter(tmp_path, **OURS))
    book.cells.append(nbformat.v4.new_code_cell(KNOBS))
    return book


def test_knobs_without_a_page(tmp_path):
    """Nobody is waited for where nobody is."""
    book = with_knobs(tmp_path)
    client_for(book).execute()
    cell = book.cells[-1]
    assert stream(cell).startswith("where the notebook is open in JupyterLab") and "ended" in stream(cell)
    assert all(output.output_type == "stream" for output in cell.outputs) and not (tmp_path / "out.png").exists()


def test_knobs_in_the_lab(tmp_path):
    root = tmp_path / "lab"
    root.mkdir()
    nbformat.write(with_knobs(tmp_path), root / "knobs.ipynb")
    with served(root, tmp_path / "lab.log") as where, opened() as page:
        open_notebook(page, *where, "knobs.ipynb")
        command(page, "notebook:run-all-cells")
        page.get_by_role("button", name="done").wait_for()

        def train(epochs):
            page.get_by_role("button", name="train 10 epochs").click()
            wait_for("the training", lambda: (tmp_path / "progress.jsonl").exists() and len(progress(tmp_path)) == epochs)
            wait_for("its slider", lambda: page.query_selector(".stylebook-play[data-on]"))

        train(10)
        train(20)
        page.get_by_label("style weight").focus()
        page.keyboard.press("End")
        page.get_by_label("content layer").select_option("conv1_2")
        train(30)
        page.get_by_role("button", name="done").click()
        wait_for("the cell's end", lambda: page.evaluate("jupyterapp.shell.currentWidget.sessionContext.session.kernel.status") == "idle")
        assert page.query_selector("text=style weight 1e+05") is not None, "what was chosen stays to be read"
        assert page.query_selector("text=train 10 epochs") is None and len(page.query_selector_all(".stylebook-play")) == 1
    style = [epoch["style"] for epoch in progress(tmp_path)]
    assert style[10] < 0.7 * style[0], "the second training goes on from the picture that was reached"
    assert style[20] > 20 * style[19], "the third has a hundred times the style weight"
    assert (tmp_path / "out.png").read_bytes().startswith(b"\x89PNG")
