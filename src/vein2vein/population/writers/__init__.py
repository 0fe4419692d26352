"""Floor 4: write a cohort in the forms in which hospitals send data, and say what a form cannot carry.

`hospital` writes long tables with local codes and the mapping file that reads them, `fhir` writes FHIR R4 as of a bulk export,
`omop` the tables of OMOP CDM 5.4. `deliver` writes any of them part by part; `account` holds what was left out.
"""
