"""Options of bridging between collection and lymphodepletion, by disease, each with what has to be minded.

Place    Floor 1. Read by `journey.assess` and the documentation.
In       Files of kind `bridging-options` (data/bridging).
Out      `BridgingOptions.of(indication)`: options that the sources name for a disease.
Knows    The goal is control of the disease, not remission. When an option has to stop stands in a wash-out document.
Missing  A disease that no option names has none; that is not advice against bridging.
Does not Choose an option, or say a dose: none was read.
Checked  tests/knowledge/test_every_document.py; tests/unit/journey/bridging/test_options.py
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from vein2vein.knowledge.edition import Edition, Status, Strict, Text, Wording


class BridgingOption(Strict):
    """One option: the diseases it is named for (as labels name them), what it is, and what has to be minded."""

    name: Text
    diseases: Annotated[tuple[Text, ...], Field(min_length=1)]
    label: Wording
    mind: Wording | None = None
    source: Text
    status: Status


class BridgingCase(Strict):
    """One example: a disease and the options named for it."""

    name: Text
    indication: Text | None
    expect: tuple[Text, ...]
    parameters: dict[str, Any] = Field(default_factory=dict)


class BridgingOptions(Edition):
    """A list of options."""

    RULE_PARTS: ClassVar = ("options",)

    kind: Literal["bridging-options"]
    options: Annotated[tuple[BridgingOption, ...], Field(min_length=1)]
    worked_cases: Annotated[tuple[BridgingCase, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _options_stand_once(self) -> BridgingOptions:
        names = [option.name for option in self.options]
        strangers = sorted({option.source for option in self.options} - {source.key for source in self.sources})
        if len(names) != len(set(names)) or strangers:
            msg = f"options stand once and cite a source of the file: {strangers or names}"
            raise ValueError(msg)
        return self

    def of(self, indication: str | None) -> tuple[BridgingOption, ...]:
        """Options for a disease, in the order of the file; none where the disease is not known."""
        return tuple(option for option in self.options if indication in option.diseases)

    def case_failure(self, case: BridgingCase) -> str | None:
        """How a worked case comes out otherwise than it says; None when it holds."""
        got = tuple(option.name for option in self.of(case.indication))
        return None if got == case.expect else f"expected {', '.join(case.expect)}, got {', '.join(got)}"
