"""The reference of the sensing network, written from what the code declares; ``write_reference`` uses it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from lifang.operations import Severity
from lifang.scenes import device_health, gigabit_city
from lifang.sensing import QUALITY_NAMES, QUALITY_RULES, network, tasking
from lifang.standards import code_list

_INTRO = """\
# The sensing network

Written by `make docs` from the code: devices and links, how they are judged, what they can be told, when values alert.
Examples use `lifang` on the command line; each is one request of the HTTP API (`docs/reference/openapi.json`).

## Devices and links

A device is a thing with a type, model, owner, firmware, battery and certificate; what changes on it is kept in its
history. A multi-function pole is one device with many `roles`, and carries others (`mounted_on`). `gateway` is the
device that speaks for it, `link` what carries it. Links hang on links (`uplink`), so that one outage explains the
silence of everything below it.

```sh
lifang sense import-devices poles.csv --map id=编号 --map device_type=类型 --map lon=经度 --map lat=纬度
lifang sense devices --health silent --district 510104
```

A table may name these fields; a column of the same name needs no `--map`. Rows that are no devices are refused one by
one with the reason; importing again changes nothing. What has no position is where its carrier is.

"""
_HEALTH = """\

## Health

Worked out in one pass from counters that every commit feeds, and that survive a restart. A datastream is expected by
its period; uptime is the share of whole hours with a value since it was first heard (hours in which nothing came from
the whole city are left out), loss the share of expected values of the last 24 hours that did not come, lag a running
mean of arrival minus phenomenon time. Devices that are out of service are not judged.

"""
_RULES_OF_HEALTH = "\nThe rules, with their parameters:\n\n"
_GAPS = """\

`lifang sense gaps --device ID --start … --end …` lists gaps: from the value before to the value after, how many are
missing, which share of those expected; of a datastream, a device or a district (`GET /api/v1/network/gaps`).

## Latest values on a map

`GET /api/v1/latest?bbox=west,south,east,north` tells the latest value of each datastream in a box in columns (`id`,
and `number`, `lon`, `lat`, `time` in milliseconds since 1970, `value`, `quality`), by number, up to 10,000 a page;
`property=` keeps those that measure one observed property. Values come from memory, so it stays quick while others are
stored; names, units and things are in `GET /api/v1/datastreams`.

## A year of values in buckets

`GET /api/v1/observations/aggregates?datastream=ID&every=PT1H&start=…&end=…` tells `count`, `min`, `max` and `avg` of
each bucket in columns (`time` in milliseconds since 1970), or as CSV; `functions=` takes those, `sum`, and percentiles
such as `p95`. `every` is ISO 8601 or seconds, up to a day or whole days, which begin at midnight in the city. Buckets
without a value have no row; late and corrected values count. Up to 100,000 buckets an answer. Minutes, quarters of an
hour, hours and days are summed up already, so a year is quick; percentiles are worked out from the values.

## Quality rules

Each looks at values their source calls good and flags them; no value is changed. A datastream declares limits in its
`properties`; the `measures` of its device's model may declare them for datastreams that declare none.

"""
_COVERAGE = """\

## Figures of the dual-gigabit plan

`lifang sense coverage`, the sensing room of the page, and the indicators of the scene `gigabit_city`. A figure that
lacks an input is missing and says which; simulated devices and links never count. Counts of ports, users and homes
stand in a link's `properties` (`ports`, `users`, `users_500m`, `homes_passed`); population and households in
`[network]` of `city.toml`.

"""
_TASKING = """\

## Commands

After OGC 17-079r1 (SensorThings API, Part 2: Tasking Core): an actuator, its tasking capabilities (a SWE Common record
of parameters, which the page names by `properties.labels`: `{"level": {"zh": "亮度", "en": "Brightness"}}`), and
tasks. Operators and administrators give commands; every step is in the ledger. A device fetches
what is to be done by `GET /api/v1/devices/ID/commands` (at once; `?wait=30` as a long poll; `Accept: text/event-stream`
as a stream) with a token of its own, which opens nothing else, and answers by
`POST /api/v1/devices/ID/commands/COMMAND` with `acknowledged`, `done` or `failed`. A command that was not answered
comes again under its own `id`: a device does each id at most once.

By MQTT, at the city's own broker and with the device's token as password, a device subscribes to
`lifang/v1/devices/ID/commands` (QoS 1) and publishes `{"command": id, "outcome": "done"}`, with `note` and `result` if
it likes, on `lifang/v1/devices/ID/answers`. What waits is told when it subscribes or comes back, a new command at once;
over one connection each once. That a message was received (PUBACK) is no answer. Wildcards are not offered there.

