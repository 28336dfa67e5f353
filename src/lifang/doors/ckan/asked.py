"""The parameters of a call, each read as its type, whether they came as JSON, as a form or in the address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from lifang.core import BadInput
from lifang.doors.ckan.envelope import NotJson

_TEXT_MAX = 100_000
_TRUE, _FALSE = frozenset({"true", "1", "yes", "t"}), frozenset({"false", "0", "no", "f", ""})


@dataclass(frozen=True)
class Asked:
    """What a call asks: ``values`` by name, ``root`` the city's address as the client calls it, without a slash."""

    values: Mapping[str, Any]
    root: str

    def text(self, name: str, default: str = "") -> str:
        """Return a text (numbers are taken as they are written)."""
        value = self.values.get(name)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise BadInput("This must be a text.", where=name, mend=f"Send {name} as a text.")
        return _bounded(str(value), name)

    def needed(self, *names: str) -> str:
        """Return the first of these texts that was sent; ``BadInput`` if none was."""
        for name in names:
            if text := self.text(name):
                return text
        raise BadInput("Missing value.", where=names[0], mend=f"Send {names[0]}.")

    def whole(self, name: str, default: int, *, most: int) -> int:
        """Return a whole number from 0; what is larger than ``most`` counts as ``most``."""
        value = self.values.get(name)
        if value is None or value == "":
            return default
        try:
            number = int(str(value)) if not isinstance(value, bool | float) else -1
        except ValueError:
            number = -1
        if number < 0:
            raise BadInput("Invalid integer.", where=name, mend="Send a whole number from 0.")
        return min(number, most)

    def truth(self, name: str, *, default: bool = False) -> bool:
        """Return a yes or no."""
        value = self.values.get(name)
        if value is None:
            return default
        text = str(value).strip().lower()
        if text not in _TRUE | _FALSE:
            raise BadInput("This must be true or false.", where=name, mend="Send true or false.")
        return text in _TRUE

    def names(self, name: str) -> list[str]:
        """Return a list of texts: a list, JSON text of one, or texts between commas."""
        value = self.values.get(name)
        if isinstance(value, str):
            value = _json(value, name) if value.lstrip().startswith("[") else value.split(",")
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise BadInput("This must be a list of texts.", where=name, mend=f'Send {name} as ["a", "b"].')
        return [_bounded(each.strip(), name) for each in value if each.strip()]

    def each(self, name: str) -> list[str]:
        """Return a text as a list of one, or the list that was sent, commas and all."""
        value = self.values.get(name)
        return self.names(name) if isinstance(value, list) else [each for each in [self.text(name)] if each]

    def mapping(self, name: str) -> dict[str, Any]:
        """Return an object, or JSON text of one."""
        value = self.values.get(name)
        if isinstance(value, str):
            value = _json(value, name) if value.strip() else None
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise BadInput("This must be an object.", where=name, mend=f'Send {name} as {{"column": "value"}}.')
        return value

    def objects(self, name: str) -> list[dict[str, Any]]:
        """Return a list of objects, or JSON text of one."""
        value = self.values.get(name)
        if isinstance(value, str):
            value = _json(value, name) if value.strip() else None
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            raise BadInput("This must be a list of objects.", where=name, mend=f"Send {name} as [{{…}}].")
        return value


def values_of(body: bytes) -> dict[str, Any]:
    """Return the object that a JSON body holds; ``NotJson`` for anything else."""
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise NotJson(
            f"JSON Error: {error.msg}.", where=f"character {error.pos}", mend="Send a JSON object as the body."
        ) from error
    if not isinstance(found, dict):
        raise NotJson("JSON Error: the body is no object.", where="body", mend="Send a JSON object as the body.")
    return found


def _json(text: str, name: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise BadInput(f"This is not JSON: {error.msg}.", where=name, mend="Correct it.") from error


def _bounded(text: str, name: str) -> str:
    if len(text) > _TEXT_MAX:
        raise BadInput(f"This is longer than {_TEXT_MAX} characters.", where=name, mend="Shorten it.")
    return text
