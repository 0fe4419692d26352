"""The settings of the model: every number that a module draws with, where it is from and how far it can be trusted.

Place    Floor 4. Read by all modules of population; written only by `vein2vein.population.fit`.
In       population/data/common/*.yaml (what all settings share) and population/data/settings/*.yaml (one file per setting).
Out      A frozen `Setting`; a value of a setting takes the place of the common one of the same name.
Missing  A number without source and status is refused; an unknown name is SIM-002 with the nearest names.
Does not Know what a parameter does: that stands in the module that reads it.
Checked  tests/unit/population/test_parameters.py
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from vein2vein.basis.data_files import LOADER, parse_yaml
from vein2vein.errors import SimulationError
from vein2vein.knowledge.codes import nearest

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable
    from pathlib import Path

Status = Literal["read", "secondary", "recalled", "uncertain", "assumption", "fitted"]
Value = float | str | tuple[float, ...] | tuple[str, ...]
# The order of the groups in files and on pages; a parameter is named group.name or group.part.name.
GROUPS = (
    "patients", "way", "kinetics", "crs", "icans", "care", "bedside", "counts", "chemistry", "hyperinflammation",
    "infections", "outcome", "late", "mess",
)  # fmt: skip


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Parameter(_Strict):
    """One number (or text, or list of either) of the model.

    Attributes:
        value: What the modules draw with.
        unit: Of the value; None for pure numbers.
        source: Citation key; None for what is assumed or fitted.
        locator: Place in the source.
        status: How the source was read; "assumption" is a named assumption of ours without a source; "fitted" was found by
            `vein2vein.population.fit`.
        fitted_to: Quantities of the targets that a fitted value was found for.
        note: Why, or what is peculiar.
    """

    value: Value
    unit: str | None = None
    source: str | None = None
    locator: str | None = None
    status: Status
    fitted_to: tuple[str, ...] = ()
    note: str | None = None

    @model_validator(mode="after")
    def _is_accounted_for(self) -> Parameter:
        if self.status == "fitted" and not self.fitted_to:
            raise ValueError("a fitted parameter names the targets it was fitted to")  # noqa: EM101
        if self.status == "assumption" and (self.source or not self.note):
            raise ValueError("an assumption has a note that says what is assumed, and no source")  # noqa: EM101
        if self.status not in {"fitted", "assumption"} and not self.source:
            raise ValueError("a published value names its source")  # noqa: EM101
        return self


class _Header(_Strict):
    """What a setting file says about itself."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9-]+/[a-z0-9-]+$")]
    product: Annotated[str, Field(min_length=1)]
    name: Annotated[str, Field(min_length=1)]
    indication: Annotated[str, Field(min_length=1)]
    line: Annotated[str, Field(min_length=1)]
    imitates: Annotated[str, Field(min_length=1)]
    source: Annotated[str, Field(min_length=1)]
    default: bool = False


class _File(_Header):
    parameters: dict[str, Parameter]


@dataclass(frozen=True)
class Setting:
    """One product in one indication and line, after the trial that it imitates.

    Attributes:
        id: Such as "axi-cel/lbcl-3l".
        product: Product id of the code files, such as "axicabtagene-ciloleucel".
        name: Name of the product for people.
        indication: Such as "large B-cell lymphoma".
        line: Line of treatment in words.
        imitates: The trial whose published figures the setting is fitted to.
        source: Citation key of that trial.
        parameters: All parameters by name, common ones included.
        own: Names that the setting's own file gives.
    """

    id: str
    product: str
    name: str
    indication: str
    line: str
    imitates: str
    source: str
    parameters: Mapping[str, Parameter] = field(repr=False, hash=False)
    own: frozenset[str] = field(repr=False, hash=False)

    def parameter(self, name: str) -> Parameter:
        """The parameter with its source and status.

        Raises:
            SimulationError: SIM-002 when the setting has none of this name.
        """
        if name not in self.parameters:
            raise SimulationError(
                "SIM-002",
                saw=f"parameter {name!r} of {self.id}",
                expected=f"one of {len(self.parameters)} names; nearest: {', '.join(nearest(name, self.parameters)) or 'none'}",
                fix="correct the name, or add it to population/data/common or to every file of population/data/settings",
            )
        return self.parameters[name]

    def value(self, name: str) -> float:
        """The number of a parameter, in the unit that its file names.

        Raises:
            SimulationError: SIM-002 for an unknown name, SIM-011 when it is not one number.
        """
        found = self.parameter(name).value
        if isinstance(found, str | tuple):
            raise self._wrong_kind(name, found, "one number")
        return float(found)

    def values(self, name: str) -> tuple[float, ...]:
        """The numbers of a parameter that is a list.

        Raises:
            SimulationError: SIM-002 for an unknown name, SIM-011 when it is not a list of numbers.
        """
        found = self.parameter(name).value
        if not isinstance(found, tuple) or any(isinstance(item, str) for item in found):
            raise self._wrong_kind(name, found, "a list of numbers")
        return tuple(float(item) for item in found)

    def text(self, name: str) -> str:
        """The word of a parameter that is a text.

        Raises:
            SimulationError: SIM-002 for an unknown name, SIM-011 when it is not a text.
        """
        found = self.parameter(name).value
        if not isinstance(found, str):
            raise self._wrong_kind(name, found, "a text")
        return found

    def texts(self, name: str) -> tuple[str, ...]:
        """The words of a parameter that is a list of texts.

        Raises:
            SimulationError: SIM-002 for an unknown name, SIM-011 when it is not a list of texts.
        """
        found = self.parameter(name).value
        if not isinstance(found, tuple) or not all(isinstance(item, str) for item in found):
            raise self._wrong_kind(name, found, "a list of texts")
        return tuple(str(item) for item in found)

    def with_values(self, values: Mapping[str, float]) -> Setting:
        """The same setting with other numbers; names that it does not have are SIM-002."""
        changed = {name: self.parameter(name).model_copy(update={"value": value}) for name, value in values.items()}
        return replace(self, parameters={**self.parameters, **changed})

    def _wrong_kind(self, name: str, found: object, expected: str) -> SimulationError:
        return SimulationError(
            "SIM-011",
            saw=f"parameter {name!r} of {self.id} is {found!r}",
            expected=expected,
            fix="correct the value in the file, or read it with value, values, text or texts as it is",
        )


