"""What every file of the knowledge base says of itself: which edition, whose, how sure, valid when, signed by whom.

Place    Floor 1. `schema.RuleSet` and the documents of the standard of care (`knowledge.documents`) build on it.
In       The keys that all files share.
Out      `Edition`, with `Source`, `Parameter`, `Validity`, `Signature`; `bind` puts parameter values in.
Missing  Nothing is optional that a reviewer needs: sources with locators, status, limits, silence.
Does not Know any clinical number.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr, model_validator

Status = Literal["verified", "secondary", "recalled", "uncertain"]
SIGNATURES_NEEDED = 2
PLACEHOLDERS = frozenset({"", "n/a", "na", "tbc", "tbd", "todo", "?", "unknown source", "none given"})


class Strict(BaseModel):
    """A frozen part of a file; a key that it does not know is a fault."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


def _text(value: object) -> object:
    if isinstance(value, str) and value.strip().lower() in PLACEHOLDERS:
        msg = f"placeholder {value!r} instead of a text"
        raise ValueError(msg)
    return value


def _wording(value: object) -> object:
    return {"en": value} if isinstance(value, str) else value


Text = Annotated[str, BeforeValidator(_text)]
Wording = Annotated[dict[str, Text], BeforeValidator(_wording)]


class Source(Strict):
    """Where a rule was read: citation key, place in the source, and how it was read."""

    key: Text
    locator: Text
    read: Literal["full", "abstract", "secondary", "recalled", "executed"]
    note: Text | None = None


class Signature(Strict):
    """A person who has read the source against the file."""

    who: Text
    role: Literal["clinician", "pharmacist", "statistician", "engineer"]
    on: date


class Validity(Strict):
    """Half-open range [from, to) of calendar days on which the edition is in force; `to` null means still in force."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    since: Annotated[date, Field(alias="from")]
    to: date | None = None


class Parameter(Strict):
    """An open point of the source, decided here by a named choice that every output shows."""

    title: Wording
    default: Any
    choices: dict[str, Text] | None = None
    unit: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    source_says: Text
    status: Status

    @model_validator(mode="after")
    def _default_is_allowed(self) -> Parameter:
        self.check(self.default)
        return self

    def named(self, value: object) -> object:
        """The choice that a value names: choices are words, so that 0.01 stands for "0.01" and a false for "false" or "no"."""
        if self.choices is None or value in self.choices:
            return value
        words = {True: ("true", "yes"), False: ("false", "no")}[value] if isinstance(value, bool) else (f"{value}",)
        return next((word for word in words if word in self.choices), value)

    def check(self, value: object) -> None:
        """Raise ValueError, saying what is allowed, when `value` is not one of the choices or outside the range."""
        if self.choices is not None:
            if value not in self.choices:
                msg = f"one of {', '.join(sorted(self.choices))}"
                raise ValueError(msg)
        elif isinstance(value, bool) or not isinstance(value, int | float):
            msg = "a number"
            raise ValueError(msg)
        elif (self.minimum is not None and value < self.minimum) or (self.maximum is not None and value > self.maximum):
            msg = f"a number from {self.minimum} to {self.maximum}"
            raise ValueError(msg)


class Edition(Strict):
    """The head of a file: one edition of one published rule, with parameters put in.

    `chosen` holds the value of every parameter; it is filled by `put_in` when the file is bound.
    """

    id: Annotated[str, Field(pattern=r"^[a-z0-9]+(?:[-.][a-z0-9]+)*\.[a-z0-9]+(?:-[a-z0-9]+)*$")]
    title: Wording
    about: Text
    edition: Text
    encoding: Annotated[str, Field(pattern=r"^\d+\.\d+\.\d+$")]
    status: Status
    valid: Validity
    jurisdiction: Annotated[tuple[Text, ...], Field(min_length=1)]
    population: Wording
    sources: Annotated[tuple[Source, ...], Field(min_length=1)]
    signed_off: tuple[Signature, ...] = ()
    next_review: date
    parameters: dict[str, Parameter] = Field(default_factory=dict)
    limits: Annotated[tuple[Text, ...], Field(min_length=1)]
    silence: tuple[Text, ...]
    _chosen: dict[str, Any] = PrivateAttr(default_factory=dict)

    @property
    def chosen(self) -> Mapping[str, Any]:
        """Value of every parameter in this bound file."""
        return self._chosen

    def put_in(self, chosen: Mapping[str, Any]) -> Self:
        """Remember which parameter values were put in; called once, by whoever binds the file."""
        self._chosen.update(chosen)
        return self

    @model_validator(mode="after")
    def _status_is_earned(self) -> Self:
        problems = status_problems(self)
        if problems:
            raise ValueError("; ".join(problems))
        return self


def status_problems(rule: Edition) -> list[str]:
    """Why a file may not call itself verified; empty when it may, or does not."""
    if rule.status != "verified":
        return []
    people = {s.who for s in rule.signed_off}
    if len(people) < SIGNATURES_NEEDED or not any(s.role == "clinician" for s in rule.signed_off):
        return ["verified needs the signatures of two people, one of them a clinician"]
    return []


_PARAMETER = re.compile(r"^\$([a-z][a-z0-9_]*)$")


def bind(raw: Any, chosen: Mapping[str, Any]) -> Any:
    """Put parameter values in place of every "$name" of a raw rule file.

    In ``chosen: [$name, choice]`` the value stands beside the choice it is compared with.

    Raises:
        KeyError: a "$name" that is not declared under `parameters`.
    """
    if isinstance(raw, str):
        match = _PARAMETER.match(raw) if raw.startswith("$") else None
        return chosen[match.group(1)] if match else raw
    if isinstance(raw, list):
        return [bind(part, chosen) for part in raw]
    if isinstance(raw, Mapping):
        return {key: part if key == "parameters" else bind(part, chosen) for key, part in raw.items()}
    return raw
