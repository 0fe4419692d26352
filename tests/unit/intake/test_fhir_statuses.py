"""Every status of R4 has a decision, and only what was done is used."""

from __future__ import annotations

import pytest

from vein2vein.intake.fhir.statuses import BY_TYPE, decide


def test_only_things_that_were_done_or_measured_are_used() -> None:
    used = {kind: {s for s, d in table.items() if d.use == "use"} for kind, table in BY_TYPE.items()}
    assert used["Observation"] == {"final", "amended", "corrected", "preliminary"}
    assert used["MedicationAdministration"] == {"completed", "in-progress", "on-hold", "stopped"}
    assert used["Procedure"] == {"completed", "in-progress", "on-hold", "stopped"}
    assert used["QuestionnaireResponse"] == {"completed", "amended"}


@pytest.mark.parametrize("kind", list(BY_TYPE))
def test_withdrawn_resources_are_never_used_and_say_why(kind: str) -> None:
    decision = decide(kind, "entered-in-error")
    assert (decision.use, decision.why) == ("withdrawn", "entered in error: withdrawn by the sender")


@pytest.mark.parametrize("status", ["done", "", None, "FINAL"])
def test_a_status_that_r4_does_not_have_is_not_taken_as_done(status: str | None) -> None:
    decision = decide("Observation", status)
    assert decision.use == "unknown"
    assert "is not one of R4's: final, amended" in decision.why
