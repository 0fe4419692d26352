"""Read the code blocks of a Markdown page, and turn the page into a script that runs them in order.

What follows a `python`, `bash` or `console` block at once as a `text` (or `output`) block is its output, compared word
for word; `...` in it stands for anything. `<!-- exits with 3 -->` on the line before a `bash` block says that its last
command fails with that code. Every other block must at least be readable in its language.
"""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

OPENING = re.compile(r"^(?P<indent> *)(?P<fence>```+|~~~+)\s*\{?\.?(?P<language>[\w+-]*)[^`]*$")
EXITS = re.compile(r"<!-- exits with (\d+) -->")
RUN = {"python", "bash", "sh", "console"}
OUTPUT = {"text", "output"}
MARK = "\x1e"  # stands between the outputs of the blocks


@dataclass(frozen=True)
class Block:
    """One fenced block: `line` is that of its opening fence, counted from 1; `code` is without the indent."""

    language: str
    line: int
    code: tuple[str, ...]
    exit_code: int = 0
    output: str | None = field(default=None, compare=False)


def read_blocks(text: str) -> list[Block]:
    """All fenced blocks of a page in order; an output block is joined to the block that it belongs to."""
    lines = text.splitlines()
    blocks: list[Block] = []
    end_of_last = -2
    number = 0
    while number < len(lines):
        opening = OPENING.match(lines[number])
        if opening is None:
            number += 1
            continue
        end = _closing(lines, number, opening["fence"])
        indent = len(opening["indent"])
        code = tuple(line[indent:] for line in lines[number + 1 : end])
        follows = not any(line.strip() for line in lines[end_of_last + 1 : number])
        if opening["language"] in OUTPUT and blocks and follows and blocks[-1].language in RUN:
            last = blocks[-1]
            blocks[-1] = Block(last.language, last.line, last.code, last.exit_code, "\n".join(code))
        else:
            before = EXITS.search(lines[number - 1]) if number else None
            exit_code = int(before[1]) if before else 0
            blocks.append(Block(opening["language"], number + 1, code, exit_code))
        end_of_last = end
        number = end + 1
    return blocks


def _closing(lines: list[str], start: int, fence: str) -> int:
    for number in range(start + 1, len(lines)):
        if lines[number].strip() == fence:
            return number
    message = f"line {start + 1}: this block is never closed"
    raise ValueError(message)


def make_script(blocks: list[Block]) -> str:
    """A Python script that runs the blocks in order, each on the line where it stands in the page.

    A command line runs in a process of its own; after each block the mark is printed.
    """
    script: list[str] = []
    for block in blocks:
        script += [""] * (block.line - len(script))
        if block.language == "python":
            script += block.code
        else:
            script += _command_lines(block)
        script.append(f"print({MARK!r}, flush=True)")
    return "\n".join(script) + "\n"


def read_commands(block: Block) -> list[str]:
    """The commands of a shell block: without prompt and comments, continued lines joined."""
    joined = "\n".join(block.code).replace("\\\n", " ")
    lines = [line.removeprefix("$ ").strip() for line in joined.splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def _command_lines(block: Block) -> list[str]:
    commands = read_commands(block)
    codes = [0] * (len(commands) - 1) + [block.exit_code]
    return [
        f"import subprocess as _s; _r = _s.run({command!r}, shell=True).returncode; "
        f"assert _r == {code}, f'exit code {{_r}}: ' + {command!r}"
        for command, code in zip(commands, codes, strict=True)
    ]


def check_command(command: str, targets: set[str]) -> str | None:
    """Why a command cannot stand in the documentation; None when it can.

    Args:
        command: One line for the shell.
        targets: The targets of the Makefile.
    """
    words = shlex.split(command, comments=True)
    if words[:2] == ["git", "clone"] or words[0] in {"cd", "vein2vein"}:
        return None
    while words and re.fullmatch(r"[A-Z]+=.*", words[0]):
        words = words[1:]
    if words and words[0] == "make":
        unknown = [word for word in words[1:] if "=" not in word and word not in targets]
        return f"no such target: {', '.join(unknown)}" if unknown else None
    return f"neither vein2vein, make, cd nor git clone: {command}"


def is_executed(block: Block) -> bool:
    """Whether the block runs: Python, and shell blocks all of whose commands are vein2vein's."""
    if block.language == "python":
        return True
    commands = read_commands(block)
    return block.language in RUN and all(shlex.split(line, comments=True)[0] == "vein2vein" for line in commands)


def read_as_data(block: Block) -> None:
    """Parse a block of data in its language; raises when it is not readable."""
    text = "\n".join(block.code)
    if block.language in {"yaml", "yml"}:
        import yaml  # noqa: PLC0415  # only pages with such a block need it

        list(yaml.safe_load_all(text))
    elif block.language == "json":
        json.loads(text)
    elif block.language == "toml":
        import tomllib  # noqa: PLC0415  # only pages with such a block need it

        tomllib.loads(text)


def make_targets(makefile: Path) -> set[str]:
    """The targets that a Makefile names, with `test-KIND` written out."""
    text = makefile.read_text(encoding="utf-8")
    names = set(re.findall(r"^([a-z][a-z-]*):", text, re.MULTILINE))
    kinds = re.search(r"^KINDS := (.*)$", text, re.MULTILINE)
    return names | {f"test-{kind}" for kind in (kinds[1].split() if kinds else [])}
