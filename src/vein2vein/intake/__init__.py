"""Floor 3: what a hospital delivers, turned into cohort tables, with an account of every row.

The door is `vein2vein.intake.door.open_delivery`. Each adapter has the verbs read, check and convert; they share
`delivery` and `book` (the report), `times` (instants), `canonical` (units and values), `checks` (faults over the whole
delivery) and `charting` (completely charted streams, oxygen devices charted now and then).
"""
