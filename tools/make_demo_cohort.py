"""Write the demonstration cohort: tables as a hospital would send them, all of it made up.

    python tools/make_demo_cohort.py [FOLDER]

Scripted: the stories stand in tools/demo, small noise comes from named random streams, and no data of a person goes in. The
same program writes the same bytes (tests/acceptance/cli/test_demo.py). The mapping file beside the tables is written
by hand, as a centre would answer the draft, and is not touched.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))

from demo.chart import Row  # noqa: E402  (the folder of this script is not a package)
from demo.slips import add_slips, stray_rows  # noqa: E402
from demo.stories import charts  # noqa: E402

FOLDER = ROOT / "src" / "vein2vein" / "cli" / "demo_cohort"
COLUMNS = {
    "patients": ("patient_id", "birth_date", "sex"),
    "courses": (
        "case_id",
        "patient_id",
        "product",
        "indication",
        "centre",
        "time_zone",
        "infusion_time",
        "followed_until",
    ),
    "vitals": ("case_id", "code", "value", "unit", "charted_at", "entered_at"),
    "labs": ("case_id", "code", "value", "unit", "ref_low", "ref_high", "collected_at", "reported_at"),
    "neuro": ("case_id", "item", "value", "time"),
    "medication": ("case_id", "drug", "dose", "dose_unit", "rate", "rate_unit", "start", "stop", "reason"),
    "devices": ("case_id", "device", "flow", "flow_unit", "start", "stop", "reason", "entered_at"),
    "stays": ("case_id", "place", "from", "to"),
    "events": ("case_id", "event", "time", "cause"),
}
ORDER = {"vitals": "charted_at", "labs": "collected_at", "neuro": "time", "medication": "start", "devices": "start",
         "stays": "from", "events": "time"}  # fmt: skip


def tables() -> dict[str, list[Row]]:
    """All tables of the delivery."""
    told = {chart.case: chart for chart in charts()}
    add_slips(told)
    found: dict[str, list[Row]] = {name: [] for name in COLUMNS}
    for chart in told.values():
        person = {"patient_id": chart.patient, "birth_date": chart.born_on, "sex": chart.sex}
        if person not in found["patients"]:
            found["patients"].append(person)
        found["courses"].append(
            {
                "case_id": chart.case, "patient_id": chart.patient, "product": chart.product, "indication": chart.indication,
                "centre": chart.place.name, "time_zone": chart.place.zone,
                "infusion_time": chart.text(0.47) if chart.is_infused else "", "followed_until": chart.text(chart.until),
            }
        )  # fmt: skip
        for name, column in ORDER.items():
            rows = [{"case_id": chart.case, **row} for row in chart.rows[name]]
            found[name] += sorted(rows, key=lambda row, column=column: row[column])
    found["vitals"] += stray_rows()
    return found


def write(folder: Path) -> None:
    """Write every table as CSV in UTF-8."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in tables().items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS[name], restval="", lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        print(f"{name}.csv  {len(rows)} rows")


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
