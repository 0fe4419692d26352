"""What a rule set takes from a timeline: the closed list of input methods.

Place    Floor 1. Declared in rule files; carried out by both engines.
In       The `inputs:` section of a rule file.
Out      Frozen, validated input declarations.
Knows    Each method uses rows at or before the instant of the verdict only.
Missing  Each method says what it yields when rows are absent: a range of possible values, never a default.
Does not Hold clinical numbers of its own.

Values of an input at an instant
    number    a closed range [low, high]; a point when known, the whole plausible range when nothing is known
    category  a set of possible categories
    yes_no    true, false or unknown
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

LONGEST_DAYS: Final = 800
"""No time of an input is longer: the fast engine keeps so much room between the rows of two courses."""
Hours = Annotated[float, Field(gt=0, le=LONGEST_DAYS * 24)]
Reference = Literal["upper_limit", "lower_limit", "baseline"]


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    label: dict[str, str] | None = None


class _OfObservation(_Input):
    observation: str


class Baseline(BaseModel):
    """Which earlier value counts as baseline: the last usable one before an anchor, within a look-back."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    before: Literal["infusion", "lymphodepletion"] = "infusion"
    within_days: Annotated[float, Field(gt=0, le=LONGEST_DAYS)] = 30


class Latest(_OfObservation):
    """The last usable value, for as long as it holds.

    take: latest. Number, category or yes/no, after the type of the observation. `holds_hours` null means until replaced.
    With `relative_to` the value is divided by the reference limit that came with it, or by the baseline; without that
    limit or baseline it is unknown (`assumed_limit` names a limit to use instead; it is shown as an assumption). With `minus`
    the limit or baseline is taken off instead.
    A row that cannot be used (unit refused, value not plausible) ends what an earlier row said: the value is unknown from then.
    A value reported as "< x" or "> x" is a range. The holding time is half-open: [observed_at, observed_at + holds).
    For a stated fact, `says: no` asks for the denial instead, and `when_absent: no` takes an unstated fact as not stated, which
    the verdict names as an assumption; a judged grade that nobody recorded is then 0. `minus_per_year_of_age` takes that much
    off for every completed year of age, for limits that rise with age; unknown without a birth date. A row observed while
    something of a stream in `ends_with` runs (such as sedation) holds at most until that has ended: what was seen under
    sedation says nothing about the time after it. With `since_infusion` (stated facts only) a yes from before the infusion is as
    if nothing had been stated; a denial from before it holds.
    """

    take: Literal["latest"]
    holds_hours: Hours | None = None
    relative_to: Reference | None = None
    minus: Reference | None = None
    baseline: Baseline = Baseline()
    assumed_limit: float | None = None
    says: Literal["yes", "no"] = "yes"
    when_absent: Literal["unknown", "no"] = "unknown"
    minus_per_year_of_age: float | None = None
    ends_with: tuple[str, ...] = ()
    since_infusion: bool = False


class Extreme(_OfObservation):
    """The highest or lowest usable value observed in the last `within_hours`: (t - within, t].

    take: highest | lowest. Unknown when no row lies in the window. With `since_day`, rows before the start of that local
    relative day do not count. With `since_infusion`, a row before the infusion never shows that something was reached: it is
    passed over once the window holds a row at or after the infusion, and until then the range reaches from nothing up to what
    the earlier rows say (for the lowest: from there on), so that they can only rule out. A row taken while an exposure named in
    `except_during` ("stream/agent") ran does not count. `relative_to`, `minus` and `assumed_limit` as in `latest`.
    """

    take: Literal["highest", "lowest"]
    within_hours: Hours
    since_day: int | None = None
    since_infusion: bool = False
    except_during: tuple[Annotated[str, Field(pattern=r"^\w+/[\w-]+$")], ...] = ()
    relative_to: Reference | None = None
    minus: Reference | None = None
    baseline: Baseline = Baseline()
    assumed_limit: float | None = None


class BaselineValue(_OfObservation):
    """The baseline value itself; unknown before the anchor and when no row lies in the look-back.

    take: baseline. With `relative_to` it is divided by the reference limit that came with the baseline row. With `items`, which
    maps the kind of each item to its [lowest, highest] points, the baseline of a score may also be recorded as items: their last
    values in the look-back are added up, an item without one contributes its whole range, and a recorded total is used unless an
    item is newer.
    """

    take: Literal["baseline"]
    baseline: Baseline = Baseline()
    relative_to: Literal["upper_limit", "lower_limit"] | None = None
    items: dict[str, tuple[float, float]] = {}

    @model_validator(mode="after")
    def _sums_have_no_limits(self) -> BaselineValue:
        if self.items and self.relative_to is not None:
            msg = "a baseline of items has no relative_to"
            raise ValueError(msg)
        return self