@cache
def setting_ids() -> tuple[str, ...]:
    """Ids of all settings, sorted; the default setting of each product stands before its others."""
    headers = _headers()
    return tuple(sorted(headers, key=lambda id: (id.partition("/")[0], not headers[id].default, id)))


@cache
def setting(id: str) -> Setting:
    """The setting with this id, or the default setting of a product such as "axi-cel".

    Raises:
        SimulationError: SIM-010 when a file is wrong, SIM-001 when there is no such setting.
    """
    known = setting_ids()
    full = id if "/" in id else next((one for one in known if one.partition("/")[0] == id), id)
    if full not in known:
        raise SimulationError(
            "SIM-001",
            saw=f"setting {id!r}",
            expected=f"a product or one of: {', '.join(known)}",
            fix="use one of these, or add a file to population/data/settings",
        )
    return read_setting(_folder("settings").joinpath(_file_name(full)), common_parameters())


@cache
def common_parameters() -> Mapping[str, Parameter]:
    """The parameters that all settings share unless their own file says otherwise."""
    found: dict[str, Parameter] = {}
    for file in _files("common"):
        for name, raw in read_yaml(file).items():
            if name in found:
                raise _wrong(
                    file, f"{name!r} for the second time", "each common parameter once", "remove one of the two"
                )
            found[name] = _parameter(file, name, raw)
    return found


def read_setting(file: Traversable | Path, common: Mapping[str, Parameter]) -> Setting:
    """Read one setting file and put it over the common parameters.

    Raises:
        SimulationError: SIM-010 naming file and key when the file does not follow the schema.
    """
    raw = read_yaml(file)
    try:
        head = _Header.model_validate({name: value for name, value in raw.items() if name != "parameters"})
    except ValidationError as error:
        raise _invalid(file, "the head of the file", error) from error
    own = {name: _parameter(file, name, value) for name, value in (raw.get("parameters") or {}).items()}
    described = head.model_dump(exclude={"default"})
    return Setting(**described, parameters={**common, **own}, own=frozenset(own))


def _headers() -> dict[str, _Header]:
    found: dict[str, _Header] = {}
    for file in _files("settings"):
        text = file.read_text(encoding="utf-8").partition("\nparameters:")[0]
        try:
            head = _Header.model_validate(parse_yaml(text))
        except ValidationError as error:
            raise _invalid(file, "the head of the file", error) from error
        if file.name != _file_name(head.id):
            raise _wrong(file, f"id {head.id!r}", f"the file named {_file_name(head.id)}", "rename the file")
        found[head.id] = head
    return found


def _parameter(file: Traversable | Path, name: str, raw: Any) -> Parameter:
    if name.partition(".")[0] not in GROUPS or "." not in name:
        raise _wrong(file, f"parameter {name!r}", f"a name that starts with one of: {', '.join(GROUPS)}", "rename it")
    try:
        return Parameter.model_validate(raw)
    except ValidationError as error:
        raise _invalid(file, f"parameter {name!r}", error) from error


def read_yaml(file: Traversable | Path) -> dict[str, Any]:
    """A data file of the population as a mapping; a key that stands twice is SIM-010."""
    text = file.read_text(encoding="utf-8")
    node = yaml.compose(text, Loader=LOADER)
    _refuse_doubles(file, node)
    found = parse_yaml(text)
    if not isinstance(found, dict):
        raise _wrong(file, type(found).__name__, "a mapping", "write the parameters as name: {value: ...}")
    return found


def _refuse_doubles(file: Traversable | Path, node: yaml.Node | None) -> None:
    """A mapping would hide the first of two equal keys."""
    if not isinstance(node, yaml.MappingNode):
        return
    keys = [str(key.value) for key, _ in node.value]
    for key in keys:
        if keys.count(key) > 1:
            raise _wrong(file, f"{key!r} twice", "each name once", "remove one of the two")
    for _, value in node.value:
        _refuse_doubles(file, value)


def _files(folder: str) -> list[Traversable]:
    found = [file for file in _folder(folder).iterdir() if file.name.endswith(".yaml")]
    return sorted(found, key=lambda file: file.name)


def _folder(name: str) -> Traversable:
    return resources.files("vein2vein.population").joinpath("data", name)


def _file_name(id: str) -> str:
    return id.replace("/", ".") + ".yaml"


def _invalid(file: Traversable | Path, where: str, error: ValidationError) -> SimulationError:
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    return _wrong(file, f"{where}: {place}".rstrip(": "), str(first["msg"]), "correct the entry")


def _wrong(file: Traversable | Path, saw: str, expected: str, fix: str) -> SimulationError:
    return SimulationError("SIM-010", saw=f"{file.name}: {saw}", expected=expected, fix=fix)
