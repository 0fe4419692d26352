"""Tools over many patients that do not know each other: trial design, and later cohort, capacity, economics and access."""
