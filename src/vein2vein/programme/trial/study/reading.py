"""Values of a design file as the arguments of a function: names, kinds and nested parts are checked against its signature.

Place    Programme, trial, study. Read by every family, so that a key of a file is an argument of a function everywhere.
In       A mapping of YAML or JSON, and a function or frozen dataclass.
Out      What the function makes; TRIAL-005 with what was seen, expected and the cure where the mapping does not fit.
Knows    Doses count from 1 in files: `start` is turned. A nested mapping becomes the dataclass that the argument asks for.
Checked  tests/unit/programme/trial/test_designs.py
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass, replace
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, Final, Literal, NoReturn, TypeVar, Union, get_args, get_origin, get_type_hints

import yaml

from vein2vein.errors import TrialError
from vein2vein.programme.trial.words import Parameter

Made = TypeVar("Made")
Convert = Callable[[Any, Mapping[str, Any]], Any]
_WORDS: Final = {float: "a number", int: "a whole number", bool: "true or false", str: "a word"}


class _Once(yaml.SafeLoader):
    """YAML in which a key may stand once only, and dates that there are not are refused in our words."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002  (of the base)
        """A mapping, each key of which is there once."""
        seen = set[str]()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in seen:
                line = key.start_mark.line + 1
                refuse(f"the key {key.value!r} a second time, in line {line}", "each key once", "keep one of them")
            seen.add(str(key.value))
        return super().construct_mapping(node, deep)


def plain_values(text: str) -> Any:
    """The plain values of YAML or JSON text; a bare `null` as a key is the word "null".

    Raises:
        TrialError: TRIAL-005 for text that cannot be read, a key that is there twice, or a date that there is not.
    """
    try:
        given = yaml.load(text, _Once)  # noqa: S506  (a safe loader)
    except yaml.YAMLError as error:
        refuse(f"text that is no YAML: {str(error).splitlines()[0]}", "YAML or JSON", "correct the line that is named")
    except ValueError as error:  # a date such as 2027-13-01
        refuse(f"a date that there is not: {error}", "a date such as 2027-03-01", "correct it")
    if isinstance(given, dict) and None in given:
        given = {"null" if key is None else key: value for key, value in given.items()}
    return given


class UnknownKeyError(TrialError):
    """A key that nothing of a design takes, whatever its value (TRIAL-005)."""


def made(
    maker: Callable[..., Made], given: Mapping[str, Any], where: str, convert: Mapping[str, Convert] | None = None
) -> Made:
    """Call a function with the values of a file.

    Args:
        maker: Function or dataclass; its arguments are the keys.
        given: Values of the file.
        where: What is being made, for messages, such as "the design boin".
        convert: For a key or the name of a type, how a value is turned; it is also handed the whole mapping.

    Raises:
        TrialError: TRIAL-005 for unknown or missing keys and values of the wrong kind; what the function itself refuses.
    """
    if not isinstance(given, Mapping):
        keys = f"keys {', '.join(inspect.signature(maker).parameters)} with values"
        refuse(f"{where}: {given!r}", keys, "write `key: value` lines below it")
    wanted = inspect.signature(maker).parameters
    unknown = [str(key) for key in given if key not in wanted]
    if unknown:
        near = get_close_matches(unknown[0], wanted, 1)
        raise UnknownKeyError(
            "TRIAL-005",
            saw=f"{unknown[0]!r} in {where}",
            expected=f"keys {', '.join(wanted)}",
            fix=f"write {near[0]!r}" if near else "leave it out",
        )
    missing = [key for key, p in wanted.items() if p.default is p.empty and key not in given]
    if missing:
        keys = ", ".join(map(repr, missing))
        it = ("", "it") if len(missing) == 1 else ("s", "them")
        refuse(f"no key{it[0]} {keys} in {where}", keys, f"add {it[1]} to the file")
    hints, turns = _hints(maker), convert or {}
    values = {}
    for key, value in given.items():
        named = turns.get(key)
        values[key] = named(value, given) if named else _value(value, hints[key], f"{key} in {where}", turns)
    try:
        return maker(**values)
    except (TypeError, ValueError, AttributeError) as error:
        refuse(f"a value of the wrong kind in {where}: {error}", "numbers, lists and words", "correct it")


@lru_cache(maxsize=256)
def _hints(maker: Callable[..., Any]) -> Mapping[str, Any]:
    return get_type_hints(maker.__init__ if inspect.isclass(maker) else maker)


