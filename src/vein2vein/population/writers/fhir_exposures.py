"""Exposures as FHIR: medicines, procedures, devices and their flows, stays, judgements and charting.

Place    Floor 4, writers.
In       Rows of the table of exposures of one centre.
Out      Lines of NDJSON by resource type; what the resources cannot say.
Knows    R4's use of a device has no flow: it is an Observation at the start of the use, as hospitals send it. Where uses of one
         course overlap, it could not be told to which of them a flow belongs: they are Observations over a period instead.
         Stays that follow each other without a gap are one Encounter with its places.
Checked  tests/unit/population/test_writers.py, tests/property/test_round_trips.py
"""

from __future__ import annotations

from typing import Final

import polars as pl

from vein2vein.intake.fhir import urls
from vein2vein.knowledge import codes
from vein2vein.population.writers import fhir_codes
from vein2vein.population.writers.account import LeftOut
from vein2vein.population.writers.overlaps import overlapping
from vein2vein.population.writers.text import instant, joined, literal, number, said, ucum, where

Lines = dict[str, pl.Series]
_INSIDE: Final = ("ward", "icu", "unspecified")
_STATED: Final = ("charted",)
_JUDGED: Final = ("other_cause",)
_STAY: Final = "stay"


def lines(rows: pl.DataFrame, subjects: pl.DataFrame, deaths: pl.DataFrame, zone: str) -> tuple[Lines, list[LeftOut]]:
    """NDJSON of exposures.

    Args:
        rows: Table of exposures.
        subjects: course_id and subject (the JSON of a Reference).
        deaths: course_id and died_at.
        zone: Zone in whose clock times are written.
    """
    frame = _prepared(rows, subjects, zone)
    form = pl.col("form")
    parts: Lines = {
        "MedicationAdministration": _administrations(frame.filter(form == "medicine")),
        "Procedure": _procedures(frame.filter(form == "procedure")),
        "DeviceUseStatement": _uses(frame.filter(form == "device")),
        "Observation": pl.concat([_flows(frame.filter(form == "device")), _stated(frame.filter(form == "stated"))]),
        "Condition": _conditions(frame.filter(form == "judged")),
        "Encounter": _encounters(frame.filter(form == "stay"), deaths),
    }
    return parts, _left_out(frame)


def _prepared(rows: pl.DataFrame, subjects: pl.DataFrame, zone: str) -> pl.DataFrame:
    key = pl.concat_str("kind", pl.lit("/"), "agent")
    known = fhir_codes.agents()
    conventions = fhir_codes.conventions()
    frame = rows.join(subjects, on="course_id", how="left", maintain_order="left")
    quantity = pl.col("amount").is_not_null() | pl.col("rate").is_not_null()
    kind = pl.col("kind")
    unclear = kind.is_in(conventions["devices"]) & (overlapping(frame) | (pl.col("started_at") == pl.col("ended_at")))
    form = (
        pl.when(kind == _STAY).then(pl.lit("stay"))
        .when(kind.is_in(_JUDGED)).then(pl.lit("judged"))
        .when(kind.is_in(_STATED) | unclear.fill_null(value=False)).then(pl.lit("stated"))
        .when(kind.is_in(conventions["devices"])).then(pl.lit("device"))
        .when(kind.is_in(conventions["procedures"]) & ~quantity).then(pl.lit("procedure"))
        .otherwise(pl.lit("medicine"))
    )  # fmt: skip
    return frame.with_columns(
        form.alias("form"),
        pl.when(key.is_in(list(known))).then(key).otherwise(pl.concat_str(kind, pl.lit("/unspecified"))).alias("key"),
        (~key.is_in(list(known))).alias("renamed"),
        instant("started_at", zone).alias("start"),
        instant("ended_at", zone).alias("end"),
        instant("recorded_at", zone).alias("recorded"),
        pl.concat_str(kind, pl.lit("/"), "reason").alias("why"),
    )


def _concept(column: str = "key") -> pl.Expr:
    return said(column, fhir_codes.agents())


def _time(stem: str) -> pl.Expr:
    """An instant, or a period with or without an end."""
    single = pl.col("started_at") == pl.col("ended_at")
    single = single.fill_null(value=False)
    return joined(
        [
            where(single, [f',"{stem}DateTime":"', pl.col("start"), '"']),
            where(~single, [f',"{stem}Period":', _period()]),
        ]
    )


def _period() -> pl.Expr:
    return joined(
        ['{"start":"', pl.col("start"), '"', where(pl.col("end").is_not_null(), [',"end":"', pl.col("end"), '"']), "}"]
    )


def _reason() -> pl.Expr:
    listed = {f"{stream}/{reason}" for stream, entry in codes.streams().items() for reason in entry.reasons}
    known = {key: literal([{"coding": [fhir_codes.coding(urls.REASONS, key)]}]) for key in listed}
    return where(said("why", known).is_not_null(), [',"reasonCode":', said("why", known)])


