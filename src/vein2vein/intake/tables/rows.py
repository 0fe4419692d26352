"""Turn a batch of one file into canonical rows, with the words of the mapping file put into the words of the code files.

Place    Floor 3, tables adapter.
In       Batches of `files`, their `layout`, the mapping file.
Out      `Piece`: canonical rows of one table, refused rows, charted points.
Does not Look beyond the batch.
Checked  tests/acceptance/intake/test_tables.py
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Final

import polars as pl

from vein2vein.errors import Fault
from vein2vein.intake import canonical, checks, times, words
from vein2vein.intake import lesions as imaging
from vein2vein.intake.book import REFUSED, FaultBook, refusals
from vein2vein.intake.given import lose
from vein2vein.intake.local import ASK, IGNORE, IGNORED, UNANSWERED, respelled, set_aside, with_units, with_values
from vein2vein.intake.tables.layout import Layout
from vein2vein.intake.tables.mapping import Mapping
from vein2vein.intake.words import plain
from vein2vein.knowledge import codes

_TIMES: Final = {
    "patients": (),
    "courses": ("infused_at", "followed_until"),
    "observations": ("observed_at", "recorded_at"),
    "exposures": ("started_at", "ended_at", "recorded_at"),
    "milestones": ("at",),
    "lesions": ("observed_at", "recorded_at"),
}
_SEXES: Final = {
    "female": ("female", "f", "w", "weiblich", "woman", "femme", "女"),
    "male": ("male", "m", "männlich", "man", "homme", "男"),
    "other": ("other", "o", "d", "divers", "diverse"),
    "unknown": ("unknown", "u", "unk"),
}


@dataclass
class Piece:
    """What came of one batch."""

    rows: pl.DataFrame
    refused: pl.DataFrame
    points: dict[str, pl.DataFrame] = field(default_factory=dict)


@dataclass(frozen=True)
class Context:
    """What every batch of a delivery is read with.

    Attributes:
        mapping: The mapping file.
        book: Faults.
        courses: course_id, patient_id and zone of all courses known so far; none when rows name their own.
    """

    mapping: Mapping
    book: FaultBook
    courses: pl.DataFrame | None = None


def translate(batch: pl.DataFrame, name: str, *, layout: Layout, context: Context) -> Piece:
    """Canonical rows of one batch."""
    chosen = {ours: theirs.strip().lstrip("\ufeff") for ours, theirs in layout.columns.items()}
    frame = batch.select(pl.lit(name).alias("file"), "row", *(pl.col(t).alias(o) for o, t in chosen.items()))
    frame = times.known_zones(_as_text(frame), context.book)
    return _TRANSLATORS[layout.table](frame, layout, context)


def _as_text(frame: pl.DataFrame) -> pl.DataFrame:
    """Identifiers, kinds and words as text without blanks at their ends; empty cells as nothing."""
    ours = [name for name in frame.columns if name in _TEXTS]
    stripped = [pl.col(name).cast(pl.String).str.strip_chars() for name in ours]
    return frame.with_columns(
        pl.when(column != "").then(column).alias(name) for name, column in zip(ours, stripped, strict=True)
    )


_TEXTS: Final = {
    "course_id", "patient_id", "kind", "agent", "unit", "code", "comparator", "rate_unit", "amount_unit", "reason",
    "detail", "sex", "product", "indication", "centre_id", "zone", "lesion", "site", "role", "seen", "method", "unequivocal",
}  # fmt: skip


def _placed(frame: pl.DataFrame, table: str, context: Context) -> pl.DataFrame:
    """Times as instants, in the zone of the course, else of the mapping file."""
    zone: pl.Expr = pl.lit(context.mapping.zone, dtype=pl.String)
    if "zone" in frame.columns:
        zone = pl.coalesce(pl.col("zone"), zone)
    elif context.courses is not None and table != "courses" and "course_id" in frame.columns:
        zones = context.courses.select("course_id", pl.col("zone").alias("_course_zone"))
        frame = frame.join(zones, on="course_id", how="left", maintain_order="left")
        zone = pl.coalesce(pl.col("_course_zone"), zone)
    policy = context.mapping.times.policy()
    for column in _TIMES[table]:
        frame = times.place(frame, column, zone=zone, policy=policy)
        times.note_times(frame, column, context.book)
    return frame.drop("_course_zone", strict=False)


def patients(frame: pl.DataFrame, _: Layout, context: Context) -> Piece:
    """Patients with birth dates and one of four words for the sex."""
    if "born_on" in frame.columns:
        frame = times.birth_dates(frame, "born_on")
        times.note_times(frame, "born_on", context.book)
    if "sex" in frame.columns:
        known = {word: sex for sex, listed in _SEXES.items() for word in listed}
        sex = pl.col("sex").str.to_lowercase().replace_strict(known, default=None)
        strange = frame.filter(pl.col("sex").is_not_null() & sex.is_null()).select("file", "row", "sex")
        context.book.note_rows(strange, ["sex"], _strange_sex)
        frame = frame.with_columns(sex.alias("sex"))
    return Piece(
        frame.select(c for c in ("file", "row", "patient_id", "born_on", "sex") if c in frame.columns), _none()
    )


def courses(frame: pl.DataFrame, _: Layout, context: Context) -> Piece:
    """Courses; one without its own identifier has that of its patient, one without a patient that of the course."""
    frame = _placed(frame, "courses", context)
    for ours, other in (("course_id", "patient_id"), ("patient_id", "course_id")):
        if ours not in frame.columns:
            frame = frame.with_columns(pl.col(other).alias(ours))
    zone = pl.lit(context.mapping.zone, dtype=pl.String)
    frame = frame.with_columns((pl.coalesce("zone", zone) if "zone" in frame.columns else zone).alias("zone"))
    wanted = ("file", "row", "course_id", "patient_id", "product", "indication", "centre_id", "zone", "infused_at")
    return Piece(frame.select(c for c in (*wanted, "followed_until") if c in frame.columns), _none())


def observations(frame: pl.DataFrame, layout: Layout, context: Context) -> Piece:
    """Observations, and the charted points of devices."""
    frame, lost = _with_course(frame, context)
    frame = _placed(frame, "observations", context)
    if "kind" not in frame.columns:
        frame = frame.with_columns(pl.lit(layout.kind).alias("kind"))
    targets = _targets(frame["kind"].unique().to_list(), context.mapping)
    _lose_strays(frame, targets, context)
    frame, refused = _resolved(frame, targets, "observations", context.book)
    frame, unplaced = _unplaced_points(frame, context.book)
    points, frame = _points(frame, context.mapping)
    if "unit" not in frame.columns:
        frame = frame.with_columns(pl.lit(layout.unit, dtype=pl.String).alias("unit"))
    frame = with_units(frame, context.mapping.units)
    frame = with_values(frame, context.mapping.values)
    found = canonical.observations(frame, context.book, decimal=context.mapping.decimal)
    return Piece(found.rows, pl.concat([lost, refused, unplaced, found.refused]), points)


def exposures(frame: pl.DataFrame, layout: Layout, context: Context) -> Piece:
    """Exposures; a drug or device alone says its stream when only one stream has it."""
    for column, constant in (("kind", layout.kind), ("agent", None)):
        if column not in frame.columns:
            frame = frame.with_columns(pl.lit(constant, dtype=pl.String).alias(column))
    whole = frame
    frame, lost = _with_course(frame, context)
    _lose_unassigned(whole, lost, context)
    frame = _understood(_placed(frame, "exposures", context), context.mapping)
    frame, refused = _settle(frame, "exposures", context.book)
    if "reason" in frame.columns:
        frame = frame.with_columns(pl.col("reason").replace(context.mapping.reasons))
    frame = respelled(frame, ("amount_unit", "rate_unit"), context.mapping.units)
    done = canonical.exposures(frame, context.book, decimal=context.mapping.decimal)
    return Piece(done.rows, pl.concat([lost, refused, done.refused]))


def _understood(frame: pl.DataFrame, mapping: Mapping) -> pl.DataFrame:
    """Add target (the stream) and local (what was sent); agent becomes the id of the agent."""
    pairs = frame.select("kind", "agent").unique().rows()
    found = [(kind, agent, *understood_exposure(kind, agent, mapping)) for kind, agent in pairs]
    schema = dict.fromkeys(("kind", "agent", "target", "agent_target"), pl.String)
    table = pl.DataFrame(found, schema=schema, orient="row")
    frame = frame.join(table, on=["kind", "agent"], how="left", nulls_equal=True, maintain_order="left")
    return frame.with_columns(pl.coalesce("agent", "kind").alias("local"), pl.col("agent_target").alias("agent"))


def _lose_unassigned(frame: pl.DataFrame, refused: pl.DataFrame, context: Context) -> None:
    """Exposures of a patient with several courses may be of each of them; their times need no fault of their own."""
    several = refused.filter(pl.col("reason") == "INTAKE-036")
    if several.height:
        here = frame.join(several, on=["file", "row"], how="semi", maintain_order="left")
        silent = replace(context, book=FaultBook())
        read = _understood(_placed(here, "exposures", silent), context.mapping)
        wanted = read.filter(pl.col("target").fill_null("") != IGNORE)
        lose(wanted.with_columns(pl.col("target").alias("kind"), pl.col("local").alias("agent")), context.book)


def milestones(frame: pl.DataFrame, layout: Layout, context: Context) -> Piece:
    """Milestones."""
    frame, lost = _with_course(frame, context)
    frame = _placed(frame, "milestones", context)
    if "kind" not in frame.columns:
        frame = frame.with_columns(pl.lit(layout.kind).alias("kind"))
    declared = context.mapping.codes.milestones
    known = words.milestones()
    targets = {code: declared.get(code) or known.get(plain(code)) for code in frame["kind"].drop_nulls().unique()}
    frame, refused = _resolved(frame, targets, "milestones", context.book)
    if "detail" in frame.columns:
        frame = frame.with_columns(pl.col("detail").replace(context.mapping.details))
    done = canonical.milestones(frame, context.book)
    return Piece(done.rows, pl.concat([lost, refused, done.refused]))


def lesions(frame: pl.DataFrame, layout: Layout, context: Context) -> Piece:
    """Lesions of scans; words of the mapping file by column (values: site, role, seen, method)."""
    frame, lost = _with_course(frame, context)
    frame = _placed(frame, "lesions", context)
    if "unit" not in frame.columns:
        frame = frame.with_columns(pl.lit(layout.unit, dtype=pl.String).alias("unit"))
    for column in imaging.WORDS:
        answers = {word: answer for word, answer in context.mapping.values.get(column, {}).items() if answer != ASK}
        if answers and column in frame.columns:
            frame = frame.with_columns(pl.col(column).replace(answers))
    done = imaging.lesions(
        respelled(frame, ("unit",), context.mapping.units), context.book, decimal=context.mapping.decimal
    )
    return Piece(done.rows, pl.concat([lost, done.refused]))


_TRANSLATORS: Final[dict[str, Callable[[pl.DataFrame, Layout, Context], Piece]]] = {
    "patients": patients,
    "courses": courses,
    "observations": observations,
    "exposures": exposures,
    "milestones": milestones,
    "lesions": lesions,
}


def _none() -> pl.DataFrame:
    return pl.DataFrame(schema=REFUSED)


def _with_course(frame: pl.DataFrame, context: Context) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows with their course: their own, else the only one of their patient, else (no table of courses) the patient."""
    if "patient_id" not in frame.columns:
        return frame, _none()
    if context.courses is None:
        own = pl.col("course_id") if "course_id" in frame.columns else pl.lit(None, dtype=pl.String)
        return frame.with_columns(pl.coalesce(own, pl.col("patient_id")).alias("course_id")), _none()
    return checks.assign_courses(frame, context.courses, context.book)


