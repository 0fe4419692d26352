"""What a dose needs that is not known, in words: an input by its name, and the last value where it no longer counts.

Place    Journey, assess.
In       The needs of a computed dose, its formulas, questions to the course at the instant of the dose.
Out      Text by language.
Missing  Where a file has no words for an input, its name says what it is.
Checked  tests/unit/journey/assess/test_unjudged.py
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from vein2vein.basis.clock import MICROSECONDS_PER_HOUR, to_microseconds
from vein2vein.engine.plain.ask import Questions
from vein2vein.journey.assess.needs import label_of
from vein2vein.journey.assess.phrases import listed, local, say, words
from vein2vein.journey.lymphodepletion.doses import DrugDose
from vein2vein.journey.stages.asking import FormulaAnswer
from vein2vein.knowledge.formulas import Formula
from vein2vein.knowledge.inputs import Latest

_IMPLAUSIBLE = "a plausible "


def lacks_of(doses: Iterable[DrugDose], questions: Questions) -> Mapping[str, str]:
    """Everything that some computed doses need, each once."""
    return listed(text for dose in doses for text in _lacks(dose, questions))


def _lacks(dose: DrugDose, questions: Questions) -> Iterator[Mapping[str, str]]:
    renal = None if dose.renal is None else dose.renal.clearance
    formulas = [a.formula for a in (dose.basis, renal) if isinstance(a, FormulaAnswer)]
    for name in dose.needs:
        yield _lack(name, formulas, questions)


def _lack(name: str, formulas: Sequence[Formula], questions: Questions) -> Mapping[str, str]:
    asking = next((formula for formula in formulas if name in formula.inputs), None)
    if asking is None:
        said = words("need", "plausible") if name.startswith(_IMPLAUSIBLE) else words("need", name)
        return {**said, "en": name}
    label, declared = label_of(asking, name), asking.inputs[name]
    if not isinstance(declared, Latest) or declared.holds_hours is None:
        return label
    last = questions.index.latest(declared.observation, questions.at)
    if last is None or questions.at - to_microseconds(last.observed_at) < declared.holds_hours * MICROSECONDS_PER_HOUR:
        return label
    when = local(last.observed_at, questions.timeline.course.zone)
    return say("expired", what=label, when=when, hours=f"{declared.holds_hours:g}")
