"""A reading as JSON text, and back: the worker reads what a page shows later."""

import json
from dataclasses import asdict, fields, is_dataclass
from functools import lru_cache
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from directives.documents.ingest.reading import Reading


def to_json(reading: Reading) -> str:
    return json.dumps(asdict(reading), ensure_ascii=False, separators=(",", ":"))


def from_json(text: str) -> Reading:
    """Raises ValueError, KeyError or TypeError where another release wrote it."""
    reading = _made(Reading, json.loads(text))
    assert isinstance(reading, Reading), "made as one"
    return reading


@lru_cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _made(kind: Any, value: Any) -> Any:
    """The value that `asdict` made of one with this annotation."""
    if value is None:
        return None
    if is_dataclass(kind):
        hints = _hints(kind)  # type: ignore[arg-type]  # a class, no instance
        names = [field.name for field in fields(kind)]
        return kind(**{name: _made(hints[name], value[name]) for name in names})  # type: ignore[operator]
    if get_origin(kind) in (Union, UnionType):
        [kind] = [one for one in get_args(kind) if one is not type(None)]
        return _made(kind, value)
    if get_origin(kind) is tuple:
        kinds = get_args(kind)
        if len(kinds) == 2 and kinds[1] is Ellipsis:
            return tuple(_made(kinds[0], one) for one in value)
        return tuple(_made(one, part) for one, part in zip(kinds, value, strict=True))
    return value