def _quantity(frame: pl.DataFrame, name: str) -> pl.Expr:
    units = frame[f"{name}_unit"].drop_nulls().unique().to_list()
    coded = ucum(units)
    address = literal(fhir_codes.system("ucum"))
    known = {u: f',"unit":{literal(u)},"system":{address},"code":{literal(coded.get(u, u))}' for u in units}
    return joined(['{"value":', number(name), said(f"{name}_unit", known, default="").fill_null(""), "}"])


def _status(done: str, running: str) -> pl.Expr:
    return pl.when(pl.col("ended_at").is_null()).then(pl.lit(running)).otherwise(pl.lit(done))


def _line(frame: pl.DataFrame, parts: list[pl.Expr | str]) -> pl.Series:
    return frame.select(joined(parts).alias("line"))["line"]


def _administrations(frame: pl.DataFrame) -> pl.Series:
    amount, rate = pl.col("amount").is_not_null(), pl.col("rate").is_not_null()
    dosage = joined(
        [
            where(amount | rate, [',"dosage":{']),
            where(amount, ['"dose":', _quantity(frame, "amount")]),
            where(amount & rate, [","]),
            where(rate, ['"rateQuantity":', _quantity(frame, "rate")]),
            where(amount | rate, ["}"]),
        ]
    )
    return _line(
        frame,
        [
            '"status":"', _status("completed", "in-progress"), '","medicationCodeableConcept":', _concept(), ',"subject":',
            pl.col("subject"), _time("effective"), _reason(), dosage,
        ],
    )  # fmt: skip


def _procedures(frame: pl.DataFrame) -> pl.Series:
    return _line(
        frame,
        [
            '"status":"', _status("completed", "in-progress"), '","code":', _concept(), ',"subject":', pl.col("subject"),
            _time("performed"), _reason(),
        ],
    )  # fmt: skip


def device_id(key: pl.Expr) -> pl.Expr:
    """The id of the Device of ``stream/agent``."""
    return key.str.replace("/", "-", literal=True)


def devices(keys: list[str]) -> pl.Series:
    """Device resources of ``stream/agent`` keys, whole lines."""
    known = fhir_codes.agents()
    listed = [f'{{"resourceType":"Device","id":"{key.replace("/", "-")}","type":{known[key]}}}' for key in keys]
    return pl.Series("line", listed, dtype=pl.String)


def _uses(frame: pl.DataFrame) -> pl.Series:
    return _line(
        frame,
        [
            '"status":"', _status("completed", "active"), '","subject":', pl.col("subject"), ',"timingPeriod":', _period(),
            where(pl.col("recorded").is_not_null(), [',"recordedOn":"', pl.col("recorded"), '"']),
            ',"device":{"reference":"Device/', device_id(pl.col("key")), '"}', _reason(),
        ],
    )  # fmt: skip


def _observed(frame: pl.DataFrame, code: pl.Expr | str, time: pl.Expr, value: pl.Expr | str) -> pl.Series:
    issued = where(pl.col("recorded").is_not_null(), [',"issued":"', pl.col("recorded"), '"'])
    return _line(frame, ['"status":"final","code":', code, ',"subject":', pl.col("subject"), time, issued, value])


def _flows(frame: pl.DataFrame) -> pl.Series:
    here = frame.filter(pl.col("rate").is_not_null())
    flow = fhir_codes.conventions()["flow"]
    code = fhir_codes.concept([fhir_codes.coding(flow["system"], flow["code"])], "Oxygen flow")
    at = joined([',"effectiveDateTime":"', pl.col("start"), '"'])
    return _observed(here, code, at, joined([',"valueQuantity":', _quantity(here, "rate")]))


def _stated(frame: pl.DataFrame) -> pl.Series:
    """Over a period, with the rate as value where there is one, else with a yes."""
    has_rate = pl.col("rate").is_not_null()
    value = joined(
        [where(has_rate, [',"valueQuantity":', _quantity(frame, "rate")]), where(~has_rate, [',"valueBoolean":true'])]
    )
    return _observed(frame, _concept(), joined([',"effectivePeriod":', _period()]), value)


def _conditions(frame: pl.DataFrame) -> pl.Series:
    sure = literal({"coding": [fhir_codes.coding(fhir_codes.system("verification"), "confirmed")]})
    clinical = {
        state: literal({"coding": [fhir_codes.coding(fhir_codes.system("clinical"), state)]})
        for state in ("active", "resolved")
    }
    ended = pl.col("end").is_not_null()
    return _line(
        frame,
        [
            '"clinicalStatus":', _status(clinical["resolved"], clinical["active"]), f',"verificationStatus":{sure},"code":',
            _concept(), ',"subject":', pl.col("subject"), ',"onsetDateTime":"', pl.col("start"), '"',
            where(ended, [',"abatementDateTime":"', pl.col("end"), '"']),
            where(pl.col("recorded").is_not_null(), [',"recordedDate":"', pl.col("recorded"), '"']),
        ],
    )  # fmt: skip


