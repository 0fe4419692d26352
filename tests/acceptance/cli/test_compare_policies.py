"""assess --compare with policies of prophylaxis: what each wants for this patient on this day, side by side."""

from __future__ import annotations

import json
from pathlib import Path

from acceptance.cli.conftest import Run

Mapping = tuple[str, str]
COURSE = "06-crs-3-afebrile-on-norepinephrine"
ASKED = ("--course", COURSE, "--at", "2026-02-20T06:00+01:00", "--protocol", "reference")


def test_policies_are_held_beside_one_another(run: Run, hospital: Path, mapping: Mapping) -> None:
    asked = (*ASKED, "--compare", "ash,ash-sap,stanford")
    said = run("assess", hospital, *mapping, *asked).output
    part = said[said.index("Policies of prophylaxis side by side") :].split("\n\n")[0]
    pjp = next(line for line in part.splitlines() if line.startswith("  - Pneumocystis ("))
    assert pjp.startswith(
        "  - Pneumocystis (THEY DIFFER): [ash.prophylaxis] Pneumocystis: trimethoprim-sulfamethoxazole"
    )
    assert "(start: From day 30; stop: After 6 to 12 months)" in pjp
    assert "[stanford.prophylaxis] Pneumocystis: atovaquone: " in pjp
    assert "Sources side by side" not in said, "no guidance was asked"


def test_guidance_and_policies_can_be_asked_at_once_and_in_both_languages(
    run: Run, hospital: Path, mapping: Mapping
) -> None:
    asked = (*ASKED, "--compare", "ebmt-2022,asco-2021,ebmt-2022.prophylaxis,ash.prophylaxis")
    found = json.loads(run("assess", hospital, *mapping, *asked, "--json").output)
    assert {id for c in found["compared"] for id in c["said"]} == {"ebmt-2022.guidance", "asco-2021.guidance"}
    shown = {step["policy"]["id"] for one in found["policies"] for step in one["steps"]}
    assert shown == {"ebmt-2022.prophylaxis", "ash.prophylaxis"}
    said = run("assess", hospital, *mapping, *asked, "--language", "zh").output
    assert "各预防策略对照" in said
    assert "肺孢子菌（各来源不一致）：[ebmt-2022.prophylaxis]" in said


def test_a_name_that_is_neither_is_refused(run: Run, hospital: Path, mapping: Mapping) -> None:
    said = run("assess", hospital, *mapping, *ASKED, "--compare", "ashh", exits=4).output
    assert "ashh" in said
    assert "RULE-003" in said