class SteepestRise(_OfObservation):
    """The steepest rise per hour between two consecutive values at most `within_hours` apart, up to now.

    take: steepest_rise. Number per hour. Pairs closer than `apart_hours` are passed over. Pairs of which the later lies in
    (t - within, t] count. Unknown without such a pair. With `since_infusion`, pairs of which the later lies before the infusion
    can only rule out, as in `highest`.
    """

    take: Literal["steepest_rise"]
    within_hours: Hours
    apart_hours: Annotated[float, Field(ge=0)] = 0
    since_infusion: bool = False


class MeasuredSpan(_OfObservation):
    """Hours between the first and the last of an unbroken run of measurements that are all at or above a value.

    take: measured_span. `strict: true` asks for values above it. 0 while fewer than two measurements in a row qualify.
    A gap of more than `gap_hours` between two
    measurements breaks the run. Holds for `holds_hours` after the last measurement; unknown after that.
    """

    take: Literal["measured_span"]
    at_least: float
    strict: bool = False
    gap_hours: Hours
    holds_hours: Hours


class ItemSum(_Input):
    """A score as the sum of its items, or its recorded total.

    take: item_sum. `items` maps the kind of each item to its [lowest, highest] points; an item without a held value
    contributes that whole range. While a recorded total (`total`) holds, and is not older than the newest item, it is the value.
    """

    take: Literal["item_sum"]
    items: dict[str, tuple[float, float]]
    total: str
    holds_hours: Hours


class Readings(BaseModel):
    """Readings of a kind, and how long the last of them holds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    observation: str
    holds_hours: Hours


class AgentClause(BaseModel):
    """One agent of a stream, optionally only at certain rates."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    agent: str
    rate_above: float | None = None
    rate_at_least: float | None = None
    rate_unit: str | None = None

    @model_validator(mode="after")
    def _rates_have_units(self) -> AgentClause:
        if (self.rate_above is not None or self.rate_at_least is not None) and self.rate_unit is None:
            msg = "a rate needs rate_unit"
            raise ValueError(msg)
        return self


class _OfExposure(_Input):
    exposure: str
    agents: tuple[str | AgentClause, ...] | Literal["any"] = "any"
    except_agents: tuple[str, ...] = ()
    except_reasons: tuple[str, ...] = ()
    only_reasons: tuple[str, ...] | None = None
    unstated_reason: Literal["counts", "possible", "no"] = "counts"
    when_uncharted: Literal["unknown", "no"] = "unknown"


class Active(_OfExposure):
    """Whether one of the agents is running now.

    take: active. Yes/no. True when a matching exposure contains t; unknown when one may match (agent unspecified, rate or
    weight missing, reason unstated under `unstated_reason: possible`), or when none matches and the stream is not charted
    at t (`when_uncharted: no` takes absence as no, and the verdict says so). In an exclusive stream (one device at a time)
    a recorded exposure is the charting. Exposures whose reason is listed in `except_reasons` do not count; with
    `only_reasons` others do not count either. Where reasons are asked for, an unstated one counts, may count, or does not.
    A judgement counts at the time of the reading: one that `attributes` readings stays true after its end for as long as a
    reading taken while it ran is the last one and holds. It needs `when_uncharted: no`.
    """

    take: Literal["active"]
    attributes: Readings | None = None

    @model_validator(mode="after")
    def _absence_is_a_no(self) -> Active:
        if self.attributes is not None and self.when_uncharted != "no":
            msg = 'attributes needs when_uncharted: "no"'
            raise ValueError(msg)
        return self


class CountActive(_OfExposure):
    """How many different agents are running now.

    take: count_active. Number. Exposures that may match widen the range; uncharted time leaves the upper end open up to
    `at_most_agents`.
    """

    take: Literal["count_active"]
    at_most_agents: int = 10


class Given(_OfExposure):
    """Whether one of the agents was started in the last `within_hours`: t in [started_at, started_at + within).

    take: given. Yes/no, with the same rules for unknown as `active`. Uncharted time at any point of the window leaves it unknown.
    With `since_infusion`, what was started before the infusion does not count.
    """

    take: Literal["given"]
    within_hours: Hours
    since_infusion: bool = False


