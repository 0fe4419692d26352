"""Grades and explains the toxicities of CAR-T courses from recorded hospital data.

Place    The door. Holds the public names and nothing else; each is loaded when it is first used, so that
         ``import vein2vein`` stays quick.
Does not Compute anything, read a file or read the clock.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from vein2vein._version import __version__

if TYPE_CHECKING:
    from vein2vein.errors import Vein2VeinError

# public name -> module that defines it
_HOMES = {
    "Vein2VeinError": "vein2vein.errors",
}

__all__ = ["Vein2VeinError", "__version__"]


def __getattr__(name: str) -> Any:
    """Load the module of a public name when the name is first used (PEP 562)."""
    if name not in _HOMES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The public names, also those that are not loaded yet."""
    return sorted({*globals(), *_HOMES})
