"""Look wanted codes up in the delivery's own vocabulary, and say what each concept number stands for.

Place    Floor 3, intake.
In       An open source; the wanted codes.
Out      `Lexicon`: meaning of concept numbers, and of codes as the delivering system wrote them; what was not found.
Knows    code -> concept -> standard concept ("Maps to") -> everything below (drugs, devices and procedures only). When a
         concept lies below several wanted ones the nearest wins; when two are equally near and mean different things, the
         concept is ambiguous and has no meaning.
Missing  Without CONCEPT only concept numbers named in the code files and codes that cannot be mistaken are understood.
Does not Match by name.
Checked  tests/unit/intake/omop/test_concepts.py
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from vein2vein.intake.local import Codes
from vein2vein.intake.omop.options import Options
from vein2vein.intake.omop.source import Source, numbers, texts
from vein2vein.intake.omop.wanted import (
    INFUSION,
    UNSPECIFIED,
    Convention,
    Declared,
    Meaning,
    Wanted,
    conventions,
    declared_codes,
    wanted_codes,
)

# Codes that cannot be mistaken for a local number or abbreviation. A bare number of RxNorm or CPT can (38228), and so can an
# id of our code files ("weight"): they need their prefix, as in own:ice_score or CPT4:38228.
_SHAPES: Final[Mapping[str, str]] = {
    "LOINC": r"\d{1,5}-\d",
    "ATC": r"[A-Z]\d\d[A-Z]{2}\d\d",
    "SNOMED": r"\d{8,18}",
    "HCPCS": r"[A-V]\d{4}",
    "ICD10PCS": r"[0-9A-HJ-NP-Z]{7}",
    "ICD10CM": r"[A-TV-Z]\d[0-9A-Z](\.[0-9A-Z]{1,4})?",
    "CPT4": r"\d{4}T",
}
_PREFIX: Final = re.compile(
    r"^\s*(LOINC|ATC|SNOMED(?:[ -]?CT)?|HCPCS|ICD-?10-?PCS|ICD-?10-?CM|CPT4?|RxNorm|own)\s*[:|]\s*", re.I
)
_SPELLINGS: Final = {
    "loinc": "LOINC", "atc": "ATC", "snomed": "SNOMED", "snomedct": "SNOMED", "hcpcs": "HCPCS", "icd10pcs": "ICD10PCS",
    "icd10cm": "ICD10CM", "cpt": "CPT4", "cpt4": "CPT4", "rxnorm": "RxNorm", "own": "own",
}  # fmt: skip


@dataclass(frozen=True)
class Lexicon:
    """What concepts and codes of one delivery mean.

    Attributes:
        has_vocabulary: Whether the delivery brings a CONCEPT table with rows.
        has_ancestors: Whether it also says what lies below what.
        meanings: Meaning of each concept number that was found, descendants excepted.
        by_code: Meaning of each code, for rows whose concept is missing.
        ambiguous: Concept numbers that lie equally near to different meanings.
        not_found: Wanted codes that the vocabulary does not hold.
        declared: What the mapping file says of codes as written and of concept numbers; it wins over everything else.
        undiscovered: Declared codes of a vocabulary that the delivery does not hold.
    """

    has_vocabulary: bool
    has_ancestors: bool
    meanings: Mapping[int, Meaning]
    by_code: Mapping[tuple[str, str], Meaning]
    ambiguous: Mapping[int, tuple[Meaning, ...]] = field(default_factory=dict)
    not_found: tuple[Wanted, ...] = ()
    declared: Declared = field(default_factory=Declared)
    undiscovered: tuple[tuple[str, str], ...] = ()

    def said(self, concept: int | None, source_concept: int | None, text: str | None) -> Meaning | None:
        """What the mapping file says of a row with this concept, concept of the delivering system, and code as written."""
        numbered = self.declared.numbers
        found = (numbered.get(concept or 0), numbered.get(source_concept or 0), self.declared.texts.get(text or ""))
        return next((meaning for meaning in found if meaning is not None), None)

    def of_text(self, text: str | None) -> Meaning | None:
        """Meaning of a code as the delivering system wrote it; None when it is unknown or could be something else."""
        if not text:
            return None
        prefix = _PREFIX.match(text)
        if prefix:
            vocabulary = _SPELLINGS[re.sub(r"[ -]", "", prefix[1].lower())]
            return self.by_code.get((vocabulary, text[prefix.end() :].strip()))
        bare = text.strip()
        found = {
            meaning
            for vocabulary, shape in _SHAPES.items()
            if re.fullmatch(shape, bare) and (meaning := self.by_code.get((vocabulary, bare)))
        }
        return found.pop() if len(found) == 1 else None

    def written(self, wanted: Iterable[Wanted]) -> list[str]:
        """How wanted codes can stand in a ``*_source_value``, bare or behind the name of their vocabulary."""
        forms = (
            f"{head}{w.code}" for w in wanted if w.vocabulary for head in ("", f"{w.vocabulary}:", f"{w.vocabulary}|")
        )
        return [form for form in forms if self.of_text(form) is not None]

    def below(
        self, source: Source, present: Iterable[int]
    ) -> tuple[dict[int, Meaning], dict[int, tuple[Meaning, ...]]]:
        """Meanings of those of the present concepts that lie below wanted drugs, devices and procedures.

        Returns:
            Meanings, and the concepts that are ambiguous with their candidates.
        """
        roots = [concept for concept, meaning in self.meanings.items() if meaning.descends]
        unknown = [concept for concept in set(present) - set(self.meanings) if concept]
        if not (self.has_ancestors and roots and unknown):
            return {}, {}
        rows = source.frame(
            f"SELECT a.ancestor_concept_id, a.descendant_concept_id, a.min_levels_of_separation"  # noqa: S608
            f" FROM {source.relation('concept_ancestor')} a"
            f" WHERE a.ancestor_concept_id IN ({numbers(roots)}) AND a.descendant_concept_id IN ({numbers(unknown)})"
        ).rows()
        return _nearest((concept, level, self.meanings[root]) for root, concept, level in rows)


def look_up(source: Source, local: Codes | None = None) -> Lexicon:
    """Find the wanted codes in the delivery's vocabulary, and put what the mapping file says of local codes above them."""
    declared = declared_codes(local or Codes())
    found = {(v, c): n for n, v, c in concepts_by_code(source, declared.coded)} if source.has("concept") else {}
    numbers = {n: declared.coded[key] for key, n in found.items()} | dict(declared.numbers)
    lexicon = _looked_up(source)
    return replace(
        lexicon,
        meanings=dict(lexicon.meanings) | numbers,
        ambiguous={concept: said for concept, said in lexicon.ambiguous.items() if concept not in numbers},
        declared=replace(declared, numbers=numbers),
        undiscovered=tuple(sorted(set(declared.coded) - set(found))),
    )


