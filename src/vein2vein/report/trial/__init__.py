"""Reports on trial designs for a protocol: one content, written as HTML and as Word.

Place    Report.
Out      `content`: blocks of headings, tables, drawings. `html`, `word`: the same blocks as files. `plots`, `flow`: drawings.
"""