def locations() -> pl.Series:
    """Location resources of the places of care, whole lines."""
    types = fhir_codes.conventions()["locations"]
    lines = []
    for place in _INSIDE:
        coded = [fhir_codes.coding(fhir_codes.system("role"), types[place])] if place in types else []
        codings = [*coded, fhir_codes.coding(urls.EXPOSURES, f"{_STAY}/{place}")]
        lines.append(literal({"resourceType": "Location", "id": place, "type": [{"coding": codings}]}))
    return pl.Series("line", lines, dtype=pl.String)


def _encounters(frame: pl.DataFrame, deaths: pl.DataFrame) -> pl.Series:
    address = fhir_codes.system("class")
    within = pl.col("agent") != "home"
    ordered = frame.sort("course_id", "started_at", maintain_order=True)
    before = [pl.col(name).shift(1).over("course_id") for name in ("ended_at", "agent", "reason")]
    follows = (
        (before[0] == pl.col("started_at")) & within & (before[1] != "home") & before[2].eq_missing(pl.col("reason"))
    )
    known = pl.col("agent").is_in(_INSIDE)
    place = joined(
        [
            '{"location":{"reference":"Location/', pl.when(known).then(pl.col("agent")).otherwise(pl.lit("unspecified")),
            '"},"period":', _period(), "}",
        ]
    )  # fmt: skip
    runs = (
        ordered.with_columns(
            (~follows.fill_null(value=False)).cum_sum().alias("run"), place.alias("place"), within.alias("within")
        )
        .group_by("run", maintain_order=True)
        .agg(
            *(pl.col(name).first() for name in ("course_id", "subject", "start", "started_at", "why", "within")),
            *(pl.col(name).last() for name in ("end", "ended_at")),
            pl.col("place").str.join(","),
        )
        .join(deaths, on="course_id", how="left", maintain_order="left")
    )  # fmt: skip
    died = (pl.col("died_at") >= pl.col("started_at")) & (pl.col("died_at") <= pl.col("ended_at"))
    died = pl.col("within") & died.fill_null(value=False)
    how = literal({"dischargeDisposition": {"coding": [fhir_codes.coding(fhir_codes.system("disposition"), "exp")]}})
    classes = {True: literal(fhir_codes.coding(address, "IMP")), False: literal(fhir_codes.coding(address, "HH"))}
    return _line(
        runs,
        [
            '"status":"', _status("finished", "in-progress"), '","class":',
            pl.when("within").then(pl.lit(classes[True])).otherwise(pl.lit(classes[False])), ',"subject":', pl.col("subject"),
            ',"period":', _period(), _reason(), where(died, [f',"hospitalization":{how}']),
            where(pl.col("within"), [',"location":[', pl.col("place"), "]"]),
        ],
    )  # fmt: skip


def discharges(frame: pl.DataFrame) -> pl.DataFrame:
    """course_id and at of every end of a stay in hospital: an Encounter that ends says that the patient was discharged."""
    return frame.filter(
        (pl.col("kind") == _STAY) & (pl.col("agent") != "home") & pl.col("ended_at").is_not_null()
    ).select("course_id", pl.col("ended_at").alias("at"))


_NO_PLACE: Final = "R4 has no element for it in this resource"


def _left_out(frame: pl.DataFrame) -> list[LeftOut]:
    form = pl.col("form")
    recorded = pl.col("recorded_at").is_not_null() & form.is_in(["medicine", "procedure", "stay"])
    reason = pl.col("reason").is_not_null() & form.is_in(["stated", "judged"])
    amount = pl.col("amount").is_not_null() & (form != "medicine")
    rate = pl.col("rate").is_not_null() & form.is_in(["judged", "stay", "procedure"])
    counted = frame.select(
        recorded.sum().alias("recorded_at"), reason.sum().alias("reason"), amount.sum().alias("amount"), rate.sum().alias("rate"),
        pl.col("renamed").sum(),
    ).row(0, named=True)  # fmt: skip
    strange = "the code files do not know the agent; the resource says that it is not specified"
    return [
        LeftOut(
            "exposures",
            "recorded_at of medicines, procedures and stays",
            _NO_PLACE,
            counted["recorded_at"],
            graded=False,
        ),
        LeftOut(
            "exposures", "reason of overlapping devices and of charting", _NO_PLACE, counted["reason"], graded=True
        ),
        LeftOut("exposures", "amount outside of medicines", _NO_PLACE, counted["amount"], graded=True),
        LeftOut("exposures", "rate of stays and judgements", _NO_PLACE, counted["rate"], graded=True),
        LeftOut("exposures", "agent", strange, counted["renamed"], graded=True),
    ]
