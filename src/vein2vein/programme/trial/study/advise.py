"""The advice for a running trial of any family, with reasons, in one form.

Place    Programme, trial, study. Read by the command line and the audit log.
In       A study; what was seen, in the notation of its family; follow-up of pending patients.
Out      `Advice`: what to do, facts, reasons, departures from what the design had asked for.
Knows    Dose finding: "1NNN 2NNT", with responses "1NNE 2NBT", pending patients "2@14" (dose, days), backfill "+1NE", those who
         got less "2N=1.4". Compared doses: "12/30 15/30". Single arm: "3/13", two endpoints "5,2/13", pending days "40 20".
         Baskets: "5/10 2/10" in their order. Randomised: z of each look made, "1.32 2.41", and the information fractions they
         came at, "0.55 0.81".
Checked  tests/unit/programme/trial/study/test_advise.py
"""

from __future__ import annotations

from typing import Any

from vein2vein.errors import TrialError
from vein2vein.programme.trial.phase1.late import LateDesign
from vein2vein.programme.trial.phase1.partial import PartialDesign
from vein2vein.programme.trial.phase12.efftox import EffToxRule
from vein2vein.programme.trial.phase12.efftox import advise as joint_advice
from vein2vein.programme.trial.recommend import recommend
from vein2vein.programme.trial.study.advice import Advice, cannot, counted, nothing_pending
from vein2vein.programme.trial.study.advise_arm import advise_comparison, advise_single, advise_two_endpoints
from vein2vein.programme.trial.study.advise_backfill import advise_backfill
from vein2vein.programme.trial.study.advise_looks import advise_looks
from vein2vein.programme.trial.study.advise_partial import advise_partial
from vein2vein.programme.trial.study.advise_pending import advise_pending
from vein2vein.programme.trial.study.baskets import BasketStudy
from vein2vein.programme.trial.study.cells import CellStudy
from vein2vein.programme.trial.study.comparison import ComparisonStudy
from vein2vein.programme.trial.study.dose import DoseStudy
from vein2vein.programme.trial.study.randomised import Randomised
from vein2vein.programme.trial.study.single import SingleArm, TwoEndpointArm
from vein2vein.programme.trial.words import Design


def advise(study: object, outcomes: str = "", pending: str = "", information: str = "") -> Advice:
    """What the design of a study says after what was seen.

    Args:
        study: A study of a design file.
        outcomes: What was seen, in the notation of the family; empty before anything was.
        pending: Follow-up of patients without an outcome; empty for none.
        information: Of a randomised trial, the part of the planned information at each look made; empty for the planned parts.

    Raises:
        TrialError: TRIAL-003 for text that cannot be read or does not fit, TRIAL-004 for a design that takes no advice so,
            TRIAL-060 for impossible counts.
    """
    if information.split() and not isinstance(study, (Randomised, CellStudy)):
        raise TrialError(
            "TRIAL-004",
            saw=f"information fractions for the design {getattr(study, 'name', study)}",
            expected="a randomised design with looks",
            fix="leave them out",
        )
    if isinstance(study, (Randomised, CellStudy)):
        nothing_pending(study.name, pending)
        return advise_looks(study, outcomes, information)
    if isinstance(study, DoseStudy) and isinstance(study.design, LateDesign):
        return advise_pending(study, outcomes, pending)
    if isinstance(study, SingleArm):
        return advise_single(study, outcomes, pending)
    nothing_pending(str(getattr(study, "name", study)), pending)
    return _known(study, outcomes)


def _known(study: Any, outcomes: str) -> Advice:
    """The advice of designs that know every outcome at once."""
    if isinstance(study, DoseStudy) and isinstance(study.design, PartialDesign):
        return advise_partial(study.design, outcomes)
    if isinstance(study, DoseStudy):
        return _at_once(study.design, outcomes) if study.fill is None else _filled(study, outcomes)
    if isinstance(study, ComparisonStudy):
        return advise_comparison(study, outcomes)
    if isinstance(study, TwoEndpointArm):
        return advise_two_endpoints(study, outcomes)
    if isinstance(study, BasketStudy):
        return _baskets(study, outcomes)
    raise TrialError(
        "TRIAL-004",
        saw=f"advice for {study!r}",
        expected="the study of a design file",
        fix="read it with read_design(text).study",
    )


def _filled(study: DoseStudy, outcomes: str) -> Advice:
    assert study.fill is not None and isinstance(study.design, Design)  # noqa: S101, PT018  (the caller has asked)
    return advise_backfill(study.design, study.fill[0], outcomes)


def _at_once(design: Any, outcomes: str) -> Advice:
    found = recommend(design, outcomes)
    facts = [] if found.dose is None else [("next", f"{found.size} at dose {found.dose}")]
    facts.append(("selected", f"{found.selected or 'none'}, if the trial ended now"))
    if isinstance(design.rule, EffToxRule) and outcomes.split() and found.action != "fill the cohort":
        joint = joint_advice(design, outcomes).dose
        facts.append(("joint", f"{f'dose {joint}' if joint else 'stop'}, with the association within patients"))
    return Advice(found.action, tuple(facts), found.reasons, found.departures)


def _baskets(study: BasketStudy, outcomes: str) -> Advice:
    one = study.borrowing
    if not outcomes.split():
        plan = ", ".join(f"{n} in {name}" for name, n in zip(one.names, one.patients, strict=True))
        return Advice("go on", (("next", plan),), ("no basket is known yet",))
    counts = [counted(word) for word in outcomes.split()]
    if len(counts) != len(one.names):
        cannot(f"{len(counts)} counts", f"{len(one.names)}, one for each basket", 'write such as "5/10 2/10 1/10"')
    wrong = [k for k, (_, n) in zip(one.names, counts, strict=True) if n != one.patients[one.names.index(k)]]
    if wrong:
        cannot(f"other patients than planned in {wrong[0]}", f"{list(one.patients)} patients", "change the design file")
    above = one.analysis(tuple(y for y, _ in counts))
    facts = tuple(
        (name, f"{chance:.3f}: {'claimed' if chance > one.claim else 'not claimed'}")
        for name, chance in zip(one.names, above, strict=True)
    )
    claimed = int((above > one.claim).sum())
    reason = f"a basket is claimed when its chance of a rate above {one.null:g} is above {one.claim:g}"
    return Advice(f"claim {claimed} of {len(one.names)}", facts, (reason,))
