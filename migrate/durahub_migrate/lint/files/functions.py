"""The functions of Bicep and ARM templates whose value does not depend on a deployment.

All the others give unknown values, and so do these with arguments that do not fit.
Source: template function reference of Azure Resource Manager.
"""

import math
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

from durahub_migrate.lint.files.computed import LONGEST
from durahub_migrate.lint.files.document import Unknown
from durahub_migrate.lint.files.resource_ids import id_of

_GIVES_UP = (TypeError, ValueError, IndexError, KeyError, AttributeError, ArithmeticError)


def call(name: str, arguments: list[Any], text: str) -> Any:
    """Return the value of a function, as plain Python; `Unknown` with *text* if it is not to be told here."""
    function = _FUNCTIONS.get(name.lower())
    lazy = _LAZY.get(name.lower())
    try:
        if lazy is not None:
            value = lazy(*arguments)
        elif function is None or any(isinstance(one, Unknown) for one in arguments):
            return Unknown(text)
        else:
            value = function(*arguments)
    except _GIVES_UP:
        return Unknown(text)
    if isinstance(value, Unknown):
        return Unknown(text)
    return value if _fits(value) else Unknown(text)


def written(value: Any) -> str:
    """Return a scalar as interpolation writes it; raise `TypeError` for what is none."""
    if isinstance(value, bool):
        return "True" if value else "False"
    if isinstance(value, (str, int)):
        return str(value)
    raise TypeError


def same(one: Any, other: Any) -> bool:
    """Return whether two values are equal; a truth value is no number."""
    return type(one) is type(other) and bool(one == other)


def _fits(value: Any) -> bool:
    if isinstance(value, (str, list, dict)):
        return len(value) <= LONGEST
    if isinstance(value, float):
        return math.isfinite(value)
    return not isinstance(value, int) or abs(value) < 1 << 63


def _concat(*parts: Any) -> Any:
    if all(isinstance(part, list) for part in parts):
        return [item for part in parts for item in part]
    return "".join(written(part) for part in parts)


def _format(pattern: str, *values: Any) -> Any:
    def put(found: re.Match[str]) -> str:
        if found[0] in ("{{", "}}"):
            return found[0][0]
        if found[2]:
            raise ValueError
        return written(values[int(found[1])])

    _check(pattern.count("{") * max((len(written(value)) for value in values), default=0))
    return re.sub(r"\{\{|\}\}|\{(\d{1,3})([^}]*)\}", put, pattern)


def _union(*parts: Any) -> Any:
    if all(isinstance(part, dict) for part in parts):
        result: dict[str, Any] = {}
        for part in parts:
            for name, value in part.items():
                both = isinstance(value, dict) and isinstance(result.get(name), dict)
                result[name] = _union(result[name], value) if both else value
        return result
    merged: list[Any] = []
    for part in parts:
        if not isinstance(part, list):
            raise TypeError
        merged += [item for item in part if item not in merged]
    return merged


def _contains(where: Any, what: Any) -> bool:
    if isinstance(where, dict):
        names = {name.lower() for name in where}
        if "..." in names and what.lower() not in names:
            raise ValueError
        return what.lower() in names
    if isinstance(where, str):
        return written(what) in where
    if not isinstance(where, list) or any(isinstance(item, Unknown) for item in where):
        raise TypeError
    return any(same(item, what) for item in where)


def _empty(value: Any) -> bool:
    return len(value or "") == 0


def _length(value: Any) -> int:
    if isinstance(value, dict) and "..." in value:
        raise ValueError
    return len(value)


def _take(value: Any, count: int) -> Any:
    return value[: max(count, 0)]


def _skip(value: Any, count: int) -> Any:
    return value[max(count, 0) :]


def _range(first: int, count: int) -> list[int]:
    if not 0 <= count <= LONGEST:
        raise ValueError
    return list(range(first, first + count))


def _join(items: list[Any], between: str) -> str:
    texts = [written(item) for item in items]
    _check(sum(map(len, texts)) + len(between) * len(texts))
    return between.join(texts)


def _replace(text: str, old: str, new: str) -> str:
    _check(text.count(old) * len(new))
    return text.replace(old, new)


def _check(length: int) -> None:
    """Raise `ValueError` before a text is made that is too long anyway."""
    if length > LONGEST:
        raise ValueError


