"""Addresses of our own FHIR artefacts, for facts that have no agreed code.

Place    Floor 3, FHIR adapter; the FHIR output of the report uses the same.
Knows    The base is a reserved example domain: the code systems are ours and published nowhere. A centre that publishes them
         replaces the base. Where an agreed code exists it is used beside ours.
"""

from __future__ import annotations

from typing import Final

BASE: Final = "https://vein2vein.example/fhir"

KINDS: Final = f"{BASE}/CodeSystem/observation-kind"
"""Codes are the ids of knowledge/data/codes/observations."""
CATEGORIES: Final = f"{BASE}/CodeSystem/category"
"""Codes are ``kind/category`` with the ids of knowledge/data/codes/observations, and ``yes``, ``no``."""
EXPOSURES: Final = f"{BASE}/CodeSystem/exposure"
"""Codes are ``stream/agent`` with the ids of knowledge/data/codes/exposures, or ``stream/unspecified``."""
REASONS: Final = f"{BASE}/CodeSystem/reason"
"""Codes are ``stream/reason`` with the ids of knowledge/data/codes/exposures."""
MILESTONES: Final = f"{BASE}/CodeSystem/milestone"
"""Codes are ids of knowledge/data/codes/milestones, or ``milestone/detail``."""
PRODUCTS: Final = f"{BASE}/CodeSystem/product"
"""Codes are product ids of this library."""
INDICATIONS: Final = f"{BASE}/CodeSystem/indication"
"""Codes are the words that rule sets use for the indication of a course, such as ``systemic-lupus-erythematosus``."""
RULE_SETS: Final = f"{BASE}/CodeSystem/rule-set"
"""Codes are ids of rule sets."""
VERDICT_PARTS: Final = f"{BASE}/CodeSystem/verdict-part"
"""Codes: lowest, highest, onset-day, hours."""
ASIDE: Final = f"{BASE}/CodeSystem/set-aside"
"""Codes are ``ignore`` and ``ASK``: what a mapping file says of a code that is not read; never sent."""
QUESTIONNAIRES: Final = f"{BASE}/Questionnaire"
COURSES: Final = f"{BASE}/sid/course"
"""Identifier system of courses, on the resource of an infusion."""
VERDICTS: Final = f"{BASE}/sid/verdict"
"""Identifier system of verdict steps and episodes in what this library writes."""
