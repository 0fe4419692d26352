"""The version of this package, in one place: the build reads it here, and so does the library."""

__version__ = "0.1.0"
