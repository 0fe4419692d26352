"""Observations as FHIR: Observation, with blood pressures as panels, and QuestionnaireResponse for ICE and CAPD.

Place    Floor 4, writers.
In       Rows of the table of observations of one centre.
Out      Lines of NDJSON by resource type, without the number of the resource (`fhir` puts it in front).
Knows    Systolic, diastolic and mean pressure of one instant are components of one panel. Totals, items and the reason why a
         test was not done are the answers to one form where the form can hold them: not a value that the form does not know, not
         a time of recording, not one half of a correction. Everything else is an Observation of its own.
Missing  A row that cannot be used is sent with `dataAbsentReason` and what was said as its text.
Checked  tests/unit/population/test_writers.py, tests/property/test_round_trips.py
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import polars as pl

from vein2vein.intake.fhir import urls
from vein2vein.intake.fhir.questionnaires import Item, forms
from vein2vein.knowledge import codes
from vein2vein.population.writers import fhir_codes
from vein2vein.population.writers.text import as_sent, instant, joined, literal, number, quoted, said, ucum, where

_PRESSURES: Final = ("systolic_blood_pressure", "diastolic_blood_pressure", "mean_arterial_pressure")
_OF_PANEL: Final = ("systolic_blood_pressure", "diastolic_blood_pressure")
_POINTS: Final = range(33)
Lines = dict[str, pl.Series]


def lines(rows: pl.DataFrame, subjects: pl.DataFrame, zone: str) -> Lines:
    """NDJSON of observations.

    Args:
        rows: Table of observations.
        subjects: course_id and subject (the JSON of a Reference).
        zone: Zone in whose clock times are written.
    """
    frame = _prepared(rows, subjects, zone)
    answers, frame = _answers(frame)
    panels, single = _panels(frame)
    return {
        "Observation": pl.concat([_observations(single), _panel_lines(panels)]),
        "QuestionnaireResponse": _response_lines(answers),
    }


def _prepared(rows: pl.DataFrame, subjects: pl.DataFrame, zone: str) -> pl.DataFrame:
    key = ["course_id", "kind", "observed_at"]
    frame = as_sent(rows).join(subjects, on="course_id", how="left", maintain_order="left")
    usable = (pl.col("usability") == "ok") & (pl.col("value").is_not_null() | pl.col("code").is_not_null())
    limits = pl.col("reference_low").is_not_null() | pl.col("reference_high").is_not_null()
    alone = ~pl.struct(key).is_duplicated() if frame.height else pl.lit(value=True)
    plain = usable & alone & ~limits & pl.col("comparator").is_null() & pl.col("observed_at").is_not_null()
    types: dict[str, str] = {kind: entry.type for kind, entry in codes.observations().items()}
    return frame.with_columns(
        usable.alias("usable"),
        plain.alias("plain"),
        said("kind", types).alias("type"),
        instant("observed_at", zone).alias("at"),
        instant("recorded_at", zone).alias("issued"),
        quoted(frame, "as_sent").alias("as_sent_json"),
    )


def _value(frame: pl.DataFrame) -> pl.Expr:
    """Value, comparator and unit, or why there is none."""
    units = [unit for unit in frame["sent_unit"].unique().to_list() if unit is not None]
    coded = ucum(units)
    ucum_system = literal(fhir_codes.system("ucum"))
    quantity = {
        unit: f'"unit":{literal(unit)},"system":{ucum_system},"code":{literal(coded.get(unit, unit))}' for unit in units
    }
    absent = fhir_codes.conventions()["absent"]
    why = literal([fhir_codes.coding(absent["system"], absent["code"])])
    is_number, usable = pl.col("type") == "number", pl.col("usable")
    categories = literal(urls.CATEGORIES)
    category = (pl.col("kind"), "/", pl.col("code"))
    return joined(
        [
            where(usable & is_number, [',"valueQuantity":{"value":', pl.col("sent_value"), ","]),
            where(usable & is_number & pl.col("comparator").is_not_null(), ['"comparator":"', pl.col("comparator"), '",']),
            where(usable & is_number, [said("sent_unit", quantity), "}"]),
            where(usable & (pl.col("type") == "yes_no"), [',"valueBoolean":', said("code", {"yes": "true", "no": "false"})]),
            where(
                usable & (pl.col("type") == "category"),
                [f',"valueCodeableConcept":{{"coding":[{{"system":{categories},"code":"', *category, '"}]}'],
            ),
            where(~usable, [f',"dataAbsentReason":{{"coding":{why}']),
            where(~usable & pl.col("as_sent").is_not_null(), [',"text":', pl.col("as_sent_json")]),
            where(~usable, ["}"]),
            where(usable, [_limits(quantity)]),
        ]
    )  # fmt: skip


def _limits(quantity: dict[str, str]) -> pl.Expr:
    low, high = pl.col("reference_low").is_not_null(), pl.col("reference_high").is_not_null()
    unit = said("sent_unit", quantity)
    return joined(
        [
            where(low | high, [',"referenceRange":[{']),
            where(low, ['"low":{"value":', number("sent_low"), ",", unit, "}"]),
            where(low & high, [","]),
            where(high, ['"high":{"value":', number("sent_high"), ",", unit, "}"]),
            where(low | high, ["}]"]),
        ]
    )


def _head(code: pl.Expr, category: pl.Expr) -> pl.Expr:
    issued = where(pl.col("issued").is_not_null(), [',"issued":"', pl.col("issued"), '"'])
    return joined(
        [
            '"status":"final","category":', category, ',"code":', code, ',"subject":', pl.col("subject"),
            ',"effectiveDateTime":"', pl.col("at"), '"', issued,
        ]
    )  # fmt: skip


def _observations(frame: pl.DataFrame) -> pl.Series:
    head = _head(said("kind", fhir_codes.kinds()), said("kind", fhir_codes.categories()))
    return frame.select(joined([head, _value(frame)]).alias("line"))["line"]


def _panels(frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Pressures of one instant that can stand in one panel, and all other rows."""
    key = ["course_id", "observed_at", "issued"]
    pressure = pl.col("kind").is_in(_PRESSURES) & pl.col("plain")
    here = frame.filter(pressure)
    whole = (
        here.filter(pl.col("kind").is_in(_OF_PANEL))
        .group_by(key, maintain_order=True)
        .len()
        .filter(pl.col("len") == len(_OF_PANEL))
    )
    panels = here.join(whole.select(key), on=key, how="semi", nulls_equal=True, maintain_order="left")
    marked = frame.join(
        whole.select(*key, pl.lit(value=True).alias("_panel")),
        on=key,
        how="left",
        nulls_equal=True,
        maintain_order="left",
    )
    rest = marked.filter(~(pressure & pl.col("_panel").fill_null(value=False))).drop("_panel")
    return panels, rest


