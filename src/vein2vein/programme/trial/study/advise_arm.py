"""The advice of single arms, of two endpoints and of doses compared by randomisation: go on, stop, or which dose.

Place    Programme, trial, study. Read by `advise`.
In       Counts such as "3/13" (responses of patients), "5,2/13" (two outcomes of patients); for compared doses one count each.
Out      `Advice`.
Knows    Between looks nothing is decided; the advice says what the next look will ask, and when its answer is certain already.
Checked  tests/unit/programme/trial/study/test_advise.py
"""

from __future__ import annotations

import numpy as np

from vein2vein.programme.trial.phase2 import pending as top
from vein2vein.programme.trial.phase2.monitor import Monitoring
from vein2vein.programme.trial.phase2.refuse import refuse_counts
from vein2vein.programme.trial.phase2.two_endpoints import TwoEndpoints
from vein2vein.programme.trial.phase12.optimise import Comparison, best_observed
from vein2vein.programme.trial.study.advice import (
    Advice,
    cannot,
    counted,
    counted_together,
    counted_twice,
    nothing_pending,
    number,
)
from vein2vein.programme.trial.study.comparison import ComparisonStudy
from vein2vein.programme.trial.study.single import SingleArm, TwoEndpointArm

_ACTIONS = {"futile": "stop for futility", "success": "success", "go on": "go on"}


def advise_single(study: SingleArm, outcomes: str, pending: str) -> Advice:
    """What a single arm says after responses of patients, the last count being the present.

    Raises:
        TrialError: TRIAL-003 for text that cannot be read, TRIAL-004 for pending patients of a design that has none, TRIAL-060
            for more patients than planned.
    """
    bounds, arm = study.arm.boundaries, study.arm
    waits = arm.tuned is not None and arm.window is not None
    if pending.split() and not waits:
        nothing_pending(study.name, pending)
    if not outcomes.split() and not pending.split():
        return Advice("go on", (("next", f"look after {bounds.looks[0]} patients"),), ("no look was made yet",))
    responses, patients = counted(outcomes.rsplit(maxsplit=1)[-1]) if outcomes.split() else (0, 0)
    if pending.split():
        followed = [number(word) for word in pending.split()]
        assert arm.tuned is not None and arm.window is not None  # noqa: S101, PT018  (refused above)
        found = top.advise(arm.tuned, responses, patients, followed, window=arm.window)
        return Advice(found.action, (("counted", f"{found.effective:.2f} patients"),), (found.reason,))
    if patients not in bounds.looks:
        return _between(bounds, responses, patients)
    decision = bounds.decide(patients, responses)
    look = bounds.looks.index(patients)
    low, high = bounds.futile[look], bounds.success[look]
    said = f"{responses} of {patients} respond" + (f"; futile with {low} or fewer" if low >= 0 else "")
    said += f", success from {high}" if high <= patients else ""
    last = look + 1 == len(bounds.looks)
    facts = () if decision != "go on" or last else (("next", f"look after {bounds.looks[look + 1]} patients"),)
    return Advice(_ACTIONS[decision], facts, (said,))


def _between(bounds: Monitoring, responses: int, patients: int) -> Advice:
    """Between two looks: the next one, and whether its answer is certain."""
    if patients > bounds.most:
        refuse_counts(f"{patients} patients", f"at most {bounds.most}, the patients of the design")
    look = next(k for k, n in enumerate(bounds.looks) if n > patients)
    n, low, high = bounds.looks[look], bounds.futile[look], bounds.success[look]
    reasons = [f"{responses} of {patients} respond; no look is planned here"]
    asks = [f"futile with {low} or fewer"] if low >= 0 else []
    asks += [f"success from {high}"] if high <= n else []
    reasons.append(f"after {n} patients: {', '.join(asks) or 'no stop'}")
    if responses + n - patients <= low:
        reasons.append("that look will be futile even if all the next patients respond")
    elif responses >= high:
        reasons.append("that look will be a success even if none of the next patients responds")
    return Advice("go on", (("next", f"look after {n} patients"),), tuple(reasons))