def _looked_up(source: Source) -> Lexicon:
    wanted = wanted_codes()
    by_code = {(w.vocabulary, w.code): w.meaning for w in wanted if w.vocabulary}
    numbered = {int(w.code): w.meaning for w in wanted if not w.vocabulary}
    if not source.has("concept"):
        return _without_vocabulary(numbered, by_code)
    found = _concepts_of(source, wanted)
    if not found and not _has_rows(source, "concept"):
        return _without_vocabulary(numbered, by_code)
    levels = [(concept, 0, meaning) for concept, meaning in found.items()]
    levels += [(concept, 1, meaning) for concept, meaning in _standard(source, found)]
    meanings, ambiguous = _nearest(levels)
    known = set(found.values())
    not_found = tuple(w for w in wanted if w.vocabulary not in {"", "own"} and w.meaning not in known)
    has_ancestors = source.has("concept_ancestor") and _has_rows(source, "concept_ancestor")
    return Lexicon(
        has_vocabulary=True,
        has_ancestors=has_ancestors,
        meanings=numbered | meanings,
        by_code=by_code,
        ambiguous=ambiguous,
        not_found=not_found,
    )


def _without_vocabulary(numbered: dict[int, Meaning], by_code: Mapping[tuple[str, str], Meaning]) -> Lexicon:
    meanings = numbered | _numbered_conventions()
    return Lexicon(has_vocabulary=False, has_ancestors=False, meanings=meanings, by_code=by_code)


def _numbered_conventions() -> dict[int, Meaning]:
    stays = conventions().stay
    return {c.id: Meaning("exposure", "stay", agent) for agent, c in stays.items() if c.id is not None}


def _has_rows(source: Source, table: str) -> bool:
    return source.frame(f"SELECT 1 AS one FROM {source.from_clause(table)} LIMIT 1").height > 0  # noqa: S608


