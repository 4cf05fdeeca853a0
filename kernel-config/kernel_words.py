"""What kernel.py knows of a notebook's cells, and says of their errors."""

import re
import unicodedata

CHINESE = {
    "compiling the cell": "正在编译单元格",
    "interrupted": "已中断",
    "interrupted before the cell ran": "在单元格运行之前中断",
    "{} did not compile when its cell last ran: what is used here is the version before": "{} 所在的单元格上次没有通过编译：这里用的是之前的版本",
    "{}: its cell did not compile; mend it and run it first": "{} 所在的单元格没有通过编译：请先改正并运行它",
    "no cell that has run since the kernel started declares {}: is the name right? Otherwise Run All Above, in the menu Run":
        "内核启动以来运行过的单元格都没有声明 {}：名称写对了吗？如果没错，请用“运行”菜单中的 Run All Above 运行上面的所有单元格",
}
TAB = 4
UNDEFINED = re.compile(r"undefined: (\w+)\W*(?:\[0m)?\W*$")


def declared(code):
    """The names that a cell declares; what stands below %% is the program of that cell alone."""
    above = re.split(r"^%%", code, maxsplit=1, flags=re.MULTILINE)[0]
    return set(re.findall(r"^(?:func (?:\([^)]*\) *)?|type |var |const )(\w+)", above, re.MULTILINE))


def compiled(evalue):
    """Whether an error is that of a program that ran, and not the compiler's."""
    return "main.go:" not in evalue and bool(re.match("exit status|signal", evalue))


def columns(text):
    """How wide a text is in a font of one width."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def pointed(entry):
    """An entry of a traceback with its caret under the word that is meant: the compiler counts bytes, and a tab is one."""
    lines = entry.split("\n")
    for i, line in enumerate(lines[1:], 1):
        if re.fullmatch(r" *\^", line):
            before = lines[i - 1].encode()[: len(line) - 1].decode(errors="ignore")
            lines[i] = " " * columns(before.replace("\t", TAB * " ")) + "^"
    return "\n".join(lines).replace("\t", TAB * " ")


class Cells:
    """The cells that were run in this kernel, by the ids of their requests."""

    def __init__(self):
        self.code = {}
        self.declared = set()  # in cells that compiled
        self.broken = set()  # in cells that did not when they last ran
        self.wrong = set()  # requests
        self.chinese = False

    def say(self, text, *values):
        return (CHINESE[text] if self.chinese else text).format(*values)

    def asked(self, request, code):
        self.code[request] = code

    def begins(self, request):
        """What is to be said before a cell's program says anything."""
        code = self.code.get(request, "")
        self.chinese = self.chinese or "%env STYLEBOOK_LANGUAGE zh" in code or bool(re.search("[\u4e00-\u9fff]", code))
        old = [name for name in sorted(self.broken & self.declared - declared(code)) if re.search(rf"\b{name}\b", code)]
        return [self.say("{} did not compile when its cell last ran: what is used here is the version before", name) for name in old]

    def ended(self, request):
        names = declared(self.code.pop(request, ""))
        if request in self.wrong:
            self.wrong.remove(request)
            self.broken |= names
        else:
            self.declared |= names
            self.broken -= names

    def failed(self, request, content):
        """The content of an error or its reply in better words."""
        if compiled(content["evalue"]):
            return content
        self.wrong.add(request)
        return {**content, "traceback": self.explained([pointed(entry) for entry in content["traceback"]])}

    def explained(self, traceback):
        """Of many undefined names the first stays, and says what to do."""
        found = {entry: name[1] for entry in traceback if (name := UNDEFINED.search(entry))}
        if not found:
            return traceback
        first, *others = found
        names = list(dict.fromkeys(found.values()))
        unknown = [name for name in names if name not in self.broken]
        hints = [self.say("{}: its cell did not compile; mend it and run it first", name) for name in names if name in self.broken]
        if unknown:
            hints.append(self.say("no cell that has run since the kernel started declares {}: is the name right? Otherwise Run All Above, in the menu Run",
                                  ", ".join(unknown)))
        kept = [entry for entry in traceback if entry not in others and "too many errors" not in entry]
        kept.insert(kept.index(first) + 1, "\n".join(hints))
        return kept
