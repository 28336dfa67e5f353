"""A connector's file: TOML, checked key by key; what is wrong is said with the key and its meaning."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any, Literal
from urllib.parse import quote

from pydantic import Field, ValidationError

from lifang.core import BadInput, Problem, convert, unit, zone
from lifang.guard import Classification
from lifang.sensing.connectors.mapping import Mapper, Part, ThingRule, TimeRule, ValueRule
from lifang.sensing.connectors.mapping.mapper import Rules
from lifang.sensing.connectors.running.model import ConnectorSpec
from lifang.sensing.model import Quality

FILE_MAX = 100_000  # characters
_PLACEHOLDER = re.compile(r"\$\{([a-z][a-z0-9_]{0,63})\}")
_SECRET = re.compile(r"password|passwd|secret|token|authorization|cookie|api.?key|^key$", re.IGNORECASE)
_PLAIN = {"extra_forbidden": "There is no key {key!r}.", "missing": "The key {key!r} is missing."}
_WORDS = tuple(quality.word for quality in Quality)


class Head(Part):
    """The keys outside any table."""

    kind: str = Field(description="Which connector: one of those described below.")
    zh: str = Field("", description="Chinese name; the id if not given.")
    en: str = Field("", description="English name; the id if not given.")
    every_s: float = Field(60.0, ge=0.1, le=31 * 86_400, description="Seconds from one pull to the next.")
    limit_s: float = Field(60.0, ge=0.1, le=6 * 3600, description="Seconds that one pull may take.")
    retry_s: float = Field(5.0, ge=0.1, le=3600, description="The first wait after a failure; it doubles each time …")
    retry_max_s: float = Field(900.0, ge=0.1, le=86_400, description="… up to this, less up to a half by chance.")
    zone: str = Field("", description="Time zone of moments without an offset; the city's if not given.")
    classification: Literal["open", "shared", "restricted"] = Field(
        "shared", description="Of the things and datastreams that the connector registers."
    )
    create: bool = Field(True, description="Whether things and datastreams that are not known may be registered.")
    create_max: int = Field(10_000, ge=0, le=1_000_000, description="How many datastreams it may register in all.")
    only: list[str] = Field(default_factory=list, description="The codes of the values to take; all if empty.")
    source: dict[str, Any] = Field(default_factory=dict, description="Where the data come from: see each connector.")
    time: TimeRule | None = Field(None, description="See below.")
    thing: ThingRule | None = Field(None, description="See below.")
    values: list[ValueRule] = Field(default_factory=list, max_length=1000, description="See below.")
    quality: dict[str, str] = Field(
        default_factory=dict, description=f"The source's mark = one of {', '.join(_WORDS)}; `*` is any other mark."
    )


@dataclass(frozen=True)
class Config:
    """A connector's file, read and checked; ``digest`` is of its text, ``needs`` names the secrets it refers to."""

    id: str
    text: str
    head: Head
    spec: ConnectorSpec
    needs: frozenset[str]
    city_zone: str

    @property
    def digest(self) -> str:
        """The SHA-256 of the text, in hexadecimal."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def options(self, secrets: Mapping[str, str]) -> Part:
        """Return ``[source]`` with each ``${name}`` in it replaced by that secret, percent-encoded in ``url``."""
        missing = sorted(self.needs - secrets.keys())
        if missing:
            raise BadInput(
                f"The secret {missing[0]!r} is not known.",
                where=f"{self.id}: source",
                mend=f"Give it: lifang connect add FILE --replace --secret {missing[0]}.",
            )
        filled = _filled(self.head.source, lambda match: secrets[match[1]])
        if isinstance(self.head.source.get("url"), str):
            filled["url"] = _filled(self.head.source["url"], lambda match: quote(secrets[match[1]], safe=""))
        found: Part = _checked(self.spec.options, filled, f"{self.id}: source")
        return found

    def mapper(
        self, centre: tuple[float, float], *, source_zone: tzinfo | None = None, stated: Mapping[str, Any] | None = None
    ) -> Mapper:
        """Return the mapper of this file's rules; ``source_zone`` and ``stated`` are what the source says of itself."""
        head = self.head
        rules = Rules(
            time=head.time,
            thing=head.thing,
            values=[rule for rule in head.values if not head.only or rule.name in head.only],
            marks=head.quality,
            zone=source_zone if source_zone and not head.zone else zone(head.zone or self.city_zone),
            classification=Classification(head.classification),
            centre=centre,
            properties={"connector": self.id, **(stated or {})},
        )
        return Mapper(rules, paths=self.spec.paths)


