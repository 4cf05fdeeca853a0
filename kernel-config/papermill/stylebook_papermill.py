"""Teaches papermill to write parameters as Go has them. Papermill loads it because it asks for engines; the engine is its own."""

import json
import math
import re

from papermill.engines import NBClientEngine as Engine  # noqa: F401
from papermill.models import Parameter
from papermill.translators import Translator, papermill_translators

TYPES = {bool: "bool", int: "int", float: "float64", str: "string"}
DECLARATION = re.compile(r"^var (\w+) = (.*?)(?:\s+// (.*))?$", re.MULTILINE)


def go_type(value):
    """The type of a value: a list has that of its elements, a mapping that of its values, and numbers with and without a point
    are float64."""
    if type(value) in TYPES:
        return TYPES[type(value)]
    if not isinstance(value, (list, dict)):
        raise ValueError(f"{value!r}: Go's parameters are texts, numbers, true and false, and lists and mappings of these")
    types = {go_type(v) for v in (value.values() if isinstance(value, dict) else value)}
    if types == {"int", "float64"}:
        types = {"float64"}
    if len(types) != 1:
        raise ValueError(f"{value!r}: {'an empty list has no type' if not types else 'its elements have different types'}")
    return ("map[string]" if isinstance(value, dict) else "[]") + types.pop()


class GoTranslator(Translator):
    """Writes values as Go's literals, and declares each parameter anew: a later declaration replaces an earlier one."""

    @classmethod
    def translate_escaped_str(cls, str_val):
        return json.dumps(str(str_val), ensure_ascii=False)

    @classmethod
    def translate_float(cls, val):
        if not math.isfinite(val):
            raise ValueError(f"{val}: Go has no literal for it")
        return repr(val)

    @classmethod
    def translate_none(cls, val):
        raise ValueError("a parameter without a value: leave it out, and the notebook's own is taken")

    @classmethod
    def translate_list(cls, val):
        return f"{go_type(val)}{{{', '.join(cls.translate(v) for v in val)}}}"

    @classmethod
    def translate_dict(cls, val):
        pairs = (f"{cls.translate_escaped_str(k)}: {cls.translate(v)}" for k, v in val.items())
        return f"{go_type(val)}{{{', '.join(pairs)}}}"

    @classmethod
    def comment(cls, cmt_str):
        return f"// {cmt_str}"

    @classmethod
    def assign(cls, name, str_val):
        return f"var {name} = {str_val}"

    @classmethod
    def inspect(cls, parameters_cell):
        return [Parameter(name, "None", value, about or "") for name, value, about in DECLARATION.findall(parameters_cell["source"])]


papermill_translators.register("stylebook", GoTranslator)
