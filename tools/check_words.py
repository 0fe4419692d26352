"""Refuse phrases that must not be committed, each with its reason.

Run by `make check` and by tests/architecture. Looks at every text file that git tracks or would track.
The patterns are written so that they do not find themselves.
"""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MAX_LINES = 600


@dataclass(frozen=True)
class Ban:
    """A pattern that must not occur in files whose name ends in one of `suffixes` (all files when empty)."""

    pattern: re.Pattern[str]
    reason: str
    suffixes: tuple[str, ...] = ()


BANS = (
    Ban(
        re.compile(r"(?<![\w.])(?:eva[l]|exe[c])\("),
        "runs text as code; rules are data in closed predicates",
        (".py",),
    ),
    Ban(re.compile(r"#\s*type:\s*ignor[e](?!\[)"), "name the error code and the reason"),
    Ban(re.compile(r"#\s*noq[a](?!:)"), "name the rule and the reason"),
    Ban(re.compile(r"\bTB[CD]\b"), "say what is missing, or write it"),
    Ban(re.compile(r"\b(?:FIXM[E]|XX[X])\b"), "mend it, or open an issue"),
    Ban(re.compile(r"\bTOD[O]\b(?!\(#\d+\))"), "a task left over needs the number of its issue"),
    Ban(re.compile(r"(?i)lorem\s+ipsu[m]"), "write the text"),
    Ban(
        re.compile(r"(?i)(?:py[p]i|pythonhoste[d]|registry\.npmj[s]|test\.py[p]i)\.(?:org|com)"),
        "names a package index; set-ups differ, and the lock file must not hold one",
    ),
    Ban(
        re.compile(r"(?<![\w./*])/(?:hom[e]|roo[t]|User[s]|wor[k]|op[t])/[\w.]"),
        "an absolute path of one machine",
    ),
    Ban(re.compile(r"(?i)\b[c]:\\+users"), "an absolute path of one machine"),
)
# What others publish word for word, and what only lists names, versions and hashes or real data.
UNCHECKED = ("LICENSE",)
TEXT = {
    ".py", ".md", ".toml", ".yaml", ".yml", ".json", ".sh", ".cfg", ".ini", ".lock", ".html", ".css", ".js",
    ".csv", ".txt", ".ipynb", ".svg", ".cff", "",
}  # fmt: skip


def tracked_files(root: Path) -> list[Path]:
    """Files that git tracks or would track, in order of name."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=root,
        check=True,
        capture_output=True,
        text=True,
        encoding="utf-8",
    ).stdout
    return [root / name for name in sorted(listing.split("\0")) if name and (root / name).is_file()]


def find_in_text(text: str, name: str) -> list[str]:
    """Every banned phrase in `text` as "name:line: reason: phrase"."""
    bans = [ban for ban in BANS if not ban.suffixes or name.endswith(ban.suffixes)]
    return [
        f"{name}:{number}: {ban.reason}: {match.group()!r}"
        for number, line in enumerate(text.splitlines(), start=1)
        for ban in bans
        for match in ban.pattern.finditer(line)
    ]


def find_in_files(root: Path) -> list[str]:
    """Every banned phrase, and every Python file that is too long to hold one concept."""
    found = []
    for path in tracked_files(root):
        name = path.relative_to(root).as_posix()
        if path.suffix not in TEXT or name in UNCHECKED:
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        found += find_in_text(text, name)
        n_lines = text.count("\n")
        if path.suffix == ".py" and n_lines >= MAX_LINES:
            found.append(f"{name}: {n_lines} lines: one concept per file, fewer than {MAX_LINES} lines")
    return found


def main() -> int:
    """Print what was found; 1 when there is anything."""
    found = find_in_files(ROOT)
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
