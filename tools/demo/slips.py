"""The slips that every delivery holds: copies, contradictions, impossible values, unknown units and codes, lost ends.

Each is put into a course whose story it does not change, so that the delivery report has something to say.
"""

from __future__ import annotations

from demo.chart import Chart, Row


def add_slips(charts: dict[str, Chart]) -> None:
    """Add the slips to the charts."""
    quiet = charts["01-no-toxicity"]
    quiet.vital("VS-TEMP", 1.51, "3.67")  # a decimal point in the wrong place
    quiet.vital("VS-SPO2", 2.52, "0.97")  # a fraction sent as per cent
    quiet.vital("VS-SYS", 3.53, "1240")  # a digit too many
    quiet.vital("VS-TEMP", 4.12, "refused by patient")
    quiet.result("CRP", 5.27, "0.6", "mg/100ml")
    quiet.result("DDIM", 5.27, "0.9", "mg/L")  # which D-dimer units are meant, nobody says
    quiet.result("PCT", 5.27, "0.12", "ng/mL")  # procalcitonin: no scale asks for it, set aside by the mapping
    quiet.result("XM-77", 5.27, "14", "arb.u.")  # a code that nobody could explain
    quiet.result("FERR", 7.0, "22.1", "")
    quiet.rows["vitals"].append(
        {**_first(quiet, "VS-TEMP"), "charted_at": quiet.text(6.0)[:10]}
    )  # a date without a time
    quiet.vital("VS-TEMP", 200 / 1440 + 5, "36.9")
    quiet.vital("VS-TEMP", 200 / 1440 + 5, "39.6")  # one instant, two values, neither entered later
    quiet.vital("VS-TEMP", 220 / 1440 + 8, "38.6", entered=8.2)  # a slip of the pen
    quiet.vital("VS-TEMP", 220 / 1440 + 8, "36.8", entered=8.3)  # corrected an hour later
    double = charts["02-crs-1"]
    double.rows["vitals"] += [dict(row) for row in double.rows["vitals"][40:52]]  # sent twice by the interface
    double.rows["labs"] += [dict(row) for row in double.rows["labs"][10:16]]
    dead = charts["25-death-of-infection"]
    dead.vital("VS-TEMP", 21.6, "35.1")  # charted after the time of death
    pressor = charts["07-crs-3-norepinephrine-vasopressin"]
    pressor.drug(
        "NORADRENALINE", 4.0, 5.05, rate=0.12, rate_unit="µg/kg/min", reason="low BP"
    )  # overlaps its own infusion
    pressor.drug("DEXAMETHASONE", 4.6, 4.5, dose=10, unit="mg", reason="CRS")  # ends before it starts
    young = charts["17-child-capd"]
    young.rows["labs"].append(
        {**young.rows["labs"][0], "collected_at": "1918-02-12 06:30", "reported_at": "1918-02-12 08:10"}
    )


def stray_rows() -> list[Row]:
    """Rows of the vital signs that belong to no course of the delivery."""
    return [
        {
            "case_id": "99-of-another-ward",
            "code": "VS-TEMP",
            "value": value,
            "unit": "°C",
            "charted_at": charted,
            "entered_at": "",
        }
        for value, charted in (("36.6", "2026-01-15 06:05"), ("36.8", "2026-01-15 10:11"))
    ]


def _first(chart: Chart, code: str) -> Row:
    return next(row for row in chart.rows["vitals"] if row["code"] == code)