def read_config(connector_id: str, text: str, *, find: Callable[[str], Any], city_zone: str) -> Config:
    """Return the checked file; ``BadInput`` says which key is wrong and what it means.

    ``find`` returns the connector's module for a kind.
    """
    where = f"{connector_id}.toml"
    if len(text) > FILE_MAX:
        raise BadInput(f"The file is longer than {FILE_MAX} characters.", where=where, mend="Split the connector.")
    try:
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise BadInput(f"This is not TOML: {error}.", where=where, mend="Correct that line.") from error
    if "secrets" in table:
        raise BadInput(
            "Secrets do not stand in the file.", where=f"{where}: secrets", mend="Write ${name} and give --secret name."
        )
    kind = table.get("kind")
    if not isinstance(kind, str):
        raise BadInput("The file does not say its kind.", where=f"{where}: kind", mend='Begin with kind = "folder".')
    spec: ConnectorSpec = find(kind).spec
    head: Head = _checked(Head, {**spec.given, **table}, where)
    _check_no_secret(head.source, f"{where}: source")
    needs = frozenset(_placeholders(head.source))
    config = Config(connector_id, text, head, spec, needs, city_zone)
    _checked(spec.options, _filled(head.source, lambda _: "x"), f"{where}: source")
    _check_rules(config, where)
    return config


def _check_no_secret(table: Mapping[str, Any], where: str) -> None:
    """Refuse a password or token that stands in the file itself."""
    for name, value in table.items():
        if isinstance(value, Mapping):
            _check_no_secret(value, f"{where}.{name}")
        elif isinstance(value, str) and value and _SECRET.search(name) and not _PLACEHOLDER.search(value):
            raise BadInput(
                "A secret stands in the file, where others read it.",
                where=f"{where}.{name}",
                mend=f'Write {name} = "${{name}}" and give it with --secret name; change it if others have seen it.',
            )


def _check_rules(config: Config, where: str) -> None:
    head = config.head
    if config.spec.maps and not head.values:
        raise BadInput("Nothing says which values to take.", where=f"{where}: values", mend="Add a [[values]] table.")
    unknown = set(head.only) - {rule.name for rule in head.values}
    if unknown:
        raise BadInput(f"`only` names {min(unknown)!r}, which is no value.", where=f"{where}: only",
                       mend="Use codes of [[values]].")  # fmt: skip
    for mark, word in head.quality.items():
        if word not in _WORDS:
            raise BadInput(
                f"{word!r} is no quality.", where=f"{where}: quality.{mark}", mend=f"Use {', '.join(_WORDS)}."
            )
    for place, rule in enumerate(head.values):
        _check_value(config, rule, f"{where}: values[{place}]")
    _told(lambda: zone(head.zone or config.city_zone), f"{where}: zone")
    _told(lambda: config.mapper((0.0, 0.0)), where)


def _check_value(config: Config, rule: ValueRule, where: str) -> None:
    _told(lambda: (unit(rule.unit), unit(rule.speaks)), f"{where}.unit")
    _told(lambda: convert(0.0, rule.speaks, rule.unit), f"{where}.source_unit")
    if not rule.datastream and config.head.thing is None:
        raise BadInput(
            f"Nothing says whose value {rule.name!r} is.", where=where, mend="Add [thing] with an id, or `datastream`."
        )


def _told(check: Callable[[], Any], where: str) -> None:
    """Run ``check``; what it refuses is told with the key it is about."""
    try:
        check()
    except Problem as problem:
        raise BadInput(problem.what, where=problem.where or where, mend=problem.mend or "Correct it.") from problem


def _checked(kind: type[Part], table: Mapping[str, Any], where: str) -> Any:
    try:
        return kind.model_validate(table)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(str(each) for each in first["loc"])
        place = f"{where}: {key}" if ": " not in where else f"{where}.{key}".rstrip(".")
        cause = first.get("ctx", {}).get("error")
        if isinstance(cause, Problem):
            raise BadInput(cause.what, where=place, mend=cause.mend) from error
        mend = _meaning(kind, [str(each) for each in first["loc"]])
        what = _PLAIN.get(first["type"], f"{first['msg']}.").format(key=key)
        raise BadInput(what, where=place, mend=mend) from error


def _meaning(kind: type[Part], path: list[str]) -> str:
    """Return what the key at ``path`` is for, or which keys there are."""
    fields: Mapping[str, Any] = kind.model_fields
    name = path[0] if path else ""
    if name not in fields:
        return f"Known keys: {', '.join(fields)}."
    inner = [each for each in models_in(fields[name].annotation) if len(path) > 1]
    rest = [each for each in path[1:] if not each.isdigit()]
    if inner and rest:
        return _meaning(inner[0], rest)
    return str(fields[name].description or "Correct it.")


def models_in(annotation: Any) -> list[type[Part]]:
    """Return the tables that a key so annotated may hold."""
    if isinstance(annotation, type) and issubclass(annotation, Part):
        return [annotation]
    return [found for each in getattr(annotation, "__args__", ()) for found in models_in(each)]


def _placeholders(value: Any) -> set[str]:
    if isinstance(value, str):
        return set(_PLACEHOLDER.findall(value))
    parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return set().union(*map(_placeholders, parts))


def _filled(value: Any, put: Callable[[re.Match[str]], str]) -> Any:
    if isinstance(value, str):
        return _PLACEHOLDER.sub(put, value)
    if isinstance(value, Mapping):
        return {name: _filled(each, put) for name, each in value.items()}
    return [_filled(each, put) for each in value] if isinstance(value, list) else value
