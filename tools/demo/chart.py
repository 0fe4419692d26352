"""How a made-up hospital charts one course: irregular vital signs, laboratory rounds, a neuro form, a home diary.

A story sets what happens (`Chart.curve`, `Chart.lab`, `Chart.ice_from`, `Chart.drug`, ...); `Chart.write` samples it at the
times at which such a ward would look. Times are days from the local midnight that begins day 0, such as 4.25 for 06:00 on
day 4. Everything is scripted; small noise comes from named streams, and never crosses a clinical cut-off.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

import numpy as np

from demo.sites import LABS, SITES, Site
from vein2vein.numerics.streams import Streams

STREAMS = Streams(20260301)
WARD_ROUNDS = (6.0, 10.0, 14.0, 18.0, 22.0)
HOME_ROUNDS = (7.0, 13.5, 20.5)
FINDINGS = (
    "NX-SEIZURE", "NX-STATUS", "NX-PARESIS", "NX-OEDEMA-FOC", "NX-OEDEMA-DIFF", "NX-POSTURE", "NX-CN6", "NX-PAPILL",
    "NX-CUSHING",
)  # fmt: skip
NOISE = {"VS-TEMP": 0.1, "VS-SYS": 3.0, "VS-PULS": 4.0, "VS-SPO2": 0.4}
USUAL = {"VS-TEMP": 36.7, "VS-SYS": 124.0, "VS-PULS": 78.0, "VS-SPO2": 97.0}
Curve = Sequence[tuple[float, float]]
Row = dict[str, Any]


@dataclass
class Chart:
    """One course on its way to being charted.

    Args:
        case: Course id; it names the story.
        patient: Patient id.
        infused_on: Local date of day 0.
        site: Key of `demo.sites.SITES`.
        home_from: Day of discharge; the home diary begins then. The same as `until` when the patient stays.
        until: End of the follow-up.
    """

    case: str
    patient: str
    infused_on: date
    site: str = "north"
    home_from: float = 11.4
    until: float = 14.5
    diary_until: float = 30.5
    born_on: str = "1961-05-14"
    sex: str = "f"
    product: str = "made-up product A"
    indication: str = "large B-cell lymphoma (made up)"
    is_infused: bool = True
    is_child: bool = False
    curves: dict[str, Curve] = field(default_factory=dict)
    labs: dict[str, Curve] = field(default_factory=dict)
    ice: list[tuple[float, float | str]] = field(default_factory=lambda: [(-6.0, 10.0)])
    arousal: list[tuple[float, str]] = field(default_factory=lambda: [(-6.0, "awake")])
    devices: list[tuple[float, str | None, float | None]] = field(default_factory=lambda: [(-6.0, "room air", None)])
    found: dict[str, list[float]] = field(default_factory=dict)
    rows: dict[str, list[Row]] = field(
        default_factory=lambda: {
            name: [] for name in ("vitals", "labs", "neuro", "medication", "devices", "stays", "events")
        }
    )
    charts_devices: bool = True
    days_with_labs: Sequence[float] | None = None
    itemised: bool = False

    @property
    def place(self) -> Site:
        """The centre."""
        return SITES[self.site]

    def text(self, day: float) -> str:
        """Wall clock of the centre, without an offset, as such systems print it."""
        minutes = round(day * 24 * 60)
        return (datetime.combine(self.infused_on, time()) + timedelta(minutes=minutes)).strftime("%Y-%m-%d %H:%M")

    # What a story says

    def curve(self, code: str, *points: tuple[float, float]) -> None:
        """A vital sign on straight lines between (day, value), usual before the first and after the last."""
        self.curves[code] = points

    def fever(self, *spans: tuple[float, float, float]) -> None:
        """Fever in spans (from day, to day, height in degrees Celsius); the flanks are steep."""
        points: list[tuple[float, float]] = []
        for start, end, height in spans:
            points += [(start - 0.12, 36.8), (start, height), (end, height - 0.2), (end + 0.12, 36.9)]
        self.curve("VS-TEMP", *points)

    def lab(self, code: str, *points: tuple[float, float]) -> None:
        """A laboratory value on straight lines between (day, value); the first and last hold on outside."""
        self.labs[code] = points

    def ice_from(self, *steps: tuple[float, float | str]) -> None:
        """ICE (or CAPD) from a day on; a word is the reason why it was not done."""
        self.ice += steps

    def aroused_from(self, *steps: tuple[float, str]) -> None:
        """Level of consciousness from a day on, in the words of the form."""
        self.arousal += steps

    def oxygen(self, *steps: tuple[float, str | None, float | None]) -> None:
        """Device and flow from a day on; a device of None is charted as a flow alone."""
        self.devices += steps

    def finds(self, code: str, *days: float) -> None:
        """A finding of the neuro form that is positive on these days."""
        self.found[code] = list(days)

    def drug(  # noqa: PLR0913  (one row of a medication chart; every part has a name)
        self, name: str, start: float, end: float | None = None, *, dose: Any = None, unit: str = "", reason: str = "",
        rate: Any = None, rate_unit: str = "",
    ) -> None:  # fmt: skip
        """A drug given once, or from start to end."""
        stop = start if end is None else end
        self.rows["medication"].append(
            {"drug": name, "dose": dose, "dose_unit": unit, "rate": rate, "rate_unit": rate_unit, "start": self.text(start),
             "stop": self.text(stop), "reason": reason}
        )  # fmt: skip

    def device(self, name: str, start: float, end: float, *, flow: float | None = None, reason: str = "") -> None:
        """A device with the reason why it was used."""
        self.rows["devices"].append(
            {"device": name, "flow": flow, "flow_unit": "L/min" if flow else "", "start": self.text(start),
             "stop": self.text(end), "reason": reason}
        )  # fmt: skip

    def event(self, name: str, day: float, cause: str = "") -> None:
        """A milestone."""
        self.rows["events"].append({"event": name, "time": self.text(day), "cause": cause})

    def vital(
        self, code: str, day: float, value: Any, unit: str | None = None, *, entered: float | None = None
    ) -> None:
        """One row of the vital signs exactly as given."""
        self.rows["vitals"].append(
            {"code": code, "value": value, "unit": self.place.unit_of(code) if unit is None else unit,
             "charted_at": self.text(day), "entered_at": "" if entered is None else self.text(entered)}
        )  # fmt: skip

    def result(
        self, code: str, day: float, value: Any, unit: str | None = None, *, limits: tuple[Any, Any] = ("", "")
    ) -> None:
        """One row of the laboratory exactly as given."""
        self.rows["labs"].append(
            {"code": code, "value": value, "unit": self.place.unit_of(code) if unit is None else unit, "ref_low": limits[0],
             "ref_high": limits[1], "collected_at": self.text(day), "reported_at": self.text(day + 0.07)}
        )  # fmt: skip

    def form(self, code: str, day: float, value: Any) -> None:
        """One row of the neuro form or of a statement of the ward round."""
        self.rows["neuro"].append({"item": code, "value": value, "time": self.text(day)})

    # How the ward charts it

    def write(self) -> None:
        """Sample the story at the times at which the ward, the laboratory and the diary look."""
        self._stay()
        for code in ("VS-TEMP", "VS-SYS", "VS-PULS", "VS-SPO2"):
            self._vital(code)
        if self.charts_devices:
            self._devices()
        self._neuro()
        self._labs()

    def _stay(self) -> None:
        self.rows["stays"].append(
            {"place": "ward", "from": self.text(-5.6), "to": self.text(min(self.home_from, self.until))}
        )
        if self.home_from < self.until:
            self.rows["stays"].append({"place": "home", "from": self.text(self.home_from), "to": self.text(self.until)})
            self.event("discharged", self.home_from)

    def _rounds(self, name: str) -> list[float]:
        """Times of vital signs: five rounds by day, at night now and then; three a day at home."""
        draw = STREAMS[f"{self.case}/{name}"]
        days = range(-5, int(self.until) + 1)
        inside = [d + h / 24 + draw.normal(0, 0.25) / 24 for d in days for h in WARD_ROUNDS]
        nights = [d + (2.0 + draw.normal(0, 0.5)) / 24 for d in days if draw.random() < 0.35]  # noqa: PLR2004
        home = [d + h / 24 + draw.normal(0, 0.2) / 24 for d in days for h in HOME_ROUNDS]
        found = [t for t in (*inside, *nights) if t < self.home_from] + [t for t in home if t >= self.home_from]
        return sorted(t for t in found if t < min(self.until, self.diary_until))

    def _vital(self, code: str) -> None:
        draw = STREAMS[f"{self.case}/{code}"]
        for day in self._rounds("rounds"):
            if code != "VS-TEMP" and day >= self.home_from:
                continue
            points = self.curves.get(code, ())
            value = _between(points, day, USUAL[code]) + float(
                np.clip(draw.normal(0, NOISE[code]), -2.5 * NOISE[code], 2.5 * NOISE[code])
            )
            if code == "VS-SPO2":
                value = min(value, 100.0)
            shown = self.place.vital(code, value)
            self.vital(code, day + draw.integers(0, 4) / 1440, shown)

    def _devices(self) -> None:
        for day in self._rounds("rounds"):
            if day >= self.home_from:
                continue
            device, flow = _last(self.devices, day)
            if device is not None:
                self.vital("VS-O2DEV", day, device, "")
            if flow is not None:
                self.vital("VS-O2FLOW", day, f"{flow:g}", "L/min")

    def _neuro(self) -> None:
        draw = STREAMS[f"{self.case}/neuro"]
        code = "NX-CAPD" if self.is_child else "NX-ICE"
        last = min(self.until, self.diary_until)
        rounds = [(day, hour) for day in range(-5, int(last) + 1) for hour in (7.5, 15.0, 22.0)]
        for day, hour in rounds:
            at = day + hour / 24 + draw.normal(0, 0.2) / 24
            if at >= last:
                continue
            (tested,) = _last(self.ice, at)
            (level,) = _last(self.arousal, at)
            if isinstance(tested, str):
                self.form(f"{code}-NOT-DONE", at, tested)
            elif self.itemised:
                self._items(at, int(tested))
            else:
                self.form(code, at, f"{tested:g}")
            self.form("NX-AROUSAL", at, level)
            if hour != 15.0:  # noqa: PLR2004  (the whole form in the morning and at night)
                for finding in FINDINGS:
                    self.form(finding, at, "yes" if self._is_found(finding, at) else "no")

    def _is_found(self, finding: str, day: float) -> bool:
        """Whether the finding was there after this look and before the next."""
        return any(day <= found < day + 0.6 for found in self.found.get(finding, ()))

    def _items(self, day: float, total: int) -> None:
        """The five items of the ICE; points are lost first in attention, then writing, then naming."""
        lost = 10 - total
        for code, most in (
            ("NX-ICE-ATT", 1),
            ("NX-ICE-WRI", 1),
            ("NX-ICE-NAM", 3),
            ("NX-ICE-COM", 1),
            ("NX-ICE-ORI", 4),
        ):
            taken = min(lost, most)
            lost -= taken
            self.form(code, day, most - taken)

    def _labs(self) -> None:
        days = self.days_with_labs or [*range(-5, 15), *range(16, 31, 2), *range(35, 101, 7)]
        draw = STREAMS[f"{self.case}/laboratory"]
        for day in days:
            at = day + (6.5 if day < self.home_from else 10.0) / 24 + draw.normal(0, 0.3) / 24
            if at >= self.until:
                continue
            for code, lab in LABS.items():
                if lab.every > 1 and round(day) % lab.every and code not in self.labs:
                    continue
                if lab.until is not None and day > lab.until:
                    continue
                points = self.labs.get(code, self.place.usual_of(code))
                value = _between(points, at, None) * (1 + float(np.clip(draw.normal(0, 0.02), -0.04, 0.04)))
                shown, limits = self.place.lab(code, value)
                self.result(code, at, shown, limits=limits)


def _between(points: Curve, day: float, outside: float | None) -> float:
    """The value on straight lines; `outside` before the first and after the last point, or these when it is None."""
    if not points:
        return 0.0 if outside is None else outside
    if outside is not None and not points[0][0] <= day <= points[-1][0]:
        return outside
    return float(np.interp(day, [p[0] for p in points], [p[1] for p in points]))


def _last(steps: Sequence[tuple[Any, ...]], day: float) -> tuple[Any, ...]:
    """What the last step at or before the day says."""
    return [step[1:] for step in sorted(steps, key=lambda s: s[0]) if step[0] <= day][-1]
