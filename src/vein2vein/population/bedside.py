"""Vital signs, oxygen devices, vasopressors and fluids that show what is intended, and nothing more.

Place    Floor 4. After `care`. `neurology` charts the neurological tests, `stay` where the patient is.
In       A block (parameters bedside.*), patients, way, the acute course, the hours at which observation ends.
Out      `draw_bedside`: by which signs CRS shows. `vital_signs`: the hourly grid. `observe_bedside`: statements and exposures.
Knows    The intended ASTCT grade is the one that these rows have to show: fever at grade 1 (see `fever`, whose curve may fall
         below 38.0 °C from grade 2 on), from grade 2 on hypotension, hypoxia or both. One of the signs is at the level of the
         grade, a second may lag one level behind (not at grade 4): fluids or low flow (2), one vasopressor or a high-flow
         device (3), two vasopressors or positive pressure (4). Some neurotoxicity of grade 4 is intubated to protect the
         airway.
         Without intended hypotension no systolic pressure is low for the age, because a low one would leave grade 2 open.
Does not Leave out or delay anything (`mess` does).
Checked  tests/unit/population/test_bedside.py, tests/acceptance/population/test_agreement.py
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from vein2vein.population.blocks import Block
from vein2vein.population.fever import FEVER, time_of_day
from vein2vein.population.patients import low_systolic
from vein2vein.population.runs import Runs, every, runs_of
from vein2vein.population.states import Acute, Flags, Floats, Patients, Rows, Spans, Words

Levels = npt.NDArray[np.int8]
VITALS: Final = (
    "body_temperature",
    "heart_rate",
    "respiratory_rate",
    "systolic_blood_pressure",
    "diastolic_blood_pressure",
    "oxygen_saturation",
)
_BOLUS_EVERY: Final = 12
_WORST: Final = 3
_AIRWAY: Final = np.int8(4)
_STATED_EVERY: Final = 6
_ADULT_BOLUS_ML: Final = 500.0
_CHILD_BOLUS_ML_PER_KG: Final = 10.0


@dataclass(frozen=True)
class Bedside:
    """How CRS shows, shape (courses, hours) and (courses,).

    Attributes:
        pressure: 0 none, 1 hypotension without vasopressor, 2 one vasopressor, 3 several.
        breathing: 0 room air, 1 low flow, 2 high flow or mask, 3 positive pressure.
        fever: Temperature of at least 38.0 °C because of CRS.
        ventilated: Positive pressure means intubation and sedation here.
        device: 0 high-flow cannula, 1 non-rebreather mask at level 2.
        vasopressin: A vasopressor goes with vasopressin here.
        airway: Intubated and sedated for neurotoxicity, to protect the airway, shape (courses, hours).
    """

    pressure: Levels
    breathing: Levels
    fever: Flags
    ventilated: Flags
    device: Levels
    vasopressin: Flags
    airway: Flags

    @property
    def device_level(self) -> Levels:
        """`breathing`, and _AIRWAY where the lungs alone would need no device, shape (courses, hours)."""
        return np.where(self.airway & (self.breathing == 0), _AIRWAY, self.breathing)

    @property
    def sedated(self) -> Flags:
        """Hours under sedation, shape (courses, hours)."""
        found: Flags = (self.breathing == 3) & self.ventilated[:, None] | self.airway  # noqa: PLR2004
        return found


def draw_bedside(block: Block, acute: Acute) -> Bedside:
    """Draw by which signs the CRS of each course shows."""
    value = block.parameter
    draws = block.stream("bedside/route").random((5, block.n))
    level = np.maximum(acute.crs_grade, 1) - 1
    alone = value("bedside.route_hypotension"), value("bedside.route_hypoxia")
    is_pressure, is_breathing = draws[0] < alone[0], (draws[0] >= alone[0]) & (draws[0] < sum(alone))
    behind = np.where(
        level == _WORST, level, np.maximum(level, 1) - 1
    )  # at grade 4 circulation and lungs fail together
    leads = draws[1] < value("bedside.route_hypotension") / max(sum(alone), 1e-9)
    pressure = np.where((is_pressure | leads)[:, None], level, behind)
    breathing = np.where((is_breathing | ~leads)[:, None], level, behind)
    return Bedside(
        pressure=np.where(is_breathing[:, None], 0, pressure).astype(np.int8),
        breathing=np.where(is_pressure[:, None], 0, breathing).astype(np.int8),
        fever=acute.temperature >= FEVER,
        ventilated=draws[2] < value("bedside.ventilated_of_grade4"),
        device=(draws[3] < 0.5).astype(np.int8),  # noqa: PLR2004  (an even choice of two devices)
        vasopressin=draws[4] < value("bedside.vasopressin_with_pressor"),
        airway=_airway(block, acute),
    )


def _airway(block: Block, acute: Acute) -> Flags:
    """Hours of neurotoxicity of grade 4 under intubation: from the third on, so that the chart shows why."""
    worst = acute.icans_grade >= 4  # noqa: PLR2004  (the worst grade)
    chosen = block.stream("bedside/airway").random(block.n) < block.parameter("bedside.intubated_of_icans4")
    found = np.zeros(worst.shape, bool)
    found[:, 2:] = worst[:, 2:] & worst[:, 1:-1] & worst[:, :-2] & chosen[:, None]
    return found


def vital_signs(  # noqa: PLR0917  (what a vital sign depends on)
    block: Block, patients: Patients, clock: Floats, acute: Acute, bedside: Bedside, other_fever: Flags | None = None
) -> Floats:
    """The hourly vital signs, shape (courses, hours, VITALS), as a monitor shows them.

    Args:
        block: The block.
        patients: Its patients.
        clock: Local hour of the day of the infusion.
        acute: The acute course.
        bedside: How it shows.
        other_fever: Hours with a fever of another cause, which is charted as such.
    """
    n, width = acute.crs_grade.shape
    noise = block.stream("bedside/noise").standard_normal((len(VITALS), n, width), dtype=np.float32)
    day = time_of_day(clock, width)
    found = np.zeros((n, width, len(VITALS)), np.float32)
    fever = bedside.fever if other_fever is None else bedside.fever | other_fever
    tenths = _temperature(acute, fever, day, noise[0])
    warm = tenths * np.float32(0.1) - np.float32(36.8)
    child = np.clip(12 - patients.age_years, 0, 12).astype(np.float32)[:, None]
    faster, deeper = (np.float32(block.parameter(f"bedside.{what}_per_degree")) for what in ("heart_rate", "breaths"))
    found[:, :, 1] = 72 + 3 * child + faster * warm + 3 * day + 4 * noise[1]
    found[:, :, 2] = 14.5 + 0.8 * child + deeper * warm + 1.2 * noise[2]
    found[:, :, 5] = np.clip(97.2 + 0.9 * noise[5], 94, 100)
    found[:, :, 3] = _systolic(patients, day, noise[3], warm)
    _sick(found, patients, bedside, noise)
    found[:, :, 4] = 0.56 * found[:, :, 3] + 6 + 2.5 * noise[4]
    np.rint(found, out=found)
    exact = found.astype(np.float64)
    np.multiply(tenths, 0.1, out=exact[:, :, 0])
    np.round(exact[:, :, 0], 1, out=exact[:, :, 0])
    return exact


def observe_bedside(block: Block, patients: Patients, bedside: Bedside, until: Floats) -> tuple[Rows, Spans]:
    """Statements of hypotension, and fluids, vasopressors, oxygen and sedation as exposures.

    `until` is when observation ends, hours since infusion, NaN for courses that are never infused; intervals may reach
    beyond it (`assemble` cuts them), oxygen ends there.
    """
    pressure = runs_of(bedside.pressure)
    low = runs_of(bedside.pressure > 0)
    low = low.where(low.level.astype(bool))
    spans = [
        *_vasopressors(block, pressure, bedside),
        _fluids(patients, low),
        *_oxygen(block, runs_of(bedside.device_level), bedside, until),
    ]
    sedated = runs_of(bedside.sedated)
    sedated = sedated.where(sedated.level.astype(bool))
    spans.append(Spans.of("sedation", "propofol", sedated.course, sedated.start, sedated.stop))
    return Rows.join([_statements(low), _inspired(block, runs_of(bedside.breathing))]), Spans.join(spans)


def _temperature(acute: Acute, fever: Flags, day: Floats, noise: Floats) -> Floats:
    """Tenths of a degree: the curve of CRS while it lasts, at least 380 in a fever of another cause, at most 378 without."""
    usual = np.minimum(367.5 + 2.0 * day + 1.3 * noise, FEVER - 2)
    other = np.clip(388 + 1.5 * day + 3.5 * noise, FEVER, 412)
    own = np.where(acute.temperature > 0, acute.temperature, usual)
    found: Floats = np.rint(np.where(fever & (own < FEVER), other, own))
    return found


def _systolic(patients: Patients, day: Floats, noise: Floats, warm: Floats) -> Floats:
    floor = (low_systolic(patients.age_years) + 3).astype(np.float32)[:, None]
    usual = patients.baseline_bp.astype(np.float32)[:, None] + 3 * day + 6 * noise - 3 * np.maximum(warm - 1, 0)
    found: Floats = np.maximum(usual, floor)
    return found


def _sick(found: Floats, patients: Patients, bedside: Bedside, noise: Floats) -> None:
    """Overwrite the hours with hypotension and hypoxia, which are few."""
    course, hour = np.nonzero(bedside.pressure)
    level = bedside.pressure[course, hour]
    limit = low_systolic(patients.age_years)[course]
    found[course, hour, 3] = np.clip(limit - 2 - 2 * level + 5 * noise[3, course, hour], 45, limit + 8)
    found[course, hour, 1] += 8 * level
    course, hour = np.nonzero(bedside.breathing)
    level = bedside.breathing[course, hour]
    found[course, hour, 5] = np.clip(93 - 0.5 * level + 1.5 * noise[5, course, hour], 84, 98)
    found[course, hour, 2] += 3 * level


def _statements(low: Runs) -> Rows:
    """Hypotension stated every few hours while it lasts, and denied when it is over."""
    run, hour = every(low, _STATED_EVERY)
    yes = Rows.coded("hypotension", low.course[run], hour.astype(np.float64), "yes")
    no = Rows.coded("hypotension", low.course, low.stop.astype(np.float64), "no")
    return Rows.join([yes, no])


def _fluids(patients: Patients, low: Runs) -> Spans:
    """A bolus at the start of hypotension and as long as it lasts; none where it ends before the bolus would be forgotten."""
    run, hour = every(Runs(low.course, low.start, low.stop - _BOLUS_EVERY + 1, low.level), _BOLUS_EVERY)
    course = low.course[run]
    amount = np.minimum(_CHILD_BOLUS_ML_PER_KG * patients.weight_kg[course], _ADULT_BOLUS_ML)
    return Spans.of(
        "fluid_bolus",
        "crystalloid",
        course,
        hour,
        hour,
        amount=np.round(amount, -1),
        amount_unit="mL",
        reason="hypotension",
    )


def _vasopressors(block: Block, pressure: Runs, bedside: Bedside) -> list[Spans]:
    """Norepinephrine from level 2 on, epinephrine beside it at level 3, vasopressin beside them in some."""
    rates = block.stream("bedside/rates").random(block.n)
    span = block.parameter("bedside.norepinephrine_span")
    some = pressure.where(pressure.level >= 2)  # noqa: PLR2004
    more = pressure.where(pressure.level >= 3)  # noqa: PLR2004
    with_vasopressin = some.where(bedside.vasopressin[some.course])
    agents = {
        "norepinephrine": (some, 0.05 + span * rates[some.course] * (some.level - 1), "ug/kg/min"),
        "epinephrine": (more, 0.05 + 0.1 * rates[more.course], "ug/kg/min"),
        "vasopressin": (with_vasopressin, np.full(len(with_vasopressin.course), 0.03), "U/min"),
    }
    return [
        Spans.of(
            "vasopressor", agent, runs.course, runs.start, runs.stop,
            rate=np.round(rate, 2), rate_unit=unit, reason="hypotension",
        )
        for agent, (runs, rate, unit) in agents.items()
    ]  # fmt: skip


def _oxygen(block: Block, breathing: Runs, bedside: Bedside, until: Floats) -> list[Spans]:
    """Every hour has its device: room air from the day before the infusion to the end, interrupted by what was needed."""
    inside = breathing.start < np.nan_to_num(until[breathing.course], nan=-1.0)
    runs = breathing.where(inside)
    start = np.where(runs.start == 0, -24.0, runs.start)
    width = bedside.breathing.shape[1]
    stop = np.where(runs.stop == width, until[runs.course], np.minimum(runs.stop, until[runs.course]))
    flow = block.stream("bedside/flow").random(block.n)[runs.course]
    devices = ["room-air", "nasal-cannula", "high-flow-nasal-cannula", "bipap", "mechanical-ventilation"]
    agents: Words = np.array(devices, dtype=object)
    agent = agents[runs.level]
    agent[(runs.level == 2) & (bedside.device[runs.course] == 1)] = "non-rebreather-mask"  # noqa: PLR2004
    agent[(runs.level == 3) & bedside.ventilated[runs.course]] = "mechanical-ventilation"  # noqa: PLR2004
    rate = np.select(
        [agent == "nasal-cannula", agent == "high-flow-nasal-cannula", agent == "non-rebreather-mask"],
        [np.round(1 + 3 * flow), 30 + np.round(20 * flow), np.round(10 + 5 * flow)],
        np.nan,
    )
    reasons: Words = np.array([None, "hypoxia", "hypoxia", "hypoxia", "airway-protection"], dtype=object)
    parts = []
    for has_rate in (False, True):
        some = np.isnan(rate) != has_rate
        spans = Spans.of(
            "oxygen", agent[some], runs.course[some], start[some], stop[some],
            rate=rate[some], rate_unit="L/min" if has_rate else None, reason=reasons[runs.level[some]],
        )  # fmt: skip
        parts.append(spans)
    return parts


def _inspired(block: Block, breathing: Runs) -> Rows:
    """The fraction of inspired oxygen (%) that is set or estimated, at the start of every device and as long as it is used."""
    some = breathing.where(breathing.level > 0)
    run, hour = every(some, _STATED_EVERY)
    least, most = (np.array(block.setting.values(f"bedside.inspired_oxygen_{end}")) for end in ("least", "most"))
    place = block.stream("bedside/inspired").random(block.n)[some.course]
    level = some.level - 1
    fraction = np.round(least[level] + (most[level] - least[level]) * place)
    return Rows.numbers("fraction_inspired_oxygen", some.course[run], hour.astype(np.float64), fraction[run])
