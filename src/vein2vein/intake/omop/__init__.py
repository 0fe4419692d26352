"""OMOP CDM 5.4 deliveries: folder, zip, DuckDB file or PostgreSQL database. The verbs are in `adapter`."""
