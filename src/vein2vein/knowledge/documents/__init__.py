"""Models of the documents of the standard of care: one module for each kind of file."""
