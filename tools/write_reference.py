"""Write what is generated: the reference and the layout of a new registry. `make docs` runs it."""

from __future__ import annotations

import json
import re
import sys
import tempfile
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from typing import Any

import typer.main
from network_reference import network_reference
from registry_schema import registry_schema

from lifang.app import lay_out_empty, open_city, sensors
from lifang.catalogue import Card
from lifang.catalogue.card import Column, Contact, Coverage, Geometry
from lifang.core import Plugins, Settings
from lifang.doors.api import create_app
from lifang.doors.cli.main import app
from lifang.doors.mqtt import MqttSettings
from lifang.doors.ngsild import NgsildSettings
from lifang.harvest import HarvestSettings
from lifang.sensing import connectors as sensing_connectors
from lifang.sensing.connectors import ConnectorSpec, mapping
from lifang.sensing.connectors.mapping import paths
from lifang.sensing.connectors.running import config
from lifang.standards import DataStandard, Element, as_markdown, code_list, shipped_standards, shipped_text
from lifang.store.registry import migrations

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = ROOT / "docs" / "reference"


def cli() -> str:
    """Return the command line's reference as Markdown."""
    lines = ["# Command line", "", "Written by `make docs` from the commands themselves.", ""]
    _describe(typer.main.get_command(app), "lifang", lines)
    return "\n".join(lines).rstrip() + "\n"


def _describe(command: Any, path: str, lines: list[str]) -> None:
    children = getattr(command, "commands", None)
    if children:
        for name, child in sorted(children.items()):
            _describe(child, f"{path} {name}", lines)
        return
    lines += [f"## `{path}`", "", (command.help or "").strip(), "", "| argument or option | meaning |", "|---|---|"]
    for parameter in command.params:
        shown = "/".join([*parameter.opts, *parameter.secondary_opts])
        if parameter.param_type_name == "argument":
            shown = (parameter.name or "").upper()
        lines.append(f"| `{shown}` | {getattr(parameter, 'help', '') or ''} |")
    lines.append("")


def settings() -> str:
    """Return the reference of ``city.toml`` as Markdown."""
    lines = [
        "# Settings: `city.toml`",
        "",
        "Written by `make docs` from `lifang.core.Settings`. A key that is one word",
    ]
    lines += ["or number can be overridden by `LIFANG_<KEY>` in the environment.", ""]
    lines += [*_table(Settings), "", _text(Settings), "", "## `[replay]`", "", _text(sensors), ""]
    lines += [
        *_table(sensors.ReplayPlan),
        "",
        "## `[mqtt]`",
        "",
        _text(MqttSettings),
        "",
        *_table(MqttSettings),
        "",
        "## `[ngsild]`",
        "",
        _text(NgsildSettings),
        "",
        *_table(NgsildSettings),
        "",
        "## `[harvest]`",
        "",
        _text(HarvestSettings),
        "",
        *_table(HarvestSettings),
        "",
        "## `[[layers]]`",
        "",
    ]
    lines += [
        "What the map draws, from below upwards: `dataset`, `geometry` (polygon, line or point), `style` (district,"
    ]
    lines += ["road, metro-line or metro-station) and, if wanted, `label`, the column that names each object.", ""]
    return "\n".join(lines)


def dataset_toml() -> str:
    """Return the reference of ``dataset.toml`` as Markdown."""
    lines = [
        "# A dataset's card: `dataset.toml`",
        "",
        "Written by `make docs` from `lifang.catalogue`. What a card leaves",
    ]
    lines += [
        "out is inferred from the file. Names are tables with `zh` and `en`.",
        "",
        _text(Card),
        "",
        *_table(Card),
        "",
    ]
    for title, kind in (
        ("`[columns.<name>]`", Column),
        ("`[geometry]`", Geometry),
        ("`[coverage]`", Coverage),
        ("`[contact]`", Contact),
    ):
        lines += [f"## {title}", "", _text(kind), "", *_table(kind), ""]
    return "\n".join(lines)


def _text(documented: Any) -> str:
    return re.sub(r"\n {4}", "\n", documented.__doc__ or "").strip()


def _table(kind: Any) -> list[str]:
    lines = ["| key | type | if not given |", "|---|---|---|"]
    for each in fields(kind):
        if each.default is MISSING and each.default_factory is MISSING:
            default = "must be given"
        elif each.default is MISSING or each.default in ("", (), None) or is_dataclass(each.default):
            default = "empty"
        else:
            default = f"`{each.default!r}`"
        lines.append(f"| `{each.name}` | {str(each.type).replace('|', 'or')} | {default} |")
    return lines