def _concepts_of(source: Source, wanted: Iterable[Wanted]) -> dict[int, Meaning]:
    meaning_of = {(w.vocabulary, w.code): w.meaning for w in wanted if w.vocabulary}
    return {concept: meaning_of[vocabulary, code] for concept, vocabulary, code in concepts_by_code(source, meaning_of)}


def concepts_by_code(source: Source, codes: Iterable[tuple[str, str]]) -> list[tuple[int, str, str]]:
    """Concept number, vocabulary and code of those of the given (vocabulary, code) pairs that the delivery knows."""
    grouped: dict[str, set[str]] = defaultdict(set)
    for vocabulary, code in codes:
        grouped[vocabulary].add(code)
    either = " OR ".join(
        f"(c.vocabulary_id = {texts([vocabulary])} AND c.concept_code IN ({texts(listed)}))"
        for vocabulary, listed in sorted(grouped.items())
    )
    if not either:
        return []
    frame = source.frame(
        f"SELECT c.concept_id, c.vocabulary_id, c.concept_code"  # noqa: S608
        f" FROM {source.relation('concept', ('concept_id', 'vocabulary_id', 'concept_code'))} c WHERE {either}"
    )
    return sorted(frame.rows())


def codes_of_concepts(source: Source, concepts: Iterable[int]) -> dict[int, tuple[str, str]]:
    """Vocabulary and code of concept numbers, as far as the delivery's vocabulary holds them."""
    wanted = sorted({c for c in concepts if c})
    if not wanted or not source.has("concept"):
        return {}
    frame = source.frame(
        f"SELECT c.concept_id, c.vocabulary_id, c.concept_code"  # noqa: S608
        f" FROM {source.relation('concept', ('concept_id', 'vocabulary_id', 'concept_code'))} c"
        f" WHERE c.concept_id IN ({numbers(wanted)})"
    )
    return {concept: (vocabulary, code) for concept, vocabulary, code in frame.rows()}


def _standard(source: Source, found: Mapping[int, Meaning]) -> list[tuple[int, Meaning]]:
    if not found or not source.has("concept_relationship"):
        return []
    rows = source.frame(
        f"SELECT r.concept_id_1, r.concept_id_2 FROM {source.relation('concept_relationship')} r"  # noqa: S608
        f" WHERE r.relationship_id = 'Maps to' AND r.invalid_reason IS NULL AND r.concept_id_1 IN ({numbers(found)})"
    ).rows()
    return [(standard, found[concept]) for concept, standard in rows if concept != standard]


def _nearest(
    levels: Iterable[tuple[int, int, Meaning]],
) -> tuple[dict[int, Meaning], dict[int, tuple[Meaning, ...]]]:
    best: dict[int, tuple[int, set[Meaning]]] = {}
    for concept, level, meaning in levels:
        known = best.get(concept)
        if known is None or level < known[0]:
            best[concept] = (level, {meaning})
        elif level == known[0]:
            known[1].add(meaning)
    one = {concept: _one(found) for concept, (_, found) in best.items()}
    sure = {concept: meaning for concept, meaning in one.items() if meaning is not None}
    ambiguous = {concept: tuple(sorted(found)) for concept, (_, found) in best.items() if concept not in sure}
    return sure, ambiguous


def _one(found: set[Meaning]) -> Meaning | None:
    """What equally near meanings say together: infusions of different products are an infusion all the same."""
    if len(found) == 1:
        return next(iter(found))
    if {meaning.role for meaning in found} != {INFUSION}:
        return None
    named = {meaning for meaning in found if meaning.code != UNSPECIFIED}
    return named.pop() if len(named) == 1 else Meaning("infusion", INFUSION, UNSPECIFIED)


def convention_concepts(source: Source, listed: Mapping[str, Convention]) -> dict[int, str]:
    """Which concept number says what, for a list such as operators or sexes."""
    by_code = {(c.vocabulary, c.code): name for name, c in listed.items()}
    numbered = {c.id: name for name, c in listed.items() if c.id is not None}
    if not source.has("concept"):
        return numbered
    found = {concept: by_code[vocabulary, code] for concept, vocabulary, code in concepts_by_code(source, by_code)}
    missing = {concept: name for concept, name in numbered.items() if name not in found.values()}
    return missing | found


@dataclass(frozen=True)
class Opened:
    """An open delivery: where its rows are, what its concepts mean, what was declared for it."""

    source: Source
    lexicon: Lexicon
    options: Options
