"""Lymphodepletion beside the regimens of the label: drugs, days, daily doses, and the window before the infusion.

Place    Journey, assess.
In       A course with all its rows, its `Plan`.
Out      Days beside their computed doses, the last round of lymphodepletion beside the regimens, departures.
Knows    A dose of a day is known when that day is over; what is missing is known at the infusion. A round ends where no drug
         was given for longer than the longest regimen lasts, so that a repeated one is counted anew.
Missing  A drug or a day that is not in the record is a departure only while lymphodepletion is charted; else it is not
         assessable. A dose that cannot be computed is no departure. No lymphodepletion at all is not judged: labels may
         leave it out.
Does not Say whether a departure was wrong.
Checked  tests/unit/journey/assess/test_given.py, test_depletion.py
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from vein2vein.basis.clock import local_date
from vein2vein.basis.truth import Truth
from vein2vein.engine.plain.ask import Questions
from vein2vein.journey.assess.deviations import Deviation
from vein2vein.journey.assess.lacking import lacks_of
from vein2vein.journey.assess.phrases import agent_label, say, words
from vein2vein.journey.assess.plan import LYMPHODEPLETION, Plan, rows_of
from vein2vein.journey.lymphodepletion.doses import Deviation as DoseDeviation
from vein2vein.journey.lymphodepletion.doses import DrugDose, deviation
from vein2vein.knowledge.documents.regimen import Regimen
from vein2vein.record.timeline import CHARTED, Exposure, Timeline

_Days = dict[tuple[date, str], list[Exposure]]


@dataclass(frozen=True, slots=True)
class DayGiven:
    """One drug of lymphodepletion on one day beside what was computed.

    Attributes:
        day: Local calendar day.
        drug: The drug.
        milligrams: Total of the day; None where a row has no amount in mg.
        rows: Its rows.
        over: When the day was over, from which instant on the answer is known.
        beside: For each regimen of these drugs the computed dose and how far the given one is from it.
        needs: What these doses need that is not known, by language; empty texts where nothing is.
    """

    day: date
    drug: str
    milligrams: float | None
    rows: tuple[Exposure, ...]
    over: datetime
    beside: tuple[tuple[Regimen, DrugDose, DoseDeviation], ...]
    needs: Mapping[str, str]

    @property
    def state(self) -> Literal["met", "not met", "not assessable"]:
        """Met where some regimen is kept, not met where none is; not assessable without an amount, a regimen or a dose."""
        levels = {found.level for _, _, found in self.beside}
        if "none" in levels:
            return "met"
        return "not met" if levels and levels <= {"flag", "stop"} else "not assessable"


def days_given(timeline: Timeline, plan: Plan) -> Iterator[DayGiven]:
    """Every drug and day of lymphodepletion."""
    zone, limits = timeline.course.zone, plan.protocol.dose_limits
    for (day, drug), rows in _by_day(timeline).items():
        over = _over(day, zone)
        total: float | None = None
        beside: list[tuple[Regimen, DrugDose, DoseDeviation]] = []
        needs: Mapping[str, str] = words("need", "amount")
        if all(row.amount is not None and row.amount_unit == "mg" for row in rows):
            total = sum(row.amount or 0.0 for row in rows)
            same = _with(plan.regimens(timeline.until(over), rows[0].started_at), timeline, drug, over)
            questions = Questions(timeline, rows[0].started_at)
            for regimen, dose in ((r, d) for r in same for d in plan.doses(questions, r) if d.drug.drug == drug):
                found = deviation(dose, total, flag_percent=limits.flag_percent, stop_percent=limits.stop_percent)
                beside.append((regimen, dose, found))
            needs = lacks_of((dose for _, dose, _ in beside), questions)
        yield DayGiven(day, drug, total, tuple(rows), over, tuple(beside), needs)


def _by_day(timeline: Timeline) -> _Days:
    days: _Days = {}
    for row in rows_of(timeline, LYMPHODEPLETION):
        days.setdefault((local_date(row.started_at, timeline.course.zone), row.agent), []).append(row)
    return days


def _over(day: date, zone: str) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), ZoneInfo(zone))


def _with(regimens: Sequence[Regimen], timeline: Timeline, drug: str, until: datetime) -> tuple[Regimen, ...]:
    """Regimens that a drug may belong to: of exactly the drugs so far, else of more than those, else any with the drug."""
    drugs = {row.agent for row in rows_of(timeline, LYMPHODEPLETION) if row.started_at < until}
    mine = tuple(regimen for regimen in regimens if drug in _drugs(regimen))
    exact = tuple(regimen for regimen in mine if set(_drugs(regimen)) == drugs)
    return exact or tuple(regimen for regimen in mine if set(_drugs(regimen)) > drugs) or mine


def _drugs(regimen: Regimen) -> dict[str, int]:
    """Drug -> number of its days."""
    return {drug.drug: len(drug.days) for drug in regimen.drugs}


def lymphodepleted_otherwise(timeline: Timeline, plan: Plan) -> Iterator[Deviation]:
    """Everything about lymphodepletion that was otherwise than a regimen of the label; a regimen that stands in says so."""
    for found in _otherwise(timeline, plan):
        yield _with_lender(found, timeline, plan)


def _with_lender(found: Deviation, timeline: Timeline, plan: Plan) -> Deviation:
    at = found.rows[0].started_at if found.rows and isinstance(found.rows[0], Exposure) else found.at
    lent = plan.lent(timeline.until(found.at), at)
    # A drug of no regimen is held against all of them.
    lender = lent.get(found.file) or (next(iter(lent.values()), None) if found.file not in plan.known else None)
    return found if lender is None else replace(found, said=say("aside", text=found.said, aside=lender.said))


def _otherwise(timeline: Timeline, plan: Plan) -> Iterator[Deviation]:
    yield from _doses(timeline, plan)
    yield from _beyond(timeline, plan)
    found = round_kept(timeline, plan)
    if found is not None and found.said is not None and timeline.course.infused_at is not None:
        yield Deviation("regimen", found.said, found.regimen, timeline.course.infused_at, found.rows)
    yield from _window(timeline, plan)


def _doses(timeline: Timeline, plan: Plan) -> Iterator[Deviation]:
    """Daily doses that differ from the computed one by more than the protocol allows."""
    for given in days_given(timeline, plan):
        if given.state == "not met" and given.milligrams is not None:
            regimen, dose, least = min(given.beside, key=lambda one: abs(one[2].percent or 0.0))
            said = say(
                "withheld-dose" if least.percent is None else "daily-dose-least" if least.is_least else "daily-dose",
                level=say(least.level),
                drug=agent_label(LYMPHODEPLETION, given.drug),
                mg=f"{given.milligrams:g}",
                day=str(given.day),
                percent="" if least.percent is None else f"{least.percent:+.1f}",
                computed={language: dose.amount_in(language) for language in ("en", "zh")},
                low=f"{dose.milligrams[0]:.1f}",
                high=f"{dose.milligrams[1]:.1f}",
                needs=given.needs,
            )
            yield Deviation("dose", said, regimen.id, given.over, given.rows)


def _beyond(timeline: Timeline, plan: Plan) -> Iterator[Deviation]:
    """Drugs that no regimen of the label names, each once, and days beyond those of every regimen that names the drug."""
    zone, named_once, given = timeline.course.zone, set[str](), dict[tuple[date, str], int]()
    for first, (day, drug), rows in _rounds(timeline, plan):
        over = _over(day, zone)
        regimens = plan.regimens(timeline.until(over), rows[0].started_at)
        mine = [regimen for regimen in regimens if drug in _drugs(regimen)]
        label = agent_label(LYMPHODEPLETION, drug)
        if regimens and not mine and drug not in named_once:
            named_once.add(drug)
            file = plan.product.id if plan.product is not None else plan.protocol.id
            yield Deviation("regimen", say("other-drug", drug=label, day=str(day)), file, over, tuple(rows))
        given[first, drug] = given.get((first, drug), 0) + 1
        most = max((_drugs(regimen)[drug] for regimen in mine), default=0)
        if mine and given[first, drug] > most:
            said = say("extra-day", drug=label, day=str(day), n=str(given[first, drug]), most=str(most))
            yield Deviation("regimen", said, mine[0].id, over, tuple(rows))


def _rounds(timeline: Timeline, plan: Plan) -> Iterator[tuple[date, tuple[date, str], list[Exposure]]]:
    """Every drug and day with the first day of its round, in order of time."""
    first: date | None = None
    last: date | None = None
    for (day, drug), rows in sorted(_by_day(timeline).items()):
        lasts = max(
            (r.n_days for r in plan.regimens(timeline.until(rows[0].started_at), rows[0].started_at)), default=0
        )
        if first is None or last is None or (day - last).days > lasts:
            first = day
        last = day
        yield first, (day, drug), rows


@dataclass(frozen=True, slots=True)
class RoundKept:
    """The last round of lymphodepletion before the infusion beside the regimens of the label.

    Attributes:
        truth: TRUE where the drugs and the number of their days are those of a regimen; FALSE where they certainly are not.
        regimen: The nearest regimen.
        said: What is missing, by language; None where nothing certainly is.
        rows: The rows of the round.
    """

    truth: Truth
    regimen: str
    said: dict[str, str] | None
    rows: tuple[Exposure, ...]


def round_kept(timeline: Timeline, plan: Plan) -> RoundKept | None:
    """Drugs and days of the last round before the infusion; None without an infusion, a dose or a regimen."""
    infused = timeline.course.infused_at
    if infused is None:
        return None
    before = timeline.until(infused)
    rounds = list(_rounds(before, plan))
    regimens = plan.regimens(before, infused)
    if not rounds or not regimens:
        return None
    start = rounds[-1][0]
    mine = [(day, drug, rows) for first, (day, drug), rows in rounds if first == start]
    days = {drug: sum(one == drug for _, one, _ in mine) for _, drug, _ in mine}
    rows = tuple(row for _, _, given in mine for row in given)
    if any(_drugs(regimen) == days for regimen in regimens):
        return RoundKept(Truth.TRUE, next(r.id for r in regimens if _drugs(r) == days), None, rows)
    regimen = min(regimens, key=lambda one: sum(abs(n - days.get(drug, 0)) for drug, n in _drugs(one).items()))
    if any(drug not in _drugs(regimen) or n > _drugs(regimen)[drug] for drug, n in days.items()):
        # Another drug, or more days: named on the day itself.
        return RoundKept(Truth.FALSE, regimen.id, None, rows)
    if not _is_charted(timeline, start - timedelta(days=max(r.n_days for r in regimens)), infused):
        return RoundKept(Truth.UNKNOWN, regimen.id, None, rows)
    missing = [(drug, days.get(drug, 0), n) for drug, n in _drugs(regimen).items() if days.get(drug, 0) < n]
    parts = [say("days-of", drug=agent_label(LYMPHODEPLETION, d), n=str(n), of=str(of)) for d, n, of in missing]
    lines = {language: ", ".join(part[language] for part in parts) for language in parts[0]}
    return RoundKept(Truth.FALSE, regimen.id, say("fewer-days", missing=lines), rows)


def _is_charted(timeline: Timeline, since: date, until: datetime) -> bool:
    zone = timeline.course.zone
    return any(
        row.agent == LYMPHODEPLETION
        and local_date(row.started_at, zone) <= since
        and (row.ended_at is None or row.ended_at >= until)
        for row in rows_of(timeline, CHARTED)
    )


def _window(timeline: Timeline, plan: Plan) -> Iterator[Deviation]:
    """An infusion outside the window after lymphodepletion, by every regimen that gives the same drugs."""
    infused = timeline.course.infused_at
    if infused is None:
        return
    gaps = plan.gaps(timeline.until(infused), infused)
    if gaps and all(gap.allowed is False for _, gap in gaps):
        rows = tuple(row for row in rows_of(timeline, LYMPHODEPLETION) if row.started_at <= infused)
        regimen, gap = gaps[0]
        yield Deviation("outside-window", say("window", days=str(gap.days)), regimen.id, infused, rows[-1:])
