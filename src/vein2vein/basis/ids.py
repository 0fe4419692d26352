"""Identifiers as distinct types, so that a patient is never passed where a course is meant.

Place    Floor 0. Read by every floor.
Does not Parse or invent identifiers: they are opaque strings of the delivering centre.
"""

from __future__ import annotations

from typing import NewType

PatientId = NewType("PatientId", str)
CourseId = NewType("CourseId", str)
