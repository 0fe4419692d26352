"""Which keys of a mapping file a form of delivery has a use for; every other one is refused, so that none is passed over.

Place    Floor 3. Asked by `intake.door` before anything is read.
In       A checked mapping file (what is declared in a call alone is not asked about) and the form of the delivery.
Out      Nothing, or INTAKE-058 with every key that cannot apply.
Missing  A key with its default value says nothing and is no fault.
Checked  tests/acceptance/intake/test_local_words.py
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal

from vein2vein.errors import IntakeError
from vein2vein.intake.tables.mapping import Mapping, Times

Form = Literal["cohort", "omop", "fhir", "tables"]

_SHARED: Final = ("zone", "decimal", "times", "codes", "units", "values", "charted", "charting")
_KEYS: Final[dict[str, tuple[str, ...]]] = {
    "tables": (*_SHARED, "encoding", "separator", "files", "agents", "reasons", "details"),
    "fhir": _SHARED,
    "omop": _SHARED,
    # A cohort of this library was read once; what was declared then stands in its tables.
    "cohort": ("zone",),
}
_NAMES: Final = {"tables": "plain tables", "fhir": "FHIR", "omop": "OMOP", "cohort": "a cohort of this library"}


def require(mapping: Mapping, form: Form) -> None:
    """Refuse a mapping file with keys that a form has no use for.

    Raises:
        IntakeError: INTAKE-058, with every such key.
    """
    if mapping.file is None:
        return
    spare = list(_spare(mapping, form))
    if spare:
        raise IntakeError(
            "INTAKE-058",
            saw=f"{', '.join(spare)} of {mapping.file.name}, for {_NAMES[form]}",
            expected=f"of the keys of a mapping file only {', '.join(_KEYS[form])}",
            fix="take the named keys out; give local codes and units under codes and units" if len(_KEYS[form]) > 1
            else "take the named keys out",
            effect="nothing was read",
        )  # fmt: skip


def _spare(mapping: Mapping, form: Form) -> Iterator[str]:
    usual = Mapping()
    said = [name for name in Mapping.model_fields if getattr(mapping, name) != getattr(usual, name)]
    for name in said:
        if name not in _KEYS[form]:
            yield from _inside(name, mapping)
        elif name == "times" and form != "omop" and mapping.times.midnight != Times().midnight:
            yield "times.midnight"
        elif name == "charting" and form != "tables":
            yield from (
                f"charting.{stream}.{part}"
                for stream, charting in mapping.charting.items()
                for part in ("device", "flow")
                if getattr(charting, part)
            )


def _inside(name: str, mapping: Mapping) -> Iterator[str]:
    """The key, or for files the keys inside it, which are what people look for."""
    if name != "files":
        yield name
        return
    for file, said in mapping.files.items():
        yield from (f"files.{file}.{key}" for key in type(said).model_fields if getattr(said, key))