def advise_two_endpoints(study: TwoEndpointArm, outcomes: str) -> Advice:
    """What a single arm on two endpoints says after "5,2/13": first, second, patients.

    Raises:
        TrialError: TRIAL-003 for text that cannot be read, TRIAL-060 for more patients than planned.
    """
    design = study.design
    if not outcomes.split():
        return Advice("go on", (("next", f"look after {design.looks[0]} patients"),), ("no look was made yet",))
    first, second, patients = counted_twice(outcomes.rsplit(maxsplit=1)[-1])
    if patients > design.looks[-1]:
        refuse_counts(f"{patients} patients", f"at most {design.looks[-1]}, the patients of the design")
    look = next(k for k, n in enumerate(design.looks) if n >= patients)
    asks = _asks(design, look)
    if patients != design.looks[look]:
        reasons = (f"{first} and {second} of {patients}; no look is planned here", f"at the next look: {asks}")
        return Advice("go on", (("next", f"look after {design.looks[look]} patients"),), reasons)
    said = (f"{first} and {second} of {patients}; {asks}",)
    if design.stops(look)[first, second]:
        return Advice("stop for futility", (), said)
    if look + 1 == len(design.looks):
        return Advice("success", (), said)
    return Advice("go on", (("next", f"look after {design.looks[look + 1]} patients"),), said)


def _asks(design: TwoEndpoints, look: int) -> str:
    low, bound, n = design.first[look], design.second[look], design.looks[look]
    one = f"the first with {low} or fewer" if low >= 0 else "never for the first"
    if design.endpoints.second_is_harm:
        other = f"the second with {bound} or more" if bound <= n else "never for the second"
    else:
        other = f"the second with {bound} or fewer" if bound >= 0 else "never for the second"
    join = "and" if design.endpoints.need == "either" else "or"
    return f"after {n} patients it stops for {one} {join} {other}"


def _compared(one: Comparison, word: str) -> tuple[int, int, int, int]:
    """Toxicities, responses, patients with both and patients; zero for what the comparison does not look at."""
    if one.utilities is None:
        responses, patients = counted(word)
        return 0, responses, 0, patients
    if not one.utilities.additive:
        return counted_together(word)
    toxic, responses, patients = counted_twice(word)
    return toxic, responses, 0, patients


def advise_comparison(study: ComparisonStudy, outcomes: str) -> Advice:
    """Which of the compared doses is chosen after "12/30 15/30", or "4,12/30 6,15/30" (toxicities first) with utilities.

    With utilities that do not sum to 100 patients with both follow: "4,12,2/30".

    Raises:
        TrialError: TRIAL-003 for text that cannot be read, other doses, or more patients than planned.
    """
    one = study.comparison
    if not outcomes.split():
        plan = ", ".join(f"{n} at dose {k}" for k, n in enumerate(one.patients, start=1))
        return Advice("go on", (("next", plan),), ("nobody was randomised yet",))
    words = outcomes.split()
    if len(words) != len(one.patients):
        cannot(f"{len(words)} counts", f"{len(one.patients)}, one for each dose", 'write such as "12/30 15/30"')
    y, e, both, n = (np.array(column) for column in zip(*(_compared(one, word) for word in words), strict=True))
    over = [k for k, (seen, planned) in enumerate(zip(n, one.patients, strict=True), start=1) if seen > planned]
    if over:
        cannot(f"{n[over[0] - 1]} patients at dose {over[0]}", f"at most {one.patients[over[0] - 1]}, as planned")
    if not n.all():
        facts = (("known", f"{n.sum()} of {study.most} patients"),)
        return Advice("go on", facts, ("a dose has no patient with a known outcome yet",))
    means, best = best_observed(one, n, y, e, both)
    what = "mean utility" if one.utilities else "response rate"
    shown = ", ".join(f"dose {k} {mean:.3f}" for k, mean in enumerate(means, start=1))
    rule = f"the lowest dose within {one.margin:g} of the best" if one.margin else "the best dose"
    rule += ", by a fair draw among equals" if one.fair else ", the lowest of equals"
    chosen = " or ".join(str(k + 1) for k in best)
    reasons = (f"{what}: {shown}", f"the rule takes {rule}")
    left = study.most - int(n.sum())
    if left:
        return Advice("go on", (("known", f"{n.sum()} of {study.most} patients"), ("now", f"dose {chosen}")), reasons)
    return Advice(f"choose dose {chosen}", (), reasons)
