"""The calendar before a planned infusion, line by line.

Place    Report, candidate.
In       One regimen of the plain calendar, how an instant is told, words.
Out      Lines: doses, the days on which it may begin, what has to have stopped, and how bridging stands so far.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from vein2vein.report.candidate.common import Plain


def regimen_lines(one: Plain, when: Callable[[str], str], words: Mapping[str, str]) -> Iterator[str]:
    """Everything that one regimen asks for before the infusion."""
    if one["lent_label"] is not None:
        yield one["lent_label"]
    if one["is_late"]:
        yield words["late"]
    for on, drugs in _by_day(one["doses"]):
        yield words["on"].format(words["comma"].join(d["label"] for d in drugs), on, drugs[0]["relative_day"])
    yield _window(one, words) + f" [{words[one['gap']['status']]}]"
    if one["last_dose_until"] is not None:
        yield words["dose_until"].format(when(one["last_dose_until"]))
    if one["stops"]:
        yield words["before"].format(one["first_day"])
    yield from (_stop(stop, when, words) for stop in one["stops"])
    if one["so_far"] is not None:
        yield from _so_far(one["so_far"], when, words)


def _by_day(doses: list[Plain]) -> Iterator[tuple[str, list[Plain]]]:
    for on in dict.fromkeys(dose["on"] for dose in doses):
        yield on, [dose for dose in doses if dose["on"] == on]


def _window(one: Plain, words: Mapping[str, str]) -> str:
    first, last = one["start_from"], one["start_until"]
    if first is not None and first == last:
        return words["only"].format(first)
    if first is not None and last is not None:
        return words["window"].format(first, last)
    if last is not None:
        return words["no_earlier"].format(last)
    return words["no_window"] if first is None else words["no_later"].format(first)


def _stop(one: Plain, when: Callable[[str], str], words: Mapping[str, str]) -> str:
    by = one["last_day"] if one["last_instant"] is None else when(one["last_instant"])
    text = words["stop_none"].format(one["label"]) if by is None else words["stop_day"].format(one["label"], by)
    if one["preferred_last_day"] is not None:
        text += words["aside"].format(words["prefer"].format(one["preferred_last_day"]))
    aside = "" if one["strength"] in {"required", "flag"} else f"{words[one['strength']]}, "
    return f"{text} [{aside}{words[one['status']]}, {one['source']}]"


def _so_far(found: Plain, when: Callable[[str], str], words: Mapping[str, str]) -> Iterator[str]:
    yield words[{True: "kept", False: "broken"}.get(found["kept"], "unsettled")]
    for drug in found["drugs"]:
        aside = words["aside"].format(words["advised"]) if drug["strength"] == "advised" else ""
        if drug["last"] is None:
            yield words["runs"].format(drug["label"]) + aside
        elif drug["earliest"] is None:
            yield words["recorded"].format(drug["label"], when(drug["last"])) + aside
        else:
            yield words["after"].format(drug["label"], when(drug["last"]), when(drug["earliest"])) + aside
    if found["not_charted"]:
        yield words["uncharted"].format(words["comma"].join(one["label"] for one in found["not_charted"]))
