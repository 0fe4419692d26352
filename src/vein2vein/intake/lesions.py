"""Turn raw lesions of imaging into rows of the table of lesions, and check them against each other.

Place    Floor 3. Called by the tables adapter and by `checks`.
In       Frames with the columns of `RAW_LESIONS`; absent ones are empty.
Out      `Canonical`; every row given comes out exactly once, as a row or as a refused one.
Knows    A date alone stands near the end of its local day: a scan is not known before it was made. Diameters are kept in mm.
Missing  A row that cannot be placed is refused. A row whose words or diameters cannot be used stays as not assessable with what
         was sent: a lesion that was looked at and of which nothing can be said is no lesion that is gone.
Does not Choose targets, judge growth or mend a unit.
Checked  tests/unit/intake/test_lesions.py
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import Any, Final

import polars as pl

from vein2vein.basis.units import conversion
from vein2vein.errors import Fault
from vein2vein.intake import words
from vein2vein.intake.book import PLACE, FaultBook, refusals
from vein2vein.intake.facts import belonging, within_follow_up, within_life, without_copies
from vein2vein.intake.given import late_in_its_day
from vein2vein.intake.numbers import DecimalSign, read_numbers
from vein2vein.intake.placing import Canonical, complete, source
from vein2vein.intake.times import DATE_ONLY
from vein2vein.intake.words import plain
from vein2vein.knowledge.documents.response import Response
from vein2vein.knowledge.library import default_library
from vein2vein.knowledge.spellings import ucum_of
from vein2vein.record import tables

RAW_LESIONS: Final[Mapping[str, Any]] = {
    "file": pl.String,
    "row": pl.Int64,
    "course_id": pl.String,
    "lesion": pl.String,
    "site": pl.String,
    "role": pl.String,
    "seen": pl.String,
    "long": None,  # in the unit of the row
    "short": None,
    "unit": pl.String,
    "long_mm": None,  # in mm, whatever the unit of the row
    "short_mm": None,
    "unequivocal": pl.String,
    "method": pl.String,
    "observed_at": tables.Instant,  # from times.place, with observed_at_reason
    "recorded_at": tables.Instant,
}
WORDS: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "site": {
        "node": ("node", "nodal", "lymph node", "lymph-node", "ln", "nodal mass", "淋巴结", "结内"),
        "extranodal": ("extranodal", "extra-nodal", "extralymphatic", "organ", "结外"),
        "plasmacytoma": ("plasmacytoma", "soft-tissue plasmacytoma", "soft tissue plasmacytoma", "浆细胞瘤"),
        "bone": ("bone", "bone lesion", "osteolysis", "骨", "骨病灶"),
    },
    "role": {
        "target": ("target", "index", "measured", "靶病灶"),
        "non-target": ("non-target", "nontarget", "non target", "non-measured", "非靶病灶"),
        "new": ("new", "new lesion", "新发", "新病灶"),
    },
    "seen": {
        "measured": ("measured", "present", "可测"),
        "too-small": ("too-small", "too small", "too small to measure", "tstm", "过小"),
        "gone": ("gone", "absent", "resolved", "not visible", "disappeared", "消失"),
    },
    "method": {
        "ct": ("ct", "cect", "computed tomography"),
        "pet-ct": ("pet-ct", "pet/ct", "petct", "pet", "fdg-pet", "fdg-pet/ct"),
        "mri": ("mri", "mr", "magnetic resonance", "磁共振"),
        "ultrasound": ("ultrasound", "us", "sonography", "超声"),
        "examination": ("examination", "physical examination", "palpation", "体检"),
    },
}
LONGEST_MM: Final = 600.0
_CONTENT: Final = ("site", "role", "seen", "long_mm", "short_mm", "unequivocal", "method")
_KEY: Final = ("course_id", "lesion", "observed_at")
_KEPT: Final = "the rows are kept as not assessable; nothing is computed from them"


def lesions(raw: pl.DataFrame, book: FaultBook, *, decimal: DecimalSign = "auto") -> Canonical:
    """Lesions with known words and diameters in mm.

    Args:
        raw: Columns of `RAW_LESIONS`; ``observed_at_reason`` of `times.place` is respected.
        book: Faults are entered here.
        decimal: What a comma in a number means; see `numbers`.
    """
    frame, refused = _placed(complete(raw, RAW_LESIONS), book)
    for column in WORDS:
        frame = _worded(frame, column)
    frame = frame.with_columns(_yes_no("unequivocal"))
    for name in ("long", "short"):
        frame = _in_mm(frame, name, decimal=decimal)
    # Two diameters say that it was measured, where no word does.
    seen = pl.when(pl.col("seen_out").is_null() & pl.col("long_out").is_not_null()).then(pl.lit("measured"))
    frame = frame.with_columns(pl.coalesce("seen_out", seen).alias("seen_out"))
    frame = _troubled(frame)
    for id, (by, describe) in _FAULTS.items():
        here = frame.filter(pl.col("trouble") == id)
        book.note_rows(here.select(*PLACE, *_SENT), by, partial(describe, id))
    strange = frame.filter(pl.col("method_strange")).select(*PLACE, "method")
    book.note_rows(strange, ["method"], _strange_method)
    return Canonical(_rows(frame), refused)


_SENT: Final = ("lesion", "site", "role", "seen", "long_sent", "short_sent", "unit", "why")


def _placed(frame: pl.DataFrame, book: FaultBook) -> tuple[pl.DataFrame, pl.DataFrame]:
    sent = pl.col("observed_at_reason") if "observed_at_reason" in frame.columns else pl.lit(None, dtype=pl.String)
    lacking = {"course": pl.col("course_id"), "lesion": pl.col("lesion"), "time": pl.coalesce("observed_at", sent)}
    is_lacking = pl.any_horizontal(*(column.is_null() for column in lacking.values()))
    reason = pl.when(is_lacking).then(pl.lit("INTAKE-032")).when(pl.col("observed_at").is_null()).then(sent)
    frame = frame.with_columns(reason.alias("refusal"), sent.alias("held"))
    gone = frame.filter(pl.col("refusal").is_not_null())
    for name, column in lacking.items():
        book.note_rows(gone.filter(column.is_null()).select(*PLACE), [], partial(_lacking, name))
    kept = frame.filter(pl.col("refusal").is_null())
    kept = kept.with_columns(late_in_its_day("observed_at", "held").alias("observed_at"))
    if "recorded_at_reason" in kept.columns:
        kept = kept.with_columns(late_in_its_day("recorded_at", "recorded_at_reason").alias("recorded_at"))
    odd = kept.filter(pl.col("held").is_not_null() & (pl.col("held") != DATE_ONLY))
    refused = pl.concat([refusals(gone, pl.col("refusal")), refusals(odd, pl.col("held"))])
    return kept.join(odd.select(*PLACE), on=list(PLACE), how="anti", maintain_order="left"), refused


def _lacking(what: str, _: Mapping[str, Any]) -> Fault:
    return Fault(
        "INTAKE-032",
        saw=f"rows of lesions without {what}",
        expected="a course, the name of a lesion and a time in every row",
        fix="fill the cells, or name the column that holds them in the mapping file",
        effect="the rows cannot be placed and are refused",
    )


def _worded(frame: pl.DataFrame, column: str) -> pl.DataFrame:
    """Add the id of a word as <column>_out, and whether it is strange."""
    known = {plain(word): id for id, listed in WORDS[column].items() for word in listed}
    sent = frame[column].drop_nulls().unique().to_list()
    found = {word: None if words.means_missing(word) else known.get(plain(word)) for word in sent}
    strange = [word for word in sent if found[word] is None and not words.means_missing(word)]
    out = pl.col(column).replace_strict(found, default=None, return_dtype=pl.String)
    return frame.with_columns(
        out.alias(f"{column}_out"), pl.col(column).is_in(strange).fill_null(value=False).alias(f"{column}_strange")
    )


def _yes_no(column: str) -> pl.Expr:
    return pl.col(column).map_elements(words.yes_or_no, return_dtype=pl.String).alias(f"{column}_out")


def _in_mm(frame: pl.DataFrame, name: str, *, decimal: DecimalSign) -> pl.DataFrame:
    """Add <name>_out in mm, <name>_sent as text, and <name>_why where a number was sent that cannot be used."""
    bare, plain_mm = pl.col(name).cast(pl.String), pl.col(f"{name}_mm").cast(pl.String)
    frame = frame.with_columns(
        pl.coalesce(plain_mm, bare).alias(f"{name}_sent"),
        pl.when(plain_mm.is_not_null()).then(pl.lit("mm")).otherwise(pl.col("unit").str.strip_chars()).alias("_unit"),
    )
    frame = read_numbers(frame, f"{name}_sent", decimal=decimal)
    spoken = pl.coalesce(pl.col("_unit").replace("", None), pl.col("unit_in_value"))
    frame = frame.with_columns(spoken.alias("_unit"))
    scales = {unit: _scale(unit) for unit in frame["_unit"].drop_nulls().unique().to_list()}
    scale = pl.col("_unit").replace_strict(scales, default=None, return_dtype=pl.Float64)
    value = (pl.col("number") * scale).round(3)
    is_sent = ~pl.col("is_absent")
    why = (
        pl.when(is_sent & (pl.col("number").is_null() | pl.col("comparator_in_value").is_not_null()))
        .then(pl.lit("no number"))
        .when(is_sent & pl.col("_unit").is_null())
        .then(pl.lit("no unit"))
        .when(is_sent & scale.is_null())
        .then(pl.lit("no length"))
        .when(is_sent & ~value.is_between(0, LONGEST_MM))
        .then(pl.lit("too long"))
    )
    frame = frame.with_columns(value.alias(f"{name}_out"), why.alias(f"{name}_why"))
    drop = ("number", "comparator_in_value", "unit_in_value", "is_absent", "is_doubtful", "is_text", "_unit")
    return frame.drop(*drop)


def _scale(unit: str) -> float | None:
    ucum = ucum_of(unit)
    found = None if ucum is None else conversion(ucum, "mm")
    return found[0] if found is not None and found[1] == 0 else None


def _troubled(frame: pl.DataFrame) -> pl.DataFrame:
    """Add `trouble`, the id of what keeps a row from being assessed, and `why` in words; both null for a row that can be."""
    strange = pl.any_horizontal(*(pl.col(f"{name}_strange") for name in ("site", "role", "seen")))
    size = pl.coalesce("long_why", "short_why")
    measured = pl.col("seen_out") == "measured"
    n_sizes = pl.col("long_out").is_not_null().cast(pl.Int8) + pl.col("short_out").is_not_null()
    incoherent = (
        pl.when(pl.col("short_out") > pl.col("long_out"))
        .then(pl.lit("the short diameter is the longer one"))
        .when(measured & (n_sizes < 2))  # noqa: PLR2004  (both diameters)
        .then(pl.lit("measured without two diameters"))
        .when(pl.col("seen_out").is_in(["gone", "too-small"]) & (n_sizes > 0))
        .then(pl.lit("diameters of a lesion that was not measured"))
        .when((n_sizes == 1) & pl.col("seen_out").is_null())
        .then(pl.lit("one diameter alone"))
    )
    trouble = (
        pl.when(strange)
        .then(pl.lit("INTAKE-060"))
        .when(size.is_not_null())
        .then(pl.lit("INTAKE-061"))
        .when(incoherent.is_not_null())
        .then(pl.lit("INTAKE-062"))
    )
    return frame.with_columns(trouble.alias("trouble"), pl.coalesce(size, incoherent).alias("why"))


def _strange(id: str, group: Mapping[str, Any]) -> Fault:
    said = [name for name in ("site", "role", "seen") if group[name] is not None]
    return Fault(
        id,
        saw=", ".join(f"{name} {group[name]!r}" for name in said),
        expected="; ".join(f"{name}: {', '.join(WORDS[name])}" for name in said),
        fix="send these words, or map yours under values in the mapping file",
        effect=_KEPT,
    )


def _strange_method(group: Mapping[str, Any]) -> Fault:
    return Fault(
        "INTAKE-060",
        saw=f"method {group['method']!r} of lesions",
        expected=", ".join(WORDS["method"]),
        fix="send one of these words, or map yours under values in the mapping file",
        effect="the rows are used without their method",
    )


def _sizes(group: Mapping[str, Any]) -> str:
    sent = [str(group[name]) for name in ("long_sent", "short_sent") if group[name] is not None]
    return f"{' x '.join(sent) or 'none'}, unit {group['unit'] or 'none'}, such as lesion {group['lesion']!r}"


def _no_size(id: str, group: Mapping[str, Any]) -> Fault:
    return Fault(
        id,
        saw=f"{group['why']}: diameters {_sizes(group)}",
        expected=f"numbers with a unit of length, from 0 to {LONGEST_MM:g} mm",
        fix="send columns long_mm and short_mm, or name the unit in a column unit or in the mapping file",
        effect=_KEPT,
    )


def _incoherent(id: str, group: Mapping[str, Any]) -> Fault:
    return Fault(
        id,
        saw=f"{group['why']}: diameters {_sizes(group)}",
        expected="two diameters of a measured lesion, the longer one as long; none of one that is gone or too small to measure",
        fix="correct the rows; a lesion that was not assessed has neither seen nor diameters",
        effect=_KEPT,
    )


_FAULTS: Final[Mapping[str, tuple[tuple[str, ...], Callable[[str, Mapping[str, Any]], Fault]]]] = {
    "INTAKE-060": (("site", "role", "seen"), _strange),
    "INTAKE-061": (("why", "unit"), _no_size),
    "INTAKE-062": (("why",), _incoherent),
}


def _rows(frame: pl.DataFrame) -> pl.DataFrame:
    fine = pl.col("trouble").is_null()
    said = [pl.col(name) for name in ("site", "role", "seen", "long_sent", "short_sent", "unit")]
    columns = {name: f"{name}_out" for name in ("site", "role", "seen", "unequivocal", "method")}
    columns |= {"long_mm": "long_out", "short_mm": "short_out"}
    return frame.with_columns(
        source(),
        pl.when(fine).then(pl.lit("ok")).otherwise(pl.lit("not-assessable")).alias("usability"),
        pl.when(~fine).then(pl.concat_str(said, separator=" ", ignore_nulls=True)).alias("as_sent"),
        *(pl.when(fine).then(pl.col(out)).alias(name) for name, out in columns.items()),
    ).select(*PLACE, *tables.LESIONS)


def checked(
    frame: pl.DataFrame, courses: pl.DataFrame, life: pl.DataFrame, *, book: FaultBook, refused: list[pl.DataFrame]
) -> pl.DataFrame:
    """Lesions of known courses, each row once, without those outside the life or after the follow-up.

    Args:
        frame: Canonical rows with file and row.
        courses: course_id and followed_until.
        life: As `people.lives` gives it.
        book: Faults are entered here.
        refused: Refused rows are added.
    """
    if frame.is_empty():
        return frame
    named = frame.with_columns(pl.lit("imaging").alias("kind"))
    named = belonging(named, courses, "lesions", book=book, refused=refused)
    named = without_copies(named, "lesions", book, refused)
    named = within_life(named, life, "lesions", book=book, refused=refused)
    named = within_follow_up(named, courses, "lesions", book=book, refused=refused)
    found = without_contradictions(named.drop("kind"), book)
    note_targets(found, book)
    return found


def without_contradictions(frame: pl.DataFrame, book: FaultBook) -> pl.DataFrame:
    """Rows of one lesion on one scan with different content: corrected by the last reported, or none believed."""
    key = list(_KEY)
    usable = frame.filter(pl.col("usability") == "ok")
    differs = (pl.struct(_CONTENT).n_unique().over(key) > 1).alias("_differs")
    judged = usable.with_columns(differs).filter("_differs")
    if judged.is_empty():
        return frame
    is_last = (pl.col("recorded_at") == pl.col("recorded_at").max().over(key)).fill_null(value=False)
    ordered = pl.col("recorded_at").is_not_null().all().over(key)
    one_last = pl.when(is_last).then(pl.struct(_CONTENT)).drop_nulls().n_unique().over(key) == 1
    judged = judged.with_columns((ordered & one_last).alias("_corrected"), is_last.alias("_last"))
    doubted = judged.filter(~(pl.col("_corrected") & pl.col("_last")))
    for corrected, describe in ((False, _contradiction), (True, _correction)):
        book.note_rows(doubted.filter(pl.col("_corrected") == corrected).select(*PLACE, "lesion"), [], describe)
    said = pl.concat_str([pl.col(name).cast(pl.String) for name in _CONTENT], separator=" ", ignore_nulls=True)
    aside = pl.struct(*PLACE).is_in(doubted.select(pl.struct(*PLACE).alias("_at"))["_at"].implode())
    return frame.with_columns(
        pl.when(aside).then(pl.coalesce("as_sent", said)).otherwise("as_sent").alias("as_sent"),
        pl.when(aside).then(pl.lit("not-assessable")).otherwise("usability").alias("usability"),
        *(pl.when(~aside).then(pl.col(name)).alias(name) for name in _CONTENT),
    )


def _contradiction(group: Mapping[str, Any]) -> Fault:
    return Fault(
        "INTAKE-023",
        saw=f"different measurements of one lesion on one scan, first of lesion {group['lesion']!r}",
        expected="one row for each lesion and scan, or times of reporting that say which came last",
        fix="send the time of reporting, or correct the rows",
        effect="all of them are kept as not assessable; none is believed",
    )


def _correction(group: Mapping[str, Any]) -> Fault:
    return Fault(
        "INTAKE-024",
        saw=f"measurements of a lesion that were corrected by a later report, first of lesion {group['lesion']!r}",
        expected="nothing else: corrections are usual",
        fix="nothing need be done",
        effect="the one reported last is used; the earlier ones are kept as not assessable",
    )


@lru_cache(maxsize=1)
def most_targets() -> int:
    """How many targets the criteria that know most of them sum up; their files say so."""
    files = (file.chosen for file in default_library().of(Response))
    return max(int(chosen["most_targets"]) for chosen in files if "most_targets" in chosen)


def note_targets(frame: pl.DataFrame, book: FaultBook) -> None:
    """Enter scans with more targets than the criteria know, and lesions whose site is not the same on all scans."""
    usable = frame.filter(pl.col("usability") == "ok")
    targets = usable.filter(pl.col("role") == "target")
    many = targets.filter(pl.len().over("course_id", "observed_at") > most_targets())
    book.note_rows(many.select(*PLACE, "course_id"), [], _many)
    moved = usable.filter(pl.col("site").drop_nulls().n_unique().over("course_id", "lesion") > 1)
    book.note_rows(moved.select(*PLACE, "lesion"), [], _moved)


def _many(group: Mapping[str, Any]) -> Fault:
    return Fault(
        "INTAKE-063",
        saw=f"more than {most_targets()} target lesions on one scan, first of course {group['course_id']!r}",
        expected=f"at most {most_targets()} target lesions, chosen at baseline",
        fix="say which lesions are the targets; the others are non-target",
        effect="no sum of products is computed from that scan",
    )


def _moved(group: Mapping[str, Any]) -> Fault:
    return Fault(
        "INTAKE-064",
        saw=f"one name for lesions of different sites, such as {group['lesion']!r}",
        expected="a name that belongs to one lesion of a course on all its scans",
        fix="give each lesion a name of its own",
        effect="the rows are used as sent; the last site counts",
    )