def _targets(local: list[str | None], mapping: Mapping) -> dict[str, str | None]:
    """Local code -> kind of observation, ignore, ASK, a charted stream, or None."""
    charted = {
        code: f"{_CHARTED}{stream}/{part}"
        for stream, charting in mapping.charting.items()
        for part in ("device", "flow")
        for code in getattr(charting, part)
    }
    known = words.kinds()
    declared = mapping.codes.observations
    return {
        code: charted.get(code) or declared.get(code) or known.get(plain(code)) for code in local if code is not None
    }


def _lose_strays(frame: pl.DataFrame, targets: dict[str, str | None], context: Context) -> None:
    """Observations whose code is no kind but the name of a drug or device: it may have run from then on."""
    open_ = [code for code, target in targets.items() if target is None or target == ASK]
    found = {code: understood_exposure(code, code, context.mapping)[0] for code in open_}
    streams = {code: stream for code, stream in found.items() if stream in codes.streams()}
    if streams:
        stray = frame.filter(pl.col("kind").is_in(list(streams)))
        stream = pl.col("kind").replace_strict(streams, return_dtype=pl.String).alias("kind")
        context.book.lose(stray.select("course_id", stream, pl.col("observed_at").alias("started_at")))


_CHARTED: Final = "charted:"


def _resolved(
    frame: pl.DataFrame, targets: dict[str, str | None], table: str, book: FaultBook
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows with their kind; rows of ignored, unanswered and unknown codes are refused."""
    listed = pl.DataFrame(list(targets.items()), schema={"kind": pl.String, "target": pl.String}, orient="row")
    frame = frame.join(listed, on="kind", how="left", maintain_order="left").with_columns(pl.col("kind").alias("local"))
    return _settle(frame, table, book)


def _settle(frame: pl.DataFrame, table: str, book: FaultBook) -> tuple[pl.DataFrame, pl.DataFrame]:
    reason = (
        pl.when(pl.col("local").is_null())
        .then(None)
        .when(pl.col("target").is_null())
        .then(pl.lit("INTAKE-021"))
        .when(pl.col("target") == IGNORE)
        .then(pl.lit(IGNORED))
        .when(pl.col("target") == ASK)
        .then(pl.lit(UNANSWERED))
    )
    frame = frame.with_columns(reason.alias("reason_id"))
    lost = frame.filter(pl.col("reason_id").is_not_null())
    if lost.height:
        if table == "exposures":
            open_ = lost.filter(pl.col("reason_id") != IGNORED)
            lose(open_.with_columns(pl.lit(None, dtype=pl.String).alias("kind"), pl.col("local").alias("agent")), book)
        sight = lost.select("file", "row", "reason_id", "local")
        book.note_rows(sight, ["reason_id", "local"], lambda g: _lost(g["reason_id"], g["local"], table))
    kept = frame.filter(pl.col("reason_id").is_null()).with_columns(pl.col("target").alias("kind"))
    gone = refusals(lost, pl.col("reason_id"))
    return kept.drop("target", "local", "reason_id"), gone


def _lost(id: str, local: str, table: str) -> Fault:
    if id == "INTAKE-021":
        known: dict[str, Any] = {"observations": words.kinds(), "milestones": words.milestones()}.get(table, {})
        near = {known[word] for word in codes.nearest(plain(local), known, likeness=0.6)} if known else set()
        hint = f"; nearest: {', '.join(sorted(near))}" if near else ""
        expected = f"a code that the mapping file or the code files know{hint}"
        return Fault(id, f"code {local!r} in {table}", expected, _MAP_IT, "the rows are refused")
    return set_aside(IGNORE if id == IGNORED else ASK, local, table)


_MAP_IT: Final = "map the code, or set it to ignore, under codes in the mapping file"


def _unplaced_points(frame: pl.DataFrame, book: FaultBook) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Charted points without a course or an instant are refused; their times are already named."""
    placed = pl.col("observed_at").is_not_null() & pl.col("observed_at_reason").is_null()
    is_lost = _is_charted() & ~(placed & pl.col("course_id").is_not_null())
    reason = pl.coalesce("observed_at_reason", pl.lit("INTAKE-032"))
    gone = frame.filter(is_lost)
    book.lose(gone.select("course_id", pl.col("kind").str.strip_prefix(_CHARTED).str.split("/").list.first()))
    lost = refusals(gone, reason)
    book.note_rows(lost.filter(pl.col("reason") == "INTAKE-032"), [], lambda _: _NOWHERE)
    return frame.filter(~is_lost), lost


_NOWHERE: Final = Fault(
    "INTAKE-032",
    saw="charted devices or flows without a course or a time",
    expected="a course and a time in every row",
    fix="fill the cells",
    effect="the rows are refused",
)


def _is_charted() -> pl.Expr:
    return pl.col("kind").str.starts_with(_CHARTED).fill_null(value=False)


def _points(frame: pl.DataFrame, mapping: Mapping) -> tuple[dict[str, pl.DataFrame], pl.DataFrame]:
    """Charted points by stream, and the remaining rows."""
    found: dict[str, pl.DataFrame] = {}
    text = pl.col("value").cast(pl.String) if "value" in frame.columns else pl.lit(None, dtype=pl.String)
    spoken = pl.coalesce(pl.col("code"), text) if "code" in frame.columns else text
    unit = pl.col("unit") if "unit" in frame.columns else pl.lit(None, dtype=pl.String)
    for stream in mapping.charting:
        is_device = pl.col("kind") == f"{_CHARTED}{stream}/device"
        found[stream] = frame.filter(pl.col("kind").str.starts_with(f"{_CHARTED}{stream}/")).select(
            "file", "row", "course_id", pl.col("observed_at").alias("at"),
            pl.when(is_device).then(spoken.replace(mapping.agents)).alias("agent"),
            pl.when(~is_device).then(text).alias("rate"),
            pl.when(~is_device).then(unit.replace(mapping.units.spellings)).alias("rate_unit"),
            "recorded_at",
        )  # fmt: skip
    return found, frame.filter(~_is_charted())


def understood_exposure(kind: str | None, agent: str | None, mapping: Mapping) -> tuple[str | None, str | None]:
    """Stream and agent of what a row says, or ignore, ASK, None."""
    for word in (agent, kind):
        declared = mapping.codes.exposures.get(word) if word is not None else None
        if declared is not None:
            stream, _, named = declared.partition("/")
            return stream, named or (_agent(agent, mapping) if word != agent else None)
    stream_found = words.streams().get(plain(kind)) if kind is not None else None
    if stream_found is not None:
        return stream_found, _agent(agent, mapping)
    found = words.any_agent().get(plain(_agent(agent, mapping) or ""))
    return found if found is not None else (None, agent)


def _agent(agent: str | None, mapping: Mapping) -> str | None:
    return mapping.agents.get(agent, agent) if agent is not None else None


def _strange_sex(group: Any) -> Fault:
    return Fault(
        "INTAKE-046",
        saw=f"{group['sex']!r} as sex",
        expected="female, male, other or unknown",
        fix="send one of these words",
        effect="the patients are used without a sex",
    )