def _panel_lines(frame: pl.DataFrame) -> pl.Series:
    panel = fhir_codes.conventions()["panel"]
    code = fhir_codes.concept([fhir_codes.coding(panel["system"], panel["code"])], "Blood pressure")
    component = joined(['{"code":', said("kind", fhir_codes.kinds()), _value(frame), "}"])
    grouped = (
        frame.with_columns(component.alias("component"))
        .group_by(["course_id", "observed_at", "issued"], maintain_order=True)
        .agg(pl.col("component").str.join(","), *(pl.col(name).first() for name in ("subject", "at")))
    )
    head = _head(pl.lit(code), pl.lit(fhir_codes.categories()["systolic_blood_pressure"]))
    return grouped.select(joined([head, ',"component":[', pl.col("component"), "]"]).alias("line"))["line"]


@cache
def _answer_table() -> pl.DataFrame:
    """Every answer that a form can hold: kind, word (points or category) -> form, place in the form, JSON of the item."""
    found = [
        (item.kind, word, form.url, place, literal(answer))
        for form in forms().values()
        for place, (link, item) in enumerate(form.items.items())
        if item.kind is not None
        for word, answer in _possible(link, item)
    ]
    schema: dict[str, Any] = {
        "kind": pl.String,
        "word": pl.String,
        "form": pl.String,
        "place": pl.Int64,
        "item": pl.String,
    }
    return pl.DataFrame(found, schema=schema, orient="row")


