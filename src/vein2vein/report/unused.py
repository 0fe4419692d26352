"""What is not behind the grades of a course: rows that no rule may use, and rows that were refused before.

Place    Report. Reads a timeline and the account of the delivery; read by the course page.
Missing  Without a delivery it is said that refused rows are not known. Refused rows that name no course are counted on
         every page as rows that may belong to it, never as none.
Does not Guess a course for a row that does not state one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from vein2vein.errors import describe
from vein2vein.intake.delivery import Report as DeliveryReport
from vein2vein.record.timeline import Timeline
from vein2vein.report.markup import element, table, text
from vein2vein.report.shown import kind_label
from vein2vein.report.words import OTHERS, Words, catalogue, joined, say


@dataclass(frozen=True, slots=True)
class RefusedRows:
    """Refused rows of one course.

    Attributes:
        reasons: Error id and number of rows that state this course, the commonest first.
        unplaced: Refused rows of the whole delivery that state no course; each may belong to this one.
    """

    reasons: tuple[tuple[str, int], ...] = ()
    unplaced: int = 0


def refused_rows(delivery: DeliveryReport | None, course_ids: Sequence[str]) -> list[RefusedRows | None]:
    """Refused rows of each course; None where the delivery is not known."""
    if delivery is None:
        return [None for _ in course_ids]
    refused = delivery.by_course.filter(pl.col("fate") == "refused")
    named = refused.filter(pl.col("course_id").is_not_null())
    unplaced = int(delivery.account["refused"].sum()) - int(named["rows"].sum())
    found: dict[str, list[tuple[str, int]]] = {}
    for course, reason, rows in (
        named.sort("rows", "reason", descending=[True, False]).select("course_id", "reason", "rows").iter_rows()
    ):
        found.setdefault(course, []).append((reason, rows))
    return [RefusedRows(tuple(found.get(course_id, ())), unplaced) for course_id in course_ids]


def unused_note(timeline: Timeline, refused: RefusedRows | None) -> str:
    """The note on a course page, with a table of reasons where rows are kept as not assessable or were refused."""
    kept = Counter(row.kind for row in timeline.observations if row.usability != "ok")
    recorded = len(timeline.observations) + len(timeline.exposures)
    total = sum(kept.values())
    said = [say("unused.kept" if total else "unused.none_kept", n=total, rows=recorded)]
    said += _refused_words(refused)
    # Chinese sentences stand without a space between them
    parts = [element("p", joined(said, Words(" ", zh="")))]
    rows = [(text(say("unused.is_kept")), text(kind_label(kind)), str(n)) for kind, n in kept.most_common()]
    reasons = () if refused is None else refused.reasons
    rows += [(text(say("unused.is_refused")), f"{text(fault_title(id))} ({text(id)})", str(n)) for id, n in reasons]
    if rows:
        heads = (say("unused.fate"), say("unused.what"), say("unused.rows"))
        listed = table(heads, rows, caption=say("unused.caption"), class_="by-reason")
        parts.append(element("details", element("summary", say("unused.which")), listed))
    is_plain = not rows and (refused is None or not refused.unplaced)
    return element("div", *parts, class_="hint unused" if is_plain else "note unused")


def _refused_words(refused: RefusedRows | None) -> list[Words]:
    if refused is None:
        return [say("unused.unknown")]
    n = sum(count for _, count in refused.reasons)
    said = [say("unused.refused" if n else "unused.none_refused", n=n)]
    if refused.unplaced:
        said.append(say("unused.unplaced", n=refused.unplaced))
    return said


def fault_title(id: str) -> Words:
    """Title of an error: English from the catalogue of errors, other languages from that of the messages."""
    title = describe(id).get("title", "")
    return Words(title, **{lang: catalogue(lang).get(f"error.{id}", title) for lang in OTHERS})
