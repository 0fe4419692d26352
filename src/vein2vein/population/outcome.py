"""Response, progression, death by cause and the end of follow-up.

Place    Floor 4. After infections; chemistry (LDH) and late read it.
In       Patients, expansion, the acute course, IEC-HS, infections, the parameters outcome.*.
Out      `Outcome`: response, hours of progression, next therapy, death with cause, end of follow-up.

Equations
    response     A standard normal latent: less burden, less inflammation, more expansion, noise (weights scaled to variance 1
                 with the correlations of the patients). Complete response above one normal quantile, response above another.
    progression  A mixture: `cured_fraction` of the infused never progress; they are complete responders, and partial ones where
                 there are not enough. Complete responders with low burden are more often among them. The others progress at a
                 Weibull time whose median is `progression_months` times a factor of the response; who does not respond
                 progresses at about the first assessment.
    death        The first of: acute toxicity (`care`), IEC-HS, infection, another cause without relapse (a constant hazard), and
                 death after progression (Weibull around `after_progression_months`). Who is never infused dies at an exponential
                 time after leaving, counted from the referral.
    follow-up    The administrative end is uniform around the median of the setting; some are lost earlier.

Missing  NaN: never happens, or not within the model.
Does not Model transplantation after response, treatment beyond the first line after progression, or crossover.
Checked  tests/unit/population/test_outcome.py
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Final

import numpy as np

from vein2vein.population.patients import correlation
from vein2vein.population.states import CODE, Events, Rows
from vein2vein.population.visits import DAYS

if TYPE_CHECKING:
    import numpy.typing as npt

    from vein2vein.population.blocks import Block
    from vein2vein.population.hyperinflammation import Hyperinflammation
    from vein2vein.population.infections import Infections
    from vein2vein.population.states import Acute, Flags, Floats, Kinetics, Patients, Way, Words
    from vein2vein.population.visits import Visits

MONTH: Final = 365.25 / 12 * 24
COMPLETE, PARTIAL, STABLE, PROGRESSIVE = 3, 2, 1, 0
_ASSESSED: Final = np.isin(DAYS, (28, 90, 180, 270, 365, 545, 730, 1095, 1460, 1825))
_FIRST_DAYS = 60
_NEVER = 1e9


@dataclass(frozen=True)
class Outcome:
    """What becomes of a course, arrays of shape (courses,), hours since infusion (referral where never infused).

    Attributes:
        response: Best response: COMPLETE, PARTIAL, STABLE, PROGRESSIVE; -1 where never infused.
        latent: Standard normal behind it.
        cured: Never progresses.
        progressed: Progression or relapse; NaN for never.
        next_therapy: Next therapy; NaN for none.
        died: Death of any cause, acute ones included; NaN where none within the model.
        died_of: Detail of the milestone `death`, or None.
        followed: End of the follow-up: death, the administrative end, or the last contact of those who are lost.
    """

    response: npt.NDArray[np.int8]
    latent: Floats
    cured: Flags
    progressed: Floats
    next_therapy: Floats
    died: Floats
    died_of: Words
    followed: Floats


def draw_outcome(  # noqa: PLR0913, PLR0917  (what an outcome depends on)
    block: Block,
    patients: Patients,
    way: Way,
    kinetics: Kinetics,
    acute: Acute,
    hyper: Hyperinflammation,
    infections: Infections,
) -> Outcome:
    """Draw the outcome of every course of a block."""
    infused = way.is_infused
    latent = _latent(block, patients, kinetics)
    response = _response(block, latent)
    cured = _cured(block, patients, response)
    progressed = np.where(cured, _NEVER, _progression(block, patients, response))
    died, died_of = _death(block, acute, hyper, infections, progressed)
    outside = _never_infused(block, way)
    died = np.where(infused, died, outside)
    died_of[~infused] = "progression"
    followed = _follow_up(block)
    left = np.nan_to_num(way.left)
    followed = np.where(infused, followed, followed + left)
    known = died <= followed
    followed = np.minimum(followed, died)
    alive = np.minimum(died, followed)
    seen = infused & (progressed <= alive)
    rng = block.stream("outcome/next")
    later = progressed + MONTH * block.parameter("outcome.next_therapy_months") * rng.exponential(1.0, block.n)
    treated = seen & (rng.random(block.n) < block.parameter("outcome.next_therapy")) & (later < alive)
    died_of[~known] = None
    return Outcome(
        response=np.where(infused, response, -1).astype(np.int8),
        latent=latent,
        cured=cured & infused,
        progressed=np.where(seen, progressed, np.nan),
        next_therapy=np.where(treated, later, np.nan),
        died=np.where(known, died, np.nan),
        died_of=died_of,
        followed=followed,
    )


def _latent(block: Block, patients: Patients, kinetics: Kinetics) -> Floats:
    """Standard normal; higher responds better."""
    value = block.parameter
    burden, hot, grows = (value(f"outcome.weight_{name}") for name in ("burden", "inflammation", "expansion"))
    together = correlation(block)[0, 1]
    known = burden**2 + hot**2 + 2 * burden * hot * together + grows**2
    scale = min(1.0, np.sqrt(0.9 / known))
    noise = block.stream("outcome/response").standard_normal(block.n) * np.sqrt(1 - known * scale**2)
    drive = burden * patients.burden + hot * patients.inflammation + grows * kinetics.z
    return np.asarray(scale * drive + noise, np.float64)


def _response(block: Block, latent: Floats) -> npt.NDArray[np.int8]:
    value = block.parameter
    complete, any_ = value("outcome.complete_response"), value("outcome.response")
    stable = any_ + value("outcome.stable_of_others") * (1 - any_)
    cuts = [-_quantile(share) for share in (stable, any_, complete)]
    return np.searchsorted(cuts, latent).astype(np.int8)


def _quantile(share: float) -> float:
    return NormalDist().inv_cdf(min(max(share, 1e-6), 1 - 1e-6))


def _cured(block: Block, patients: Patients, response: npt.NDArray[np.int8]) -> Flags:
    value = block.parameter
    share, complete, any_ = (value(f"outcome.{name}") for name in ("cured_fraction", "complete_response", "response"))
    of_complete = min(share / complete, 0.95) if complete else 0.0
    left = max(share - of_complete * complete, 0.0)
    of_partial = min(left / (any_ - complete), 0.95) if any_ > complete else 0.0
    own = np.where(response == COMPLETE, of_complete, np.where(response == PARTIAL, of_partial, 0.0))
    # Among responders low burden is for the cure; they have less of it than all, hence the shift.
    log_odds = np.log(np.maximum(own, 1e-9) / (1 - own)) + value("outcome.cure_on_burden") * (patients.burden + 0.15)
    drawn = block.stream("outcome/cure").random(block.n)
    return np.asarray((drawn < 1 / (1 + np.exp(-log_odds))) & (own > 0), np.bool_)


def _progression(block: Block, patients: Patients, response: npt.NDArray[np.int8]) -> Floats:
    """Hours to progression of those who are not cured."""
    value = block.parameter
    rng = block.stream("outcome/progression")
    shape = value("outcome.progression_shape")
    months = value("outcome.progression_months")
    factor = np.where(response == COMPLETE, value("outcome.complete_factor"), value("outcome.partial_factor"))
    time = (rng.exponential(1.0, block.n) / np.log(2)) ** (1 / shape) * months * factor
    time = time * np.exp(value("outcome.progression_on_burden") * patients.burden) + 0.5
    median = np.where(response == STABLE, value("outcome.stable_months"), value("outcome.refractory_months"))
    early = median * np.exp(0.35 * rng.standard_normal(block.n))
    return np.asarray(np.where(response >= PARTIAL, time, np.maximum(early, 0.5)) * MONTH, np.float64)


def _death(  # noqa: PLR0917  (the causes)
    block: Block, acute: Acute, hyper: Hyperinflammation, infections: Infections, progressed: Floats
) -> tuple[Floats, Words]:
    value, n = block.parameter, block.n
    rng = block.stream("outcome/death")
    yearly = -np.log(1 - value("outcome.other_non_relapse_12"))
    other = rng.exponential(12 / yearly, n) * MONTH
    shape = value("outcome.after_progression_shape")
    after = (rng.exponential(1.0, n) / np.log(2)) ** (1 / shape) * value("outcome.after_progression_months") * MONTH
    # What `care` intended as a fatal acute course is not cut short by another cause.
    causes = (
        (np.nan_to_num(acute.died, nan=_NEVER), acute.died_of),
        (np.where(hyper.dies, hyper.until_hour, _NEVER), "iec-hs"),
        (np.nan_to_num(infections.dies, nan=_NEVER), "infection"),
        (other, "other"),
        (np.maximum(progressed + after, progressed + 72), "progression"),
    )
    died, died_of = np.full(n, np.inf), np.empty(n, object)
    for hour, name in causes:
        first = (hour < died) & (isinstance(name, np.ndarray) | np.isnan(acute.died))
        died = np.where(first, hour, died)
        died_of[first] = name if isinstance(name, str) else name[first]
    return died, died_of


def _never_infused(block: Block, way: Way) -> Floats:
    """Hours since referral at which those who leave the way die."""
    rng = block.stream("outcome/never-infused")
    months = block.parameter("outcome.not_infused_months")
    after = rng.exponential(months / np.log(2), block.n) * MONTH
    dead = way.left_cause == "death"
    return np.asarray(np.nan_to_num(way.left) + np.where(dead, 0.0, after), np.float64)


def _follow_up(block: Block) -> Floats:
    value, n = block.parameter, block.n
    rng = block.stream("outcome/follow-up")
    planned = value("outcome.follow_up_months") * rng.uniform(0.6, 1.4, n)
    lost = rng.exponential(12 / value("outcome.lost_per_year"), n)
    return np.asarray(np.maximum(np.minimum(planned, lost + 2), 2) * MONTH, np.float64)


def observe_outcome(  # noqa: PLR0917  (the outcome, and when it is assessed)
    block: Block, outcome: Outcome, way: Way, acute: Acute, visits: Visits
) -> tuple[Rows, Events]:
    """Assessments of response, and the milestones progression, subsequent_therapy, death and last_seen.

    A complete response may first be seen as a partial one; a progression is an assessment of its own. Deaths of the acute
    course are charted by `stay`, those on the way by `way`.
    """
    infused = way.is_infused
    everybody = np.arange(block.n)
    end = np.where(infused, np.minimum(outcome.followed, np.nan_to_num(outcome.progressed, nan=np.inf)), -np.inf)
    slow = block.stream("outcome/assessment").random(block.n) < block.parameter("outcome.later_complete")
    course, at = np.nonzero(visits.drawn & _ASSESSED & (visits.hours < end[:, None]))
    first = DAYS[at] < _FIRST_DAYS
    best = outcome.response[course]
    shown = np.where(first & slow[course] & (best == COMPLETE), PARTIAL, best)
    shown = np.where((shown == PROGRESSIVE) | (shown == STABLE), STABLE, shown)
    hours = np.floor(visits.hours[course, at] + 9)
    kept = hours < end[course]
    course, hours, shown = course[kept], hours[kept], shown[kept]
    worse = np.flatnonzero(~np.isnan(outcome.progressed))
    codes = _codes(block.setting.indication, shown, outcome.latent[course])
    rows = Rows.join(
        [
            Rows.coded("response_assessment", course, hours, codes),
            Rows.coded("response_assessment", worse, outcome.progressed[worse], "progressive-disease"),
            _residual_disease(block, outcome, course, hours, shown),
        ]
    )
    died = outcome.died
    after = ~infused & (way.left_cause != "death")
    lost = np.where(np.isnan(died), outcome.followed, np.nan)
    parts = [
        Events.of("progression", everybody, np.where(infused, outcome.progressed, np.nan)),
        Events.of("subsequent_therapy", everybody, outcome.next_therapy),
        Events.of("death", everybody, np.where(infused & np.isnan(acute.died), died, np.nan), detail=outcome.died_of),
        Events.of("death", everybody, np.where(after, died, np.nan), detail="progression", since_referral=True),
        Events.of("last_seen", everybody, np.where(infused, lost, np.nan)),
    ]
    return rows, Events.join(parts)


def _codes(indication: str, shown: npt.NDArray[np.int64], latent: Floats) -> npt.NDArray[np.int16]:
    """The words of the indication: CRi in leukaemia for what is less than complete, VGPR for the better half in myeloma."""
    partial = CODE["partial-response"]
    if "leukaemia" in indication:
        partial = CODE["complete-response-incomplete-recovery"]
    names = np.array(
        [CODE["progressive-disease"], CODE["stable-disease"], partial, CODE["complete-response"]], np.int16
    )
    found = names[shown]
    if "myeloma" in indication:
        found = np.where((shown == PARTIAL) & (latent > 0), np.int16(CODE["very-good-partial-response"]), found)
    return found.astype(np.int16)


def _residual_disease(  # noqa: PLR0917  (what was assessed)
    block: Block, outcome: Outcome, course: npt.NDArray[np.int64], hours: Floats, shown: npt.NDArray[np.int64]
) -> Rows:
    """Minimal residual disease in responders, where the indication asks for it."""
    indication = block.setting.indication
    asked = (shown >= PARTIAL) & (("leukaemia" in indication) | ("myeloma" in indication))
    negative = block.stream("outcome/residual").random(block.n) < block.parameter("outcome.residual_negative")
    who = course[asked]
    return Rows.coded("mrd_negative", who, hours[asked], negative[who].astype(np.int16))