```sh
mosquitto_sub -p 1883 -u device -P lfd_… -q 1 -t lifang/v1/devices/sim-gateway/commands
mosquitto_pub -p 1883 -u device -P lfd_… -q 1 -t lifang/v1/devices/sim-gateway/answers \\
  -m '{"command": "…", "outcome": "done"}'
```

```sh
lifang task token sim-gateway "roadside cabinet"
lifang task give sim-lamp-001.dim level=40 --expect sim-lamp-001.level=80
```

"""
_LIMITS = """\

A capability's `limits` say what is safe:

| limit | meaning |
|---|---|
| `ranges` | `{parameter: [least, most]}` |
| `steps` | the most a parameter may change at once |
| `rates` | the most it may change per second since the last command |
| `state_of` | the datastream that shows a parameter's present value |
| `minimum_interval_s` | between two commands that were given |
| `interlocks` | `{datastream, must (ge, gt, le, lt, eq, ne), value, max_age_s, when: {parameter, is}}`: what must \
hold; a value that is missing, doubted or too old is unsafe; judged again when the command is handed out |
| `deadline_s` | if the command names no deadline |
| `works_when_silent` | a silent device may be commanded all the same |

A command may state what it rests on: `expect = {datastream: value}`, or `{value, tolerance, time}`.
"""
_THRESHOLDS = """\

## Thresholds

`PUT /api/v1/thresholds/ID` holds every committed value of an observed property or datastream against up to four
levels, with hysteresis (`fire`, `clear`) and times to hold (`hold_s`, `clear_hold_s`). Alerts are on `/events` within a
tenth of a second of the commit, as hidden as the datastream. Doubted values, other units and values older than six
hours raise nothing. Severities: """
_ALERTS = """

The scene `device_health` raises, every five minutes:

"""


def network_reference() -> str:
    """Return docs/reference/network.md."""
    parts = [
        _INTRO,
        _list("field", network.FIELDS),
        _codes("device_types", "Types of devices and roles"),
        _codes("link_kinds", "Kinds of links"),
        _HEALTH,
        _table(
            ("health", "中文", "meaning"),
            ((each.word, *network.HEALTH_NAMES[each]) for each in network.Health),
        ),
        _RULES_OF_HEALTH,
        _table(("rule", "中文", "English", "parameters"), map(_health_rule, network.RULES.items())),
        _GAPS,
        _table(
            ("flag", "中文", "English", "declared by"),
            ((rule.quality.word, rule.zh, rule.en, _words(rule.properties)) for rule in QUALITY_RULES),
        ),
        f"\nOther flags: {_words(each.word for each in QUALITY_NAMES if each not in _ruled())}.\n",
        _COVERAGE,
        _table(
            ("indicator", "名称", "formula", "unit", "missing"),
            (
                (each.id, each.zh, f"{each.formula_zh}<br>{each.formula_en}", f"`{each.unit}`", each.missing_en)
                for each in gigabit_city.INDICATORS
            ),
        ),
        f"\nSource: {gigabit_city.spec.citation}\n",
        _TASKING,
        _table(
            ("state", "中文", "meaning", "may be followed by"),
            (
                (str(each), *tasking.STATE_NAMES[each], _words(sorted(tasking.FOLLOWING[each])))
                for each in tasking.CommandState
            ),
        ),
        _LIMITS,
        _THRESHOLDS,
        ", ".join(f"{each.zh} {each.en}" for each in Severity) + ".",
        _ALERTS,
        _table(
            ("rule", "名称", "levels", "unit"),
            (
                (rule.id, rule.zh, ", ".join(f"{each.severity.code} {each.fire:g}" for each in rule.levels), rule.unit)
                for rule in device_health.RULES
            ),
        ),
    ]
    return "".join(parts)


def _ruled() -> set[Any]:
    return {rule.quality for rule in QUALITY_RULES}


def _health_rule(told: tuple[str, Any]) -> tuple[str, str, str, str]:
    name, rule = told
    parameters = ", ".join(f"{key} = {value:g}" for key, value in rule["parameters"].items())
    return name, rule["zh"], rule["en"], parameters


def _words(names: Iterable[str]) -> str:
    return ", ".join(f"`{each}`" for each in names) or "–"


def _list(what: str, names: Iterable[str]) -> str:
    return f"Each {what}: {_words(names)}.\n"


def _codes(list_id: str, title: str) -> str:
    rows = ((f"`{each.code}`", each.zh, each.en) for each in code_list(list_id))
    return f"\n### {title}\n\n" + _table(("code", "中文", "English"), rows)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join(lines) + "\n"
