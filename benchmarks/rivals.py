"""The same CRS grades written the way they are usually written: pandas groupby-apply, and SQL.

Both read the Parquet tables of a cohort made by `benchmarks.cohorts` and return the highest certain ASTCT grade of each course.
They know nothing about missing data, attribution, holding times, masks or reasons: only what the regular made-up data need. So
they do less work than either engine, and the comparison favours them.
"""

# ruff: noqa: PLC0415  (each measure runs in a process of its own and loads what it needs, no more)

from __future__ import annotations

from pathlib import Path

FEVER = 38.0
CLEAR_HOURS = 24
MASKING_HOURS = 6


def pandas_peaks(folder: Path) -> dict[str, int]:
    """Highest grade per course with pandas: one Python function per course."""
    import pandas as pd

    rows = pd.read_parquet(folder / "observations.parquet", columns=["course_id", "kind", "value", "observed_at"])
    rows = rows[rows["kind"] == "body_temperature"]
    exposures = pd.read_parquet(folder / "exposures.parquet")
    infused = pd.read_parquet(folder / "courses.parquet").set_index("course_id")["infused_at"]
    by_course = dict(tuple(exposures.groupby("course_id")))

    def peak(course: pd.DataFrame) -> int:
        course_id = course["course_id"].iloc[0]
        times, values = course["observed_at"], course["value"]
        mine = by_course[course_id]
        pressors = sum(_active(mine, "vasopressor", agent, times) for agent in ("norepinephrine", "epinephrine"))
        oxygen = _active(mine, "oxygen", "nasal-cannula", times)
        given = list(mine.loc[mine["kind"] == "anticytokine", "started_at"])
        return _walk(times, values >= FEVER, oxygen, pressors, given, infused[course_id])

    grades = rows.groupby("course_id", sort=False)[["course_id", "observed_at", "value"]].apply(peak)
    return {str(course): int(grade) for course, grade in grades.items()}


def _active(exposures, kind, agent, times):  # type: ignore[no-untyped-def]
    active = times.astype("int64") * 0
    for row in exposures[(exposures["kind"] == kind) & (exposures["agent"] == agent)].itertuples():
        active = active + ((times >= row.started_at) & (times < row.ended_at)).astype("int64")
    return active


def _walk(times, fever, oxygen, pressors, given, infused):  # type: ignore[no-untyped-def]  # noqa: PLR0917
    import pandas as pd

    is_open = is_masked = False
    clear_since = None
    highest = 0
    hour = pd.Timedelta(hours=1)
    for at, febrile, on_oxygen, n in zip(times, fever, oxygen, pressors, strict=True):
        if at < infused:
            continue
        if clear_since is not None and at - clear_since >= CLEAR_HOURS * hour:
            is_open = is_masked = False
        is_open = is_open or febrile
        clear_since = None if febrile or on_oxygen or n or not is_open else (clear_since or at)
        is_masked = is_open and (is_masked or any(g <= at < g + MASKING_HOURS * hour for g in given))
        if febrile or (is_open and is_masked):
            highest = max(highest, int(febrile), 2 * bool(on_oxygen), 3 * (n == 1), 4 * (n > 1))
    return highest


SQL = """
WITH temperature AS (
    SELECT o.course_id, o.observed_at AS moment, o.value >= 38.0 AS fever
    FROM read_parquet('{folder}/observations.parquet') o
    JOIN read_parquet('{folder}/courses.parquet') c USING (course_id)
    WHERE o.kind = 'body_temperature' AND o.observed_at >= c.infused_at
), exposure AS (
    SELECT * FROM read_parquet('{folder}/exposures.parquet') WHERE kind IN ('vasopressor', 'oxygen', 'anticytokine')
), support AS (
    SELECT t.course_id, t.moment, t.fever,
        count(DISTINCT e.agent) FILTER (e.kind = 'vasopressor' AND e.ended_at > t.moment) AS pressors,
        coalesce(bool_or(e.kind = 'oxygen' AND e.ended_at > t.moment), false) AS oxygen,
        coalesce(bool_or(e.kind = 'anticytokine' AND e.started_at + INTERVAL {masking} HOUR > t.moment), false) AS given
    FROM temperature t LEFT JOIN exposure e ON e.course_id = t.course_id AND e.started_at <= t.moment
    GROUP BY ALL
), signs AS (
    SELECT *, fever OR oxygen OR pressors > 0 AS shows,
        max(CASE WHEN fever OR oxygen OR pressors > 0 THEN moment END)
            OVER (PARTITION BY course_id ORDER BY moment ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS last_sign
    FROM support
), parts AS (
    SELECT *, sum(CASE WHEN moment - last_sign >= INTERVAL {closing} HOUR AND shows THEN 1 ELSE 0 END)
            OVER (PARTITION BY course_id ORDER BY moment) AS part,
        moment - last_sign >= INTERVAL {closing} HOUR AND NOT shows AS is_over
    FROM signs
), opened AS (
    SELECT *, bool_or(fever) OVER (PARTITION BY course_id, part ORDER BY moment) AND NOT coalesce(is_over, false) AS is_open
    FROM parts
), masked AS (
    SELECT *, bool_or(given AND is_open) OVER (PARTITION BY course_id, part ORDER BY moment) AND is_open AS is_masked FROM opened
)
SELECT course_id, max(CASE
    WHEN NOT (fever OR coalesce(is_masked, false)) THEN 0
    WHEN pressors > 1 THEN 4 WHEN pressors = 1 THEN 3 WHEN oxygen THEN 2 WHEN fever THEN 1 ELSE 0 END) AS peak
FROM masked GROUP BY course_id
"""


def duckdb_peaks(folder: Path) -> dict[str, int]:
    """Highest grade per course with DuckDB window functions."""
    import duckdb

    query = SQL.format(folder=folder, masking=MASKING_HOURS, closing=CLEAR_HOURS + 1)
    with duckdb.connect() as connection:
        return {str(course): int(peak) for course, peak in connection.execute(query).fetchall()}