def _value(value: Any, hint: Any, where: str, turns: Mapping[str, Convert]) -> Any:  # noqa: PLR0911  (one per kind)
    origin = get_origin(hint)
    named = turns.get(getattr(hint, "__name__", ""))
    if named is not None:
        return named(value, {})
    if origin is Union or origin is types.UnionType:
        return _of_some(value, get_args(hint), where, turns)
    if origin is Literal:
        if value not in get_args(hint):
            refuse(f"{value!r} as {where}", "one of " + ", ".join(map(repr, get_args(hint))), "choose one of them")
        return value
    if hint in _WORDS:
        return _plain(value, hint, where)
    if origin is tuple or (origin is not None and inspect.isclass(origin) and issubclass(origin, Sequence)):
        return _several(value, get_args(hint), where, turns)
    if inspect.isclass(hint) and is_dataclass(hint):
        return value if isinstance(value, hint) else made(hint, value, where, turns)
    return tuple(value) if isinstance(value, list) else value


def _of_some(value: Any, kinds: tuple[Any, ...], where: str, turns: Mapping[str, Convert]) -> Any:
    """A value of one of several kinds; None where it may be left open."""
    if value is None and type(None) in kinds:
        return None
    rest = [kind for kind in kinds if kind is not type(None)]
    for kind in rest[:-1]:
        try:
            return _value(value, kind, where, turns)
        except TrialError:
            continue
    return _value(value, rest[-1], where, turns)


def _plain(value: Any, kind: Any, where: str) -> Any:
    fits = isinstance(value, (int, float) if kind is float else kind)
    if not fits or (isinstance(value, bool) and kind is not bool):
        refuse(f"a value of the wrong kind: {where} is {value!r}", _WORDS[kind], "correct it")
    return float(value) if kind is float else value


def _several(value: Any, kinds: tuple[Any, ...], where: str, turns: Mapping[str, Convert]) -> tuple[Any, ...]:
    if not isinstance(value, (list, tuple)):
        refuse(f"a value of the wrong kind: {where} is {value!r}", "a list", "write it as [first, second]")
    each = [kind for kind in kinds if kind is not Ellipsis]
    if len(each) > 1 and len(each) != len(value):
        refuse(f"{len(value)} values: {where}", f"{len(each)} values", "correct the list")
    of = each if len(each) > 1 else each * len(value)
    return tuple(_value(one, kind, where, turns) for one, kind in zip(value, of, strict=True))


def parameters_of(maker: Callable[..., Any], given: Mapping[str, Any], source: str) -> dict[str, Parameter]:
    """Every argument of a function with its value and whether the file set it; nested parts key by key, theirs too."""
    hints, found = _hints(maker), dict[str, Parameter]()
    for key, argument in inspect.signature(maker).parameters.items():
        if key in given:
            found |= _nested(key, given[key], hints.get(key), source)
        else:
            found[key] = Parameter(argument.default, "default", source)
    return found


def _nested(key: str, value: Any, hint: Any, source: str) -> dict[str, Parameter]:
    """A value of the file; of a mapping all its keys, and those that the dataclass of the argument fills in."""
    if not isinstance(value, Mapping):
        return {key: Parameter(tuple(value) if isinstance(value, list) else value, "set")}
    kinds = [kind for kind in (hint, *get_args(hint)) if inspect.isclass(kind) and is_dataclass(kind)]
    part = next((kind for kind in kinds if set(value) <= set(inspect.signature(kind).parameters)), None)
    if part is None:
        inner = {str(name): _nested(f"{key}.{name}", one, None, source) for name, one in value.items()}
        return {name: parameter for parts in inner.values() for name, parameter in parts.items()}
    below = parameters_of(part, value, source)
    filled = {field.name: field.default_factory for field in fields(part) if field.default_factory is not MISSING}
    return {
        f"{key}.{name}": replace(one, value=filled[name]()) if one.origin == "default" and name in filled else one
        for name, one in below.items()
    }


def cases_of(content: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The scenarios of a file, each a mapping with a name.

    Raises:
        TrialError: TRIAL-005 where they are no list of mappings, or two have the same name.
    """
    entries = content.get("scenarios") or []
    if not isinstance(entries, list):
        refuse(f"scenarios {entries!r}", "a list", "begin each scenario with `- name: ...`")
    found: list[Mapping[str, Any]] = []
    for i, entry in enumerate(entries):
        if not isinstance(entry, Mapping):
            refuse(f"scenario {i + 1}: {entry!r}", "{name: ..., and its rates}", "give each scenario its rates")
        found.append({"name": f"scenario {i + 1}"} | {str(key): value for key, value in entry.items()})
    names = [str(entry["name"]) for entry in found]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        refuse(f"two scenarios called {twice!r}", "a name for each", "rename one of them")
    return found


def refuse(saw: str, expected: str, fix: str) -> NoReturn:
    """Refuse a design file.

    Raises:
        TrialError: TRIAL-005, always.
    """
    raise TrialError("TRIAL-005", saw=saw, expected=expected, fix=fix)
