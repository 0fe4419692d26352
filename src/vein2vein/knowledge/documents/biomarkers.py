"""Published effect sizes of biomarkers, to be browsed: marker, setting, number of patients, effect, interval, source, status.

Place    Floor 1. Read by reports and pages.
In       Files of kind `biomarkers` (data/biomarkers).
Out      `Biomarkers`: effects by marker; nothing is computed from them.
Knows    An effect stands as it was printed. Ratios of correlated markers are never multiplied or combined.
Missing  What the source does not print (number of patients, interval) is null; an effect told only in words has no number.
Checked  tests/knowledge/test_every_document.py; tests/unit/knowledge/test_biomarkers.py
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from vein2vein.knowledge.edition import Edition, Status, Strict, Text, Wording


class Effect(Strict):
    """One published effect.

    `observation` is the kind that shows the marker in a record, and `diseases` are those of the setting, as labels name them;
    both are left out where no kind shows it. `measured` says when the marker was measured: `before-infusion` where that is what
    the source studied or, with the `note`, what is taken where the text that was read names no time point; a value from
    later is never shown beside the effect. `value` is a ratio (odds or hazard ratio), or a number of the kind that `measure`
    names; `interval` is the 95 % interval.
    """

    name: Text
    marker: Text
    observation: Text | None = None
    diseases: tuple[Text, ...] = ()
    measured: Literal["before-infusion"] | None = None
    note: Wording | None = None
    label: Wording
    setting: Wording
    n: Annotated[int, Field(gt=0)] | None = None
    outcome: Wording
    measure: Literal["odds ratio", "hazard ratio", "percent", "words"]
    value: float | None = None
    interval: tuple[float, float] | None = None
    per: Wording | None = None
    text: Wording | None = None
    source: Text
    locator: Text
    status: Status

    @model_validator(mode="after")
    def _is_coherent(self) -> Effect:
        if (self.observation is None) != (self.measured is None):
            msg = f"{self.name}: a marker that a record shows says when it was measured"
            raise ValueError(msg)
        if (self.measure == "words") != (self.value is None):
            msg = "an effect has a number, or is told in words"
            raise ValueError(msg)
        if self.measure == "words" and self.text is None:
            msg = "an effect in words has a text"
            raise ValueError(msg)
        if (
            self.interval is not None
            and self.value is not None
            and not self.interval[0] <= self.value <= self.interval[1]
        ):
            msg = f"{self.name}: {self.value} lies outside its interval"
            raise ValueError(msg)
        return self


class EffectCase(Strict):
    """One example: the numbers of one effect, written a second time from the source."""

    name: Text
    effect: Text
    n: int | None = None
    value: float | None = None
    interval: tuple[float, float] | None = None
    parameters: dict[str, Any] = Field(default_factory=dict)


class Biomarkers(Edition):
    """A collection of effects. Every effect has a worked case that says its numbers a second time."""

    RULE_PARTS: ClassVar = ("effects",)

    kind: Literal["biomarkers"]
    effects: Annotated[tuple[Effect, ...], Field(min_length=1)]
    worked_cases: Annotated[tuple[EffectCase, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _names_stand_once(self) -> Biomarkers:
        names = [effect.name for effect in self.effects]
        cited = {source.key for source in self.sources}
        strangers = sorted({effect.source for effect in self.effects} - cited)
        unchecked = sorted(set(names) ^ {case.effect for case in self.worked_cases})
        if len(names) != len(set(names)) or strangers or unchecked:
            msg = f"effects stand once, cite a source of the file ({strangers}) and are checked by a case ({unchecked})"
            raise ValueError(msg)
        return self

    @property
    def markers(self) -> tuple[str, ...]:
        """Markers, sorted."""
        return tuple(sorted({effect.marker for effect in self.effects}))

    def of(self, marker: str) -> tuple[Effect, ...]:
        """Effects of a marker, in the order of the file; empty where there is none."""
        return tuple(effect for effect in self.effects if effect.marker == marker)

    def beside(self, indication: str | None, kinds: frozenset[str]) -> tuple[Effect, ...]:
        """Effects in a disease of markers that are recorded, in the order of the file."""
        return tuple(e for e in self.effects if e.observation in kinds and indication in e.diseases)

    def case_failure(self, case: EffectCase) -> str | None:
        """How a worked case differs from the effect that it names; None when it does not."""
        effect = next(effect for effect in self.effects if effect.name == case.effect)
        got, wanted = (effect.n, effect.value, effect.interval), (case.n, case.value, case.interval)
        return None if got == wanted else f"expected {wanted}, got {got}"
