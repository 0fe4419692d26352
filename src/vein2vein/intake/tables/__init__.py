"""Floor 3: plain tables (CSV or Parquet, one fact per row), with a mapping file for what is local.

`files` reads in batches, `mapping` is the mapping file, `draft` drafts one, `rows` turns a batch into canonical rows,
`convert` makes the delivery, in memory or partition by partition.
"""
