"""What kernel-config/kernel.py adds to the Go kernel."""

import asyncio
import contextlib
import queue
import sys
import threading
import time

import nbformat
import pytest

from books import REPOSITORY, TRAINING, chapter, client_for, find, only, pictures, progress, stream, wait_for

sys.path.insert(0, str(REPOSITORY / "kernel-config"))

import kernel_words

BEFORE = "interrupted before the cell ran\n", "interrupted\n", "interrupted before the training began\n"


def pressed(client, book, at, condition):
    """Executes a cell and interrupts it when the condition holds."""
    def press():
        condition()
        asyncio.run(client.km.interrupt_kernel())

    thread = threading.Thread(target=press)
    thread.start()
    client.execute_cell(book.cells[at], at)
    thread.join()
    return book.cells[at]


def test_an_interrupt_is_never_lost(tmp_path):
    """While a cell compiles, while its program starts, and when it trains."""
    book = only(chapter(tmp_path, epochs="100000"), TRAINING)
    training = find(book, TRAINING)
    source = book.cells[training].source
    client = client_for(book)
    client.allow_errors = True
    with client.setup_kernel():
        for i, cell in enumerate(book.cells[:training]):
            client.execute_cell(cell, i)
        for seconds in 0.1, 0.3, 1, 2, 4, 8:
            book.cells[training].source = f"{source}\n// {seconds}"  # else what was built serves
            cell = pressed(client, book, training, lambda: time.sleep(seconds))
            text = stream(cell)
            assert text in BEFORE or "interrupted after epoch" in text, (seconds, cell.outputs)
            assert stream(cell, "stderr") == "" and not any(o.output_type == "error" for o in cell.outputs), "one plain line"
        before = len(progress(tmp_path)) if (tmp_path / "progress.jsonl").exists() else 0
        cell = pressed(client, book, training, lambda: wait_for("epochs", lambda: len(progress(tmp_path)) > before + 12))
        assert "interrupted after epoch" in stream(cell) and len(pictures(cell)) == 1
        assert (tmp_path / "out.png").read_bytes().startswith(b"\x89PNG")


def run(*sources):
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in ("%noautoget", *sources)])
    client = client_for(book)
    client.allow_errors = True
    client.execute()
    return book.cells[1:]


def errors(cell):
    return "\n".join(line for o in cell.outputs if o.output_type == "error" for line in o.traceback)


def test_a_version_that_did_not_compile_is_not_taken_for_the_new_one():
    good, bad, use = "func Twice(x int) int { return 2 * x }", "func Twice(x int) int { return 2 * y }", "%%\nfmt.Println(Twice(3))"
    cells = run(good, bad, use, "func Twice(x int) int { return 2 * x", use, good, use)
    assert "Twice did not compile" in stream(cells[2]) and stream(cells[2]).endswith("\n6\n")
    assert "Twice did not compile" in stream(cells[4]), "a cell that can't even be read"
    assert stream(cells[6]) == "6\n"


def test_an_error_points_at_the_word():
    shown = errors(run("func F(x int) int {\n\tif x > 0 {\n\t\t/* 中文 */ return x + wrong\n\t}\n\treturn x\n}")[0]).split("\n")
    caret = next(i for i, line in enumerate(shown) if line.strip() == "^")
    assert kernel_words.columns(shown[caret - 1].split("wrong")[0]) == shown[caret].index("^")
    assert shown[caret - 1].startswith(8 * " " + "/*"), "a tab is as wide as the caret takes it for"


def test_the_first_undefined_name_says_what_to_do():
    said = errors(run("%%\nfmt.Println(One, Two)\nfmt.Println(Three)")[0])
    assert said.count("undefined: ") == 1 and "declares One, Two, Three" in said and "Run All Above" in said
    cells = run("func One() int { return one }", "%%\nfmt.Println(One())")
    assert "One: its cell did not compile" in errors(cells[1]) and "Run All Above" not in errors(cells[1])


def test_a_cell_that_compiles_long_says_so():
    """Within a second or two; nothing of it stays."""
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("%noautoget"), nbformat.v4.new_code_cell(
        'import sl "stylebook/stylelib"\n\nfunc Long() int {\n\treturn sl.Default().Epochs + Wrong()\n}\n\nfunc Wrong() int { return 1 }'),
        nbformat.v4.new_code_cell(f"// {time.time()}\nfunc Long() int {{ return wrong }}"),
        nbformat.v4.new_code_cell(f'%%\nfmt.Println(Long(), session.TrainingsEnv, {time.time()})')])
    book.cells[1].source = 'import "stylebook/stylelib/session"\n\n' + book.cells[1].source
    client, said = client_for(book), []
    client.allow_errors = True
    output, begin = client.process_message, []

    def process(message, cell, index):
        if index == 3:
            begin.append(time.monotonic())
            said.append((message["content"].get("text", message["msg_type"]), begin[-1] - begin[0]))
        return output(message, cell, index)

    client.process_message = process
    client.execute()
    text, seconds = next((text, seconds) for text, seconds in said if text.startswith("compiling"))
    assert 0.5 < seconds < 3 and "clear_output" in [text for text, _ in said]
    assert stream(book.cells[3]).startswith("Long did not compile") and "compiling" not in stream(book.cells[3])


@pytest.mark.parametrize("code, names", [
    ("func Gram(x *Node) *Node { return x }\nvar a, b = 1, 2\ntype T struct{}\nfunc (t T) String() string { return \"\" }",
     {"Gram", "a", "T", "String"}),
    ("import \"fmt\"\n\nfunc f() {}\n\n%%\nvar inside = 1", {"f"}),
])
def test_names_that_a_cell_declares(code, names):
    assert kernel_words.declared(code) == names


def test_a_line_that_comes_again_is_heard():
    """A page that lost its connection comes with the name it had, while the old line still counts."""
    client = client_for(nbformat.v4.new_notebook())
    with client.setup_kernel():
        for _ in range(3):
            again = client.km.client()
            again.session = client.kc.session
            again.start_channels()
            assert asyncio.run(answered(again)), "nobody hears it"


async def answered(client):
    request = client.kernel_info()
    with contextlib.suppress(queue.Empty):
        while True:
            reply = await client.get_shell_msg(timeout=20)
            if reply["parent_header"]["msg_id"] == request:
                return True
    return False
