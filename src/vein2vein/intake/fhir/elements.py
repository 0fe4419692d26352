"""Small readers of FHIR data types that several resources share: references, times as sent, quantities.

Place    Floor 3, FHIR adapter.
In       Typed elements of the model library, and the JSON beside them for times, whose text as sent `intake.times` needs.
Out      Plain values.
Does not Convert anything.
Checked  tests/unit/intake/test_fhir_elements.py
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from vein2vein.intake.fhir.terminology import system_of

_RELATIVE = re.compile(r"(?:.*/)?(?P<type>[A-Z][A-Za-z]+)/(?P<id>[A-Za-z0-9\-.]{1,64})(?:/_history/[^/]+)?")


def key_of(reference: Any, *, wanted: str) -> str:
    """The key of what a Reference points to: ``Type/id``, ``urn:…``, ``#id`` or ``Type?system|value``; empty when none.

    Args:
        reference: A Reference, or None.
        wanted: The resource type that a reference by identifier is taken for.
    """
    if reference is None:
        return ""
    if reference.reference:
        text = str(reference.reference)
        found = _RELATIVE.fullmatch(text)
        return f"{found['type']}/{found['id']}" if found else text
    identifier = reference.identifier
    if identifier is not None and identifier.value:
        return f"{reference.type or wanted}?{identifier.system or ''}|{identifier.value}"
    return ""


def keys_of(resource: Any, full_url: str | None) -> tuple[str, ...]:
    """All keys under which other resources may name this one."""
    kind = resource.get_resource_type()
    keys = [f"{kind}/{resource.id}"] if resource.id else []
    if full_url:
        found = _RELATIVE.fullmatch(full_url)
        keys.append(f"{found['type']}/{found['id']}" if found else full_url)
    if kind == "Patient":
        keys += [f"{kind}?{i.system or ''}|{i.value}" for i in resource.identifier or [] if i.value]
    return tuple(dict.fromkeys(keys))


def contained(resource: Any, key: str) -> Any | None:
    """The contained resource that ``#id`` names, or None."""
    if not key.startswith("#"):
        return None
    return next((c for c in resource.contained or [] if c.id == key[1:]), None)


@dataclass(frozen=True, slots=True)
class When:
    """A time or period as sent.

    Attributes:
        start: Text of the instant, or of the start of the period.
        end: Text of the end of the period; None when it has none or when it is an instant.
        is_period: Whether it was sent as a period.
    """

    start: str | None = None
    end: str | None = None
    is_period: bool = False

    @property
    def known_at(self) -> str | None:
        """When a value over this time is known: at the end of a period, since before it the value was not complete."""
        return self.end or self.start

    def __bool__(self) -> bool:
        return self.start is not None or self.end is not None


def when(body: dict[str, Any], stem: str) -> When:
    """The text of ``<stem>DateTime``, ``<stem>Instant``, ``<stem>Period`` or the only event of ``<stem>Timing``."""
    single = body.get(f"{stem}DateTime") or body.get(f"{stem}Instant")
    if single:
        return When(single)
    span = period(body.get(f"{stem}Period"))
    if span:
        return span
    events = (body.get(f"{stem}Timing") or {}).get("event") or []
    return When(events[0]) if len(events) == 1 else When()


def period(body: dict[str, Any] | None) -> When:
    """The texts of a Period."""
    body = body or {}
    return When(body.get("start"), body.get("end"), is_period=True) if body.get("start") or body.get("end") else When()


@dataclass(frozen=True, slots=True)
class Amount:
    """A Quantity as sent: number, unit text and comparator, each None when it is not given."""

    value: float | None
    unit: str | None
    comparator: str | None = None


def amount(quantity: Any) -> Amount:
    """Number and unit of a Quantity: the UCUM code where there is one, else the unit as people read it."""
    if quantity is None:
        return Amount(None, None)
    coded = quantity.code if quantity.code and system_of(quantity.system) == "ucum" else None
    return Amount(
        None if quantity.value is None else float(quantity.value),
        coded or quantity.unit or quantity.code,
        quantity.comparator,
    )


def ratio(value: Any) -> Amount:
    """A Ratio as one number and unit: 5 ug per 2 min is 2.5 ug/min; nothing when a part is missing or the divisor is 0."""
    above, below = amount(getattr(value, "numerator", None)), amount(getattr(value, "denominator", None))
    if above.value is None or not below.value or above.unit is None or below.unit is None:
        return Amount(None, None)
    divisor = f"({below.unit})" if re.search(r"[./]", below.unit) else below.unit
    return Amount(above.value / below.value, f"{above.unit}/{divisor}", above.comparator)
