"""What the readers of single resources share: where facts go, what references point to, how refusals are worded.

Place    Floor 3, FHIR adapter.
In       The resource being read and what was defined before it (medicines, devices, locations).
Out      Facts and refusals in the `Collector`.
Missing  A reference to something that has not been read yet is a `WaitingError`: the resource is read again at the end.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from vein2vein.errors import Fault
from vein2vein.intake.fhir import faults, urls
from vein2vein.intake.fhir.elements import contained, key_of
from vein2vein.intake.fhir.facts import Collector
from vein2vein.intake.fhir.faults import fault
from vein2vein.intake.fhir.statuses import decide
from vein2vein.intake.fhir.terminology import Meaning, Table, is_other_drug, meanings, show
from vein2vein.intake.local import UNANSWERED, set_aside


class WaitingError(Exception):
    """The resource refers to one that has not been read yet."""


@dataclass
class Context:
    """What a reader may use.

    Attributes:
        out: Where facts and refusals go.
        definitions: Medication, Device and Location resources by their keys.
        is_last_look: Whether everything has been read, so that what is still missing is missing for good.
        aliases: Further keys of a patient, and keys of merged patients, with the key that counts.
        panels: Hashes of the keys of the observations that panels name as their members.
    """

    out: Collector
    definitions: dict[str, Any] = field(default_factory=dict)
    is_last_look: bool = False
    aliases: dict[str, str] = field(default_factory=dict)
    panels: set[int] = field(default_factory=set)

    def is_usable(self, resource: Any) -> bool:
        """Whether the status lets the resource be used; when not, it is refused with the reason."""
        kind = resource.get_resource_type()
        decision = decide(kind, resource.status)
        if decision.use == "use":
            return True
        id = faults.WITHDRAWN if decision.use == "withdrawn" else faults.NOT_DONE
        self.out.refuse(
            fault(id, f"{kind} with status {resource.status!r}: {decision.why}"),
            what=f"{kind}|{resource.status}",
            may_have_run=decision.use == "unknown",
        )
        return False

    def resolve(self, holder: Any, reference: Any, wanted: str) -> Any | None:
        """The definition that a reference of `holder` names; None (and refused) when the delivery does not hold it.

        Raises:
            WaitingError: it may still come.
        """
        key = key_of(reference, wanted=wanted)
        found = contained(holder, key) or self.definitions.get(key)
        if found is not None:
            return found
        if key and not key.startswith("#") and not self.is_last_look:
            raise WaitingError
        shown = key or (reference.display if reference is not None and reference.display else "nothing")
        self.out.refuse(
            fault(
                faults.BROKEN_REFERENCE,
                f"{holder.get_resource_type()} that refers to {shown!r}, which this delivery does not hold",
            ),
            what=f"{holder.get_resource_type()}|{wanted}",
        )
        return None

    def one_meaning(self, concept: Any, table: Table, *, where: str) -> Meaning | None:
        """The only meaning of a concept in a table; None when there is none, and None (refused) when codes contradict."""
        found = meanings(concept, table)
        if len(found) > 1:
            self.contradiction(concept, found, where=where)
            return None
        return found[0] if found else None

    def contradiction(self, concept: Any, found: tuple[Meaning, ...], *, where: str) -> None:
        """Refuse because the codings of one concept mean different things."""
        shown = " or ".join(f"{m.kind}/{m.what}".strip("/") for m in found)
        text = show(concept.coding or [])
        self.out.refuse(
            fault(faults.CONTRADICTING_CODES, f"{where} {text}, which means {shown}"), what=f"{where}|{text}"
        )

    def unknown(self, concept: Any, *, where: str) -> None:
        """Refuse because no code is known; one fault for each set of codes."""
        codings = (concept.coding or []) if concept is not None else []
        aside = next((coding for coding in codings if coding.system == urls.ASIDE), None)
        if aside is not None:
            found = set_aside(aside.code, aside.display, where)
            self.out.refuse(found, what=f"{where}|{aside.display}", may_have_run=found.id == UNANSWERED)
            return
        text = show(codings) if codings or concept is None else f"only the text {str(concept.text)[:60]!r}"
        self.out.refuse(
            fault(faults.UNKNOWN_CODE, f"{where} {text}"),
            what=f"{where}|{text}",
            may_have_run=not any(is_other_drug(coding.system, coding.code) for coding in codings),
        )

    def no_time(self, resource: Any) -> None:
        """Refuse because there is no time at which the resource could stand."""
        kind = resource.get_resource_type()
        self.out.refuse(fault(faults.NO_TIME, f"{kind} without a usable time"), what=kind)

    def note(self, found: Fault, *, what: str = "") -> None:
        """Enter a fault without refusing."""
        self.out.note(found, what=what)