class RateSum(_OfExposure):
    """The weighted sum of the rates of all matching agents running now, such as a norepinephrine equivalent.

    take: rate_sum. Number. `weights` maps agent to [weight, unit of rate]. A matching agent whose rate is missing makes the
    upper end open.
    """

    take: Literal["rate_sum"]
    weights: dict[str, tuple[float, str]]
    at_most: float


class AgeYears(_Input):
    """Completed years at the local calendar day of t. take: age_years. Unknown without a birth date."""

    take: Literal["age_years"]


class RelativeDay(_Input):
    """Relative day at t (day 0 = local calendar day of the first infusion). take: relative_day. Unknown before the infusion."""

    take: Literal["relative_day"]


class CourseField(_Input):
    """A category of the course itself: product, indication or sex. take: course. Unknown when null."""

    take: Literal["course"]
    field: Literal["product", "indication", "sex"]
    categories: tuple[str, ...]


class Death(_Input):
    """Whether the patient has died of one of the causes at or before t.

    take: death. False while no death is recorded; unknown from a death without a stated cause; `causes` are compared with
    the detail of the milestone.
    """

    take: Literal["death"]
    causes: tuple[str, ...]


class _OfDays(_OfObservation):
    """Methods over calendar days: the lowest usable value of each local day from `from_day` to `to_day`, both inclusive.

    The day that contains t counts with what is known of it. Later days do not exist yet. Days end with the day of the last
    follow-up, and with the day of the first milestone listed in `stops_at`.

    Missing days are filled first: `linear` between the neighbouring days with a value, and with the nearest value at both ends;
    `neighbour_mean` with the mean of the previous and the next day with a value, and with the nearest at both ends. A block of
    missing days longer than `fill_at_most_days` stays missing; with `fill_ends: false` days before the first and after the last
    value stay missing too. Days after the last value are filled only once the series has ended (follow-up, stop, or window over):
    while it runs, tomorrow's value may still say otherwise. Days after `to_day` up to `reads_to_day` help to fill and to join
    and are never counted. Then every value, observed or filled, is rounded to a multiple of
    `round_to` (halves to even), when given.
    """

    from_day: int
    to_day: int
    stops_at: tuple[str, ...] = ()
    round_to: float | None = None
    fill: Literal["none", "linear", "neighbour_mean"] = "none"
    fill_at_most_days: int | None = None
    fill_ends: bool = True
    reads_to_day: int | None = None


class DayRun(_OfDays):
    """Days at or below a value: the longest joined run, or all of them together.

    take: day_run. Number of days. `method: longest` joins runs with at most `join_days` recovered days between them and counts
    the joined days; trailing recovered days never count. `method: cumulative` adds up the days of all runs, joined in the same
    way. A missing day is recovered in the low world and affected in the high world. `strict: true` compares with < instead of <=.
    While today has no value yet, it is missing like any other day, unless the last value is above `at_most` and not older than
    `today_holds_hours`: then today is recovered in both worlds until a value says otherwise.
    `count_trailing: true` reproduces a public helper that counts up to `join_days` recovered days at the end of the series.
    """

    take: Literal["day_run"]
    at_most: float
    strict: bool = False
    method: Literal["longest", "cumulative"]
    join_days: int = 0
    count_trailing: bool = False
    today_holds_hours: Hours | None = None


class UnrecoveredRun(_OfDays):
    """Whether a run at or below a value that began by `starts_by_day` reaches the last known day.

    take: unrecovered_run. Yes/no; runs are joined as in `day_run`. No while the follow-up goes on; decided when it has ended
    (end of follow-up, death or a milestone of `stops_at`) or `to_day` has passed.
    """

    take: Literal["unrecovered_run"]
    at_most: float
    strict: bool = False
    join_days: int = 0
    count_trailing: bool = False
    starts_by_day: int


class NthLowestDay(_OfDays):
    """The n-th lowest daily minimum of the window. take: nth_lowest_day. Number; unknown while fewer than n days have a value."""

    take: Literal["nth_lowest_day"]
    n: Annotated[int, Field(ge=1)]


class CountDays(_OfDays):
    """How many days of the window have a usable value. take: count_days. Number, always known."""

    take: Literal["count_days"]


Input = Annotated[
    Latest
    | Extreme
    | BaselineValue
    | SteepestRise
    | MeasuredSpan
    | ItemSum
    | Active
    | CountActive
    | Given
    | RateSum
    | AgeYears
    | RelativeDay
    | CourseField
    | Death
    | DayRun
    | UnrecoveredRun
    | NthLowestDay
    | CountDays,
    Field(discriminator="take"),
]
DayInput = DayRun | UnrecoveredRun | NthLowestDay | CountDays
ExposureInput = Active | CountActive | Given | RateSum