def _possible(link: str, item: Item) -> list[tuple[str, dict[str, Any]]]:
    """Words of the record (points or categories) with the item that says them."""
    kind = codes.observation_kind(str(item.kind))
    if kind.type == "category":
        given = {
            word: {"valueCoding": fhir_codes.coding(urls.CATEGORIES, f"{item.kind}/{word}")} for word in kind.categories
        }
        return [(word, {"linkId": link, "answer": [answer]}) for word, answer in given.items()]
    if item.parts:
        # Which part of a group was right is not in the record: only none and all can be said.
        return [
            (str(points), {"linkId": link, "item": [{"linkId": p, "answer": [{"valueBoolean": points > 0}]} for p in item.parts]})
            for points in (0, len(item.parts))
        ]  # fmt: skip
    if item.points:
        return [
            (str(int(points)), {"linkId": link, "answer": [{"valueCoding": {"system": address, "code": code}}]})
            for (address, code), points in item.points.items()
        ]
    top = int((kind.plausible or (0, 0))[1])
    if top == 1:
        return [(str(n), {"linkId": link, "answer": [{"valueBoolean": n > 0}]}) for n in (0, 1)]
    return [
        (str(points), {"linkId": link, "answer": [{"valueInteger": points}]}) for points in _POINTS if points <= top
    ]


def _answers(frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows that are answers to a form, with the item, and all other rows."""
    table = _answer_table()
    marked = frame.with_columns(pl.coalesce(pl.col("code"), number("value")).alias("word")).join(
        table, on=["kind", "word"], how="left", maintain_order="left"
    )
    fits = pl.col("form").is_not_null() & pl.col("plain") & pl.col("issued").is_null()
    key = ["course_id", "observed_at", "form"]
    items = (
        table.select("form", "kind")
        .unique()
        .filter(~pl.col("kind").str.ends_with("_not_done_reason"))
        .group_by("form")
        .len()
    )
    wanted = dict(items.iter_rows())
    is_total = pl.col("kind").str.ends_with("_score")
    counted = fits & ~pl.col("kind").str.ends_with("_not_done_reason")
    here = marked.filter(counted).group_by(key).agg(
        pl.len().alias("n"),
        pl.col("value").filter(is_total).sum().alias("total"),
        pl.col("value").filter(~is_total).sum().alias("sum"),
    )  # fmt: skip
    # A total that its items do not add up to is a mistake of the form; it is sent as it is, item by item.
    wrong = here.filter((pl.col("n") == said("form", wanted).cast(pl.Int64)) & (pl.col("total") != pl.col("sum"))) \
        if here.height else here  # fmt: skip
    marked = marked.join(
        wrong.select(*key, pl.lit(value=True).alias("_wrong")),
        on=key,
        how="left",
        nulls_equal=True,
        maintain_order="left",
    ).with_columns((fits & pl.col("_wrong").is_null()).alias("_fits"))
    columns = frame.columns
    return marked.filter("_fits"), marked.filter(~pl.col("_fits")).select(columns)


def _response_lines(answers: pl.DataFrame) -> pl.Series:
    grouped = (
        answers.sort("place", maintain_order=True)
        .group_by(["course_id", "observed_at", "form"], maintain_order=True)
        .agg(pl.col("item").str.join(","), *(pl.col(name).first() for name in ("subject", "at")))
        .sort("course_id", "observed_at", "form", maintain_order=True)
    )
    line = joined(
        [
            '"status":"completed","questionnaire":"', pl.col("form"), '","subject":', pl.col("subject"),
            ',"authored":"', pl.col("at"), '","item":[', pl.col("item"), "]",
        ]
    )  # fmt: skip
    return grouped.select(line.alias("line"))["line"]
