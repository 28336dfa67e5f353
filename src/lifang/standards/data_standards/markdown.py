"""A data standard written for people, as Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from lifang.standards.data_standards.model import GRADES, GRADING, KINDS, PERSONAL, DataStandard, Element

_HEADING = "| element | 名称 · name | type | rules | grade | definition | source |"


def as_markdown(standard: DataStandard, *, level: int = 1) -> str:
    """Return the standard as Markdown, its title a heading of ``level``."""
    kind = KINDS[standard.kind]
    lines = [
        f"{'#' * level} `{standard.reference}` {standard.title_zh} · {standard.title_en}",
        "",
        *filter(None, (standard.summary_zh, standard.summary_en)),
        "",
        f"- {kind[0]} · {kind[1]}, `theme = {standard.theme}`",
        f"- 来源 · source: {_safe(standard.source)}",
        f"- 分级 · grade (GB/T 43697-2024): {_both(GRADES[standard.grade])}",
    ]
    if standard.personal:
        lines.append(f"- {_both(PERSONAL[standard.personal])}")
    lines += [f"- {_both(GRADING[name])}: {_safe(text)}" for name, text in standard.grading.items()]
    if standard.note:
        lines += ["", standard.note]
    lines += [
        "",
        "| element | 名称 · name | type | rules | grade | definition | source |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [_row(each) for each in standard.elements]
    return "\n".join(lines) + "\n"


def _row(element: Element) -> str:
    grade = GRADES[element.grade][1].split()[0]
    graded = ", ".join(filter(None, (grade, element.personal)))
    meaning = " ".join(filter(None, (element.definition_zh, element.definition_en)))
    cells = (
        f"`{element.id}`",
        f"{element.zh} · {element.en}",
        f"{element.type} ({element.unit})" if element.unit else element.type,
        "; ".join(_rules(element)),
        graded,
        meaning,
        element.source,
    )
    return f"| {' | '.join(map(_safe, cells))} |"


def _rules(element: Element) -> Iterator[str]:
    if element.key:
        yield "key"
    if element.required:
        yield "required"
    if element.unique:
        yield "unique"
    if element.minimum is not None or element.maximum is not None:
        low = "…" if element.minimum is None else element.minimum
        high = "…" if element.maximum is None else element.maximum
        yield f"{low} to {high}"
    if element.pattern:
        yield f"form `{element.pattern}`"
    if element.code_list:
        yield f"codes of `{element.code_list}`"
    if element.check_digit:
        yield f"check digit `{element.check_digit}`"


def _both(names: tuple[str, str]) -> str:
    return f"{names[0]} · {names[1]}"


def _safe(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")