def openapi() -> str:
    """Return the HTTP API's OpenAPI description as JSON."""
    with tempfile.TemporaryDirectory() as folder:
        lay_out_empty(Path(folder), city_id="city", name="City", area_code="")
        with open_city(folder) as city:
            return json.dumps(create_app(city).openapi(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def connectors() -> str:
    """Return the reference of connectors as Markdown, from what each kind declares."""
    lines = [
        "# Connectors: `connectors/*.toml`",
        "",
        "Written by `make docs` from the connectors themselves. How to use them: "
        "[bring in a feed](../how-to/bring-in-a-feed.md).",
        "",
        "A file is one connector. A secret in `[source]` is written `${name}` and given with `--secret name`; it is",
        "kept in a file of its own that only the city's owner can read. Bad keys are refused with what they mean.",
        "",
        "## Keys of every file",
        "",
    ]
    for title, part in (
        ("", config.Head),
        ("`[time]`", mapping.TimeRule),
        ("`[thing]`", mapping.ThingRule),
        ("`[[values]]`", mapping.ValueRule),
    ):
        lines += [*([f"### {title}", "", _text(part), ""] if title else []), *_keys(part), ""]
    lines += ["## Paths into JSON", "", _text(paths), ""]
    for spec in Plugins(sensing_connectors).specs():
        lines += _kind(spec)
    return "\n".join(lines).rstrip() + "\n"


def _kind(spec: ConnectorSpec) -> list[str]:
    lines = [f"## `{spec.id}`: {spec.en} · {spec.zh}", "", spec.says[1], "", spec.says[0], ""]
    lines += [f"Reads: {', '.join(spec.reads)}. Writes: {', '.join(spec.writes)}. Follows: {spec.citation}.", ""]
    lines += ["### `[source]`", "", *_keys(spec.options), ""]
    for name, field in spec.options.model_fields.items():
        for inner in config.models_in(field.annotation):
            lines += [f"`[[source.{name}]]`:", "", *_keys(inner), ""]
    if spec.fields:
        lines += [
            "Fields of a record: " + "; ".join(f"`{name}` {what}" for name, what in spec.fields.items()) + ".",
            "",
        ]
    if spec.given:
        given = ", ".join(f"`{name}`" for name in spec.given)
        lines += [f"What a file does not say itself is given: {given}.", ""]
    return [*lines, "```toml", spec.example.rstrip(), "```", ""]


def _keys(part: type[mapping.Part]) -> list[str]:
    lines = ["| key | meaning | if not given |", "|---|---|---|"]
    for name, field in part.model_fields.items():
        default = field.get_default(call_default_factory=True)
        told = "must be given" if field.is_required() else "empty" if default in ("", [], {}, None) else f"`{default}`"
        lines.append(f"| `{name}` | {(field.description or '').replace('|', 'or')} | {told} |")
    return lines


def data_standards() -> str:
    """Return the reference of data standards as Markdown: how one is written, and those that lifang ships."""
    example = shipped_text("legal_entity@1").split("\n[elements.name]")[0].rstrip()
    lines = [
        "# Data standards 数据标准",
        "",
        "Written by `make docs` from the standards themselves. A data standard says what a dataset of a kind holds.",
        'A card that says `standard = "legal_entity@1"` need not restate its rules: admission checks the file against',
        "them and refuses one that lacks a mandatory element or has columns that nobody declared, with a diff. Where",
        "a published standard's content is known its clause is cited ([editions](laws-and-standards.md), not verified",
        "by a lawyer); all else is lifang's own and says so. Each theme named nationally has one, and education.",
        "",
        "`lifang standard lint|diff|docs|add|list|show`; over HTTP `/api/v1/standards/data`. A city's own standards",
        "are registered, kept with the city, and an edition never changes.",
        "",
        "## One standard: one TOML file",
        "",
        _text(DataStandard),
        "",
        *_table(DataStandard),
        "",
        "## `[elements.<id>]`",
        "",
        _text(Element),
        "",
        *_table(Element),
        "",
        "```toml",
        example,
        "```",
        "",
    ]
    return "\n".join([*lines, *(as_markdown(each, level=2) for each in shipped_standards().values())])


def laws() -> str:
    """Return the laws and standards that are cited, with their editions, as Markdown."""
    cited = code_list("cited_laws")
    lines = [
        "# Laws and standards cited 引用的法律法规与标准",
        "",
        "Written by `make docs` from the list `cited_laws`. Rules of access, the life of datasets, data standards and",
        "the forms of the ethics office name the law or standard that they follow: here is which edition is meant.",
        "",
        "**Not verified by a lawyer.** Article and clause numbers, and what is said of them, were written down without",
        "the originals at hand; nobody has compared them with the texts. It is no legal advice: have a person who",
        "knows the law compare a citation with the original before a decision rests on it.",
        "条款编号及其释义未经律师核对，不构成法律意见；据以作出决定之前，请与原文核对。",
        "",
        "| cited as | name | edition | note |",
        "|---|---|---|---|",
    ]
    lines += [f"| {each.code} | {each.zh} · {each.en} | {each.properties['edition']} | {each.note} |" for each in cited]
    return "\n".join(lines) + "\n"


WRITERS = {
    migrations.SCHEMA: registry_schema,  # first: the cities that the others open are laid out from it
    REFERENCE / "cli.md": cli,
    REFERENCE / "connectors.md": connectors,
    REFERENCE / "data-standards.md": data_standards,
    REFERENCE / "laws-and-standards.md": laws,
    REFERENCE / "settings.md": settings,
    REFERENCE / "dataset-toml.md": dataset_toml,
    REFERENCE / "openapi.json": openapi,
    REFERENCE / "network.md": network_reference,
}


def main() -> None:
    """Write every file."""
    for path, writer in WRITERS.items():
        path.write_text(writer(), "utf-8")
        sys.stdout.write(f"wrote {path.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