def _split(text: str, between: str | list[str]) -> list[str]:
    marks = [between] if isinstance(between, str) else between
    return re.split("|".join(re.escape(mark) for mark in marks if mark), text)


def _substring(text: str, start: int, length: int | None = None) -> str:
    stop = len(text) if length is None else start + length
    if start < 0 or not start <= stop <= len(text):
        raise ValueError
    return text[start:stop]


def _int(value: Any) -> int:
    if isinstance(value, bool):
        raise TypeError
    return int(value)


def _bool(value: Any) -> bool:
    return {"true": True, "false": False, "1": True, "0": False}[str(value).lower()]


def _string(value: Any) -> str:
    return written(value)


def _bounded(choose: Callable[[list[int]], int]) -> Callable[..., int]:
    def chosen(*values: Any) -> int:
        several = values[0] if len(values) == 1 and isinstance(values[0], list) else list(values)
        if not several or not all(type(one) is int for one in several):
            raise TypeError
        return choose(several)

    return chosen


def _arithmetic(apply: Callable[[int, int], Any]) -> Callable[[Any, Any], Any]:
    def applied(one: Any, other: Any) -> Any:
        if type(one) is not int or type(other) is not int:
            raise TypeError
        return apply(one, other)

    return applied


def _divided(one: int, other: int) -> int:
    return int(math.copysign(abs(one) // abs(other), one * other))


def _remainder(one: int, other: int) -> int:
    return one - other * _divided(one, other)


def _if(condition: Any, then: Any, otherwise: Any) -> Any:
    if isinstance(condition, Unknown):
        return then if not isinstance(then, Unknown) and then == otherwise else condition
    return then if _truth(condition) else otherwise


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _and(*values: Any) -> Any:
    if any(value is False for value in values):
        return False
    return next((v for v in values if isinstance(v, Unknown)), all(map(_known_truth, values)))


def _or(*values: Any) -> Any:
    if any(value is True for value in values):
        return True
    return next((v for v in values if isinstance(v, Unknown)), any(map(_known_truth, values)))


def _known_truth(value: Any) -> bool:
    return isinstance(value, Unknown) or _truth(value)


def _coalesce(*values: Any) -> Any:
    return next((value for value in values if value is not None), None)


_LAZY: Mapping[str, Callable[..., Any]] = {
    "if": _if,
    "and": _and,
    "or": _or,
    "coalesce": _coalesce,
}

_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "add": _arithmetic(operator.add),
    "array": lambda value: value if isinstance(value, list) else [value],
    "bool": _bool,
    "concat": _concat,
    "contains": _contains,
    "createarray": lambda *items: list(items),
    "createobject": lambda *pairs: dict(zip(pairs[::2], pairs[1::2], strict=True)),
    "div": _arithmetic(_divided),
    "empty": _empty,
    "endswith": lambda text, end: text.lower().endswith(end.lower()),
    "equals": same,
    "extensionresourceid": id_of("extension"),
    "false": lambda: False,
    "first": lambda value: value[0],
    "format": _format,
    "greater": lambda one, other: one > other,
    "greaterorequals": lambda one, other: one >= other,
    "indexof": lambda text, what: text.lower().find(what.lower()),
    "int": _int,
    "join": _join,
    "last": lambda value: value[-1],
    "length": _length,
    "less": lambda one, other: one < other,
    "lessorequals": lambda one, other: one <= other,
    "max": _bounded(max),
    "min": _bounded(min),
    "mod": _arithmetic(_remainder),
    "mul": _arithmetic(operator.mul),
    "not": lambda value: not _truth(value),
    "null": lambda: None,
    "padleft": lambda value, width, mark=" ": written(value).rjust(min(width, LONGEST), mark),
    "range": _range,
    "replace": _replace,
    "resourceid": id_of("group"),
    "skip": _skip,
    "split": _split,
    "startswith": lambda text, start: text.lower().startswith(start.lower()),
    "string": _string,
    "sub": _arithmetic(operator.sub),
    "subscriptionresourceid": id_of("subscription"),
    "substring": _substring,
    "take": _take,
    "tenantresourceid": id_of("tenant"),
    "tolower": lambda text: text.lower(),
    "toupper": lambda text: text.upper(),
    "trim": lambda text: text.strip(),
    "true": lambda: True,
    "union": _union,
}
