"""Deliveries in a PostgreSQL database, asked through Arrow.

Place    Floor 3, intake.
In       A URL such as postgresql://reader@host/database; the password may stand in PGPASSWORD or a password file.
Out      A `Source` whose questions the server answers, so that only the rows wanted travel.
Knows    All questions are asked in one read-only snapshot, so that counts and rows agree while the database is in use.
Does not Write, create temporary tables, or show the password in any message.
Checked  tests/acceptance/intake/omop with a server of its own
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import polars as pl

from vein2vein.errors import IntakeError
from vein2vein.intake.omop.cdm import Type
from vein2vein.intake.omop.duckdb_source import tables_of_schemas
from vein2vein.intake.omop.source import ROWS_IN_A_PIECE, SQL_TYPE, Column, Source, pieces, quoted

SCHEMES: Final = ("postgresql://", "postgres://")
_FITS: Final[Mapping[Type, tuple[str, ...]]] = {
    "integer": ("BIGINT", "INTEGER", "SMALLINT"),
    "number": ("DOUBLE PRECISION", "REAL", "BIGINT", "INTEGER", "SMALLINT"),
    "text": ("CHARACTER VARYING", "TEXT"),
    "date": ("DATE",),
    "datetime": ("TIMESTAMP WITHOUT TIME ZONE", "TIMESTAMP WITH TIME ZONE"),
}


class Postgres(Source):
    """A PostgreSQL database."""

    def __init__(self, url: str, *, schema: str | None = None, vocabulary_schema: str | None = None) -> None:
        import adbc_driver_postgresql.dbapi as driver  # noqa: PLC0415  (slow to load; only needed for a database)

        self.place, self._secret = _without_password(url)
        try:
            self._connection: Any = driver.connect(url)
            self._ask("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        except driver.Error as error:
            raise self._failed(error) from error
        try:
            self._tables = tables_of_schemas(
                self._catalogue(), schema, place=self.place, vocabulary_schema=vocabulary_schema
            )
        except BaseException:
            self.close()
            raise

    def _ask(self, sql: str) -> None:
        with self._connection.cursor() as cursor:
            cursor.execute(sql)

    def _catalogue(self) -> list[tuple[str, str, str, str]]:
        rows = self.frame(
            "SELECT CAST(table_schema AS text) AS s, CAST(table_name AS text) AS t, CAST(column_name AS text) AS c,"
            " CAST(data_type AS text) AS d FROM information_schema.columns"
            " WHERE table_schema NOT IN ('information_schema', 'pg_catalog') ORDER BY 1, 2, ordinal_position"
        )
        return rows.rows()

    def columns(self, table: str) -> Mapping[str, Column] | None:
        """See `Source`."""
        return self._tables[table][1] if table in self._tables else None

    def from_clause(self, table: str) -> str:
        """See `Source`."""
        return self._tables[table][0]

    def cast(self, column: Column, wanted: Type) -> str:
        """See `Source`."""
        name = quoted(column.name)
        if wanted == "text":
            return f"nullif({name if column.type in _FITS['text'] else f'CAST({name} AS text)'}, '')"
        # A bare column keeps the index on it usable.
        return name if column.type in _FITS[wanted] else f"CAST({name} AS {SQL_TYPE[wanted]})"

    def frame(self, sql: str) -> pl.DataFrame:
        """See `Source`."""
        import adbc_driver_postgresql.dbapi as driver  # noqa: PLC0415

        try:
            with self._connection.cursor() as cursor:
                cursor.execute(sql)
                answer = pl.from_arrow(cursor.fetch_arrow_table())
        except driver.Error as error:
            raise self._failed(error) from error
        return answer if isinstance(answer, pl.DataFrame) else answer.to_frame()

    def batches(self, sql: str) -> Iterator[pl.DataFrame]:
        """See `Source`."""
        import adbc_driver_postgresql.dbapi as driver  # noqa: PLC0415

        try:
            with self._connection.cursor() as cursor:
                cursor.execute(sql)
                reader = cursor.fetch_record_batch()
                yield from pieces(reader, reader.schema, ROWS_IN_A_PIECE)
        except driver.Error as error:
            raise self._failed(error) from error

    def explain(self, sql: str) -> str:
        """See `Source`."""
        with self._connection.cursor() as cursor:
            cursor.adbc_statement.set_options(**{"adbc.postgresql.use_copy": "false"})
            cursor.execute(f"EXPLAIN {sql}")
            return "\n".join(row[0] for row in cursor.fetchall())

    def close(self) -> None:
        """See `Source`."""
        self._connection.rollback()
        self._connection.close()

    def _failed(self, error: Exception) -> IntakeError:
        message = " ".join(str(error).split())
        for secret in self._secret:
            message = message.replace(secret, "...")
        return IntakeError(
            "INTAKE-507",
            saw=f"{self.place}: {message[:400]}",
            expected="a database that lets this user read the tables of the OMOP model",
            fix="check host, user, password (PGPASSWORD or a password file), database and rights",
        )


def _without_password(url: str) -> tuple[str, tuple[str, ...]]:
    try:
        parts = urlsplit(url)
        place = f"postgresql://{parts.hostname or ''}{parts.path}"
        secrets = (url, parts.password) if parts.password else (url,)
    except ValueError:
        return "postgresql://", (url,)
    return place, tuple(s for s in secrets if s)
