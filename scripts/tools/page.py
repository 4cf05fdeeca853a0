"""Makes a page of a notebook that loads nothing when it is opened: formulas and pictures are in it.

    page.py NOTEBOOK.ipynb     writes NOTEBOOK.html beside it
"""

import base64
import hashlib
import html
import logging
import pathlib
import sys

import nbformat
import ziamath
from jinja2 import pass_context
from nbconvert import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

# The one script that may run: of the outputs that can be played with.
SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "stylelib/nbui/play.js"
ALLOWED = base64.b64encode(hashlib.sha256(SCRIPT.read_bytes()).digest()).decode()

# Jupyter's page without what it loads from elsewhere; the policy keeps cells from loading anything either.
TEMPLATE = """{% extends 'lab/index.html.j2' %}
{% block html_head_js %}
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; font-src data:; style-src 'unsafe-inline'; script-src 'sha256-ALLOWED'">
{% endblock %}
{% block jupyter_widgets %}{% endblock %}
{% block html_head_js_mathjax %}{% endblock %}
{% block html_head_js_mermaidjs %}{% endblock %}
""".replace("ALLOWED", ALLOWED)


def formula(latex, inline=True):
    """The formula as a picture that stands on the text's baseline; as it is written where it can't be drawn."""
    try:
        svg = ziamath.Latex(latex, size=16, inline=inline).svgxml()
    except Exception:  # whatever a learner may write: the page is made all the same
        return f"<code>{html.escape(latex)}</code>"
    _, top, _, height = (float(x) / 14 for x in svg.get("viewBox").split())  # its letters are smaller than the text's
    data = base64.b64encode(ziamath.zmath.ET.tostring(svg)).decode()
    return (f'<img src="data:image/svg+xml;base64,{data}" alt="{html.escape(latex)}"'
            f' style="height: {height:.3f}em; vertical-align: {-top - height:.3f}em">')


class Renderer(IPythonRenderer):
    def inline_math(self, body):
        return formula(body)

    def block_math(self, body):
        return f'<span style="display: block; text-align: center">{formula(body, inline=False)}</span>'

    def latex_environment(self, name, body):
        return self.block_math(rf"\begin{{{name}}}{body}\end{{{name}}}")


class Page(HTMLExporter):
    @pass_context
    def markdown2html(self, context, source):
        renderer = Renderer(escape=False, embed_images=True, path=context["resources"]["metadata"]["path"],
                            attachments=context["cell"].get("attachments"), anchor_link_text=self.anchor_link_text)
        return MarkdownWithMath(renderer=renderer).render(source)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    logging.getLogger("traitlets").setLevel(logging.ERROR)  # pictures of cells have no words beside them
    source = pathlib.Path(sys.argv[1]).absolute()
    book = nbformat.read(source, as_version=4)
    book.metadata.language_info.pygments_lexer = "go"  # the kernel names none, and Jupyter then takes Python's
    page, _ = Page(raw_template=TEMPLATE).from_notebook_node(book, {"metadata": {"name": source.stem, "path": str(source.parent)}})
    source.with_suffix(".html").write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
