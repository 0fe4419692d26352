"""The runner of code blocks sees what it should: a wrong output, a failing command and an unknown one are caught."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from docs.pages import MARK, check_command, is_executed, make_script, read_blocks, read_commands

if TYPE_CHECKING:
    from pathlib import Path

PAGE = """\
# Title

```python
x = 20 + 1
print(x * 2)
```

```text
42
```

Words between.

- a list

    ```python
    print(x)
    ```

```text
21
```
"""


def test_blocks_are_read_with_their_output_and_place() -> None:
    first, second = read_blocks(PAGE)
    assert (first.language, first.line, first.output) == ("python", 3, "42")
    assert second.code == ("print(x)",)
    assert (second.line, second.output) == (16, "21")


def test_an_output_after_words_belongs_to_no_block() -> None:
    blocks = read_blocks("```python\nprint(1)\n```\nwords\n```text\n2\n```\n")
    assert [(block.language, block.output) for block in blocks] == [("python", None), ("text", None)]


def test_a_script_keeps_names_between_blocks_and_the_lines_of_the_page(tmp_path: Path) -> None:
    script = tmp_path / "page.py"
    script.write_text(make_script(read_blocks(PAGE)), encoding="utf-8")
    run = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True, encoding="utf-8")
    assert run.stdout.split(f"{MARK}\n") == ["42\n", "21\n", ""]
    assert script.read_text(encoding="utf-8").splitlines()[3] == "x = 20 + 1"  # line 4 here and in the page


def test_a_command_that_fails_stops_the_page(tmp_path: Path) -> None:
    script = tmp_path / "page.py"
    script.write_text(make_script(read_blocks("```bash\nfalse\n```\n")), encoding="utf-8")
    run = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False, encoding="utf-8")
    assert run.returncode == 1
    assert "exit code 1: false" in run.stderr


def test_a_stated_exit_code_is_expected_of_the_last_command(tmp_path: Path) -> None:
    page = "<!-- exits with 3 -->\n```bash\ntrue\nexit 3\n```\n"
    script = tmp_path / "page.py"
    script.write_text(make_script(read_blocks(page)), encoding="utf-8")
    subprocess.run([sys.executable, script], check=True)


def test_commands_are_read_without_prompt_comment_and_continuation() -> None:
    (block,) = read_blocks("```bash\n# first\n$ vein2vein grade a \\\n    -o b\n\nmake test\n```\n")
    assert [" ".join(line.split()) for line in read_commands(block)] == ["vein2vein grade a -o b", "make test"]


@pytest.mark.parametrize(
    ("command", "fault"),
    [
        ("vein2vein knowledge list", None),
        ("make test UV=", None),
        ("UV= make test", None),
        ("make tset", "no such target: tset"),
        ("curl example.org", "neither vein2vein"),
    ],
)
def test_a_command_that_nobody_checks_is_refused(command: str, fault: str | None) -> None:
    seen = check_command(command, {"test"})
    assert seen is None if fault is None else fault in str(seen)


def test_only_blocks_of_our_own_command_run() -> None:
    blocks = read_blocks("```bash\nvein2vein demo\n```\n```bash\nmake test\n```\n```yaml\na: 1\n```\n")
    assert [is_executed(block) for block in blocks] == [True, False, False]


def test_a_block_that_never_closes_is_named() -> None:
    with pytest.raises(ValueError, match="line 2: this block is never closed"):
        read_blocks("words\n```python\nx = 1\n")
