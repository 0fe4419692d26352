"""Find a font of this machine that holds Han letters.

Place    Report. Read by `static` when a PNG holds Chinese text.
Missing  None where no known font lies in the folders in which systems keep fonts.
Does not Judge how a font looks, or look into it: it goes by the names under which fonts with Han letters are shipped.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

# Best first: sans serif for simplified Chinese, in regular weight.
_NAMES: Final = (
    "NotoSansCJKsc-Regular*",
    "NotoSansSC-Regular*",
    "SourceHanSansSC-Regular*",
    "SourceHanSansCN-Regular*",
    "NotoSansCJK-Regular*",
    "NotoSansSC*",
    "SourceHanSans*",
    "PingFang*",
    "msyh*",
    "HarmonyOS_Sans_SC*",
    "wqy-microhei*",
    "wqy-zenhei*",
    "STHeiti*",
    "simhei*",
    "DroidSansFallback*",
    "NotoSerifCJK-Regular*",
    "simsun*",
    "Arial Unicode*",
)
_ENDINGS: Final = frozenset({".ttf", ".ttc", ".otf", ".otc"})
_HAN_FROM, _HAN_TO = 0x2E80, 0x9FFF


def font_folders() -> tuple[Path, ...]:
    """Folders in which Linux, macOS and Windows keep fonts."""
    home = Path.home()
    return (
        Path("/usr/share/fonts"),
        Path("/usr/local/share/fonts"),
        home / ".local/share/fonts",
        home / ".fonts",
        Path("/System/Library/Fonts"),
        Path("/Library/Fonts"),
        home / "Library/Fonts",
        Path("C:/Windows/Fonts"),
    )


def han_font(folders: Iterable[Path] | None = None) -> Path | None:
    """The best font with Han letters in the folders and below them, by name; None when there is none."""
    files = [
        file
        for folder in (font_folders() if folders is None else folders)
        if folder.is_dir()
        for file in sorted(folder.rglob("*"))
        if file.suffix.lower() in _ENDINGS
    ]
    return next((file for name in _NAMES for file in files if file.match(name)), None)


def needs_han(content: str) -> bool:
    """Whether a text holds a Han letter or Chinese punctuation."""
    return any(_HAN_FROM <= ord(letter) <= _HAN_TO for letter in content)
