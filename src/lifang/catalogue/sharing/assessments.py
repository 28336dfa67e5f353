"""Impact assessments (个人信息保护法 Art. 55-56, 数据安全法 Art. 30): by a form, in versions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lifang.catalogue.card import Card
from lifang.catalogue.sharing.model import Agreement
from lifang.core import BadInput, Clock, Conflict, new_id
from lifang.guard import Action, Classification, Resource, Subject, require
from lifang.standards import DataStandard, code_list
from lifang.store import Entry, Row, Store

FORM = "impact_assessment"
_ANSWER_MAX = 4000


@dataclass(frozen=True)
class Assessment:
    """One version of the assessment of a request; ``form`` is the edition it answers, by question in ``answers``."""

    id: str
    agreement: str
    dataset: str
    version: int
    form: str
    answers: Mapping[str, str]
    acceptable: bool
    subject: str
    recorded: datetime

    @classmethod
    def from_row(cls, row: Row) -> Assessment:
        """Return the assessment of a registry row."""
        return cls(**{name: row[name] for name in cls.__dataclass_fields__})


class Assessments:
    """The impact assessments of one city."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def of(self, agreement_id: str) -> list[Assessment]:
        """Return every version for a request, the newest first."""
        where = {"agreement": agreement_id}
        rows = self._store.registry.find("assessment", where=where, order="version", descending=True)
        return [Assessment.from_row(row) for row in rows]

    def write(self, agreement: Agreement, answers: Mapping[str, str], *, acceptable: bool, by: Subject) -> Assessment:
        """Return a new version; ``BadInput`` names the question that has no answer, or that the form does not ask."""
        require(by, Action.HANDLE, Resource("agreement", agreement.subject))
        form = code_list(FORM)
        told = {name: text.strip() for name, text in answers.items()}
        for name in told:
            if name not in form.codes:
                mend = f"Answer {', '.join(form.codes)}."
                raise BadInput(f"The form does not ask {name[:80]!r}.", where=f"answers.{name[:80]}", mend=mend)
        for question in form:
            if not 0 < len(told.get(question.code, "")) <= _ANSWER_MAX:
                mend = f"{question.en} {question.zh}"
                raise BadInput(f"{question.code} has no answer.", where=f"answers.{question.code}", mend=mend)
        row: dict[str, Any] = {
            "id": new_id("assessment", self._clock.now()),
            "agreement": agreement.id,
            "dataset": agreement.dataset,
            "version": len(self.of(agreement.id)) + 1,
            "form": form.edition,
            "answers": told,
            "acceptable": acceptable,
            "subject": by.id,
            "recorded": self._clock.now(),
        }
        detail = {name: row[name] for name in ("id", "agreement", "version", "form", "acceptable")}
        with self._store.registry.transaction() as transaction:
            transaction.insert("assessment", row)
            transaction.record(Entry(by.id, "assess", f"dataset:{agreement.dataset}", agreement.purpose, detail=detail))
        return Assessment.from_row(row)

    def relied_on(self, agreement: Agreement, reasons: Iterable[str]) -> str:
        """Return the id of the assessment that an approval rests on; nothing where there is no reason to have one.

        ``Conflict`` if there is a reason and none was written, or the newest found the risk not acceptable.
        """
        newest = next(iter(self.of(agreement.id)), None)
        why = list(reasons)
        if why and newest is None:
            what = f"An impact assessment is required: {'; '.join(why)} (个人信息保护法 Art. 55, 数据安全法 Art. 30)."
            mend = "Write one: lifang share assess, or POST …/assessments."
            raise Conflict(what, where=agreement.id, mend=mend)
        if newest is not None and not newest.acceptable:
            mend = "Refuse the request, or assess narrower terms anew."
            raise Conflict("The impact assessment found the risk not acceptable.", where=newest.id, mend=mend)
        return newest.id if newest else ""


def why_assessed(
    card: Card, standard: DataStandard | None, columns: Iterable[Mapping[str, Any]], fields: Iterable[str]
) -> list[str]:
    """Return why giving ``fields`` of a dataset needs an impact assessment: its classification, grades, persons."""
    reasons = ["the dataset is restricted"] if card.classification is Classification.RESTRICTED else []
    wanted = set(fields)
    for column in columns if standard else ():
        element = standard.element(str(column.get("element") or "")) if standard else None
        if element is None or column["name"] not in wanted:
            continue
        if element.personal == "sensitive":
            reasons.append(f"{column['name']} is sensitive personal information")
        elif element.grade != "general":
            reasons.append(f"{column['name']} is graded {element.grade}")
    return reasons
