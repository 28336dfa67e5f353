"""The bodies of the sharing desk's routes."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from lifang.doors.api.bodies.kinds import Asked, Name, Said

Text = Annotated[str, StringConstraints(max_length=2000)]
Short = Annotated[str, StringConstraints(max_length=200)]
Shorts = list[Short]
EMPTY: Any = Field(default_factory=list, max_length=500)
Status = Literal["asked", "refused", "withdrawn", "in_force", "expired", "ended"]


class FieldBody(Said):
    """A field that may be asked for; ``element`` is that of the dataset's standard which it follows."""

    name: str
    title: Name
    type: str
    unit: str
    element: str


class OfferBody(Said):
    """A dataset shared on conditions: what it is, the conditions, its fields; none of its data."""

    id: str
    name: Name
    summary: Name
    provider: Name
    theme: str
    classification: str
    condition: Name
    fields: list[FieldBody]


class OfferPage(Said):
    """Datasets shared on conditions."""

    items: list[OfferBody]
    next: str | None


class SharingRequestBody(Asked):
    """What is asked for. ``rows`` are conditions ``column:op:value`` that hold together, as in ``…/rows?where=``."""

    dataset: Short
    purpose: Short
    fields: list[Short]
    rows: Shorts = EMPTY
    until: Short
    for_organisation: bool = False


class ReviewBody(Asked):
    """An answer. When approving, ``fields``, ``rows`` and ``until`` narrow what was asked for."""

    reasons: Text
    fields: Shorts = EMPTY
    rows: Shorts = EMPTY
    until: Short | None = None


class ReasonsBody(Asked):
    """Why."""

    reasons: Text


class AgreementBody(Said):
    """A request or agreement; ``due``: by when it is to be answered; ``since`` to ``until``: its term."""

    id: str
    dataset: str
    subject: str
    applicant: str
    organisation: str
    for_organisation: bool
    purpose: str
    fields: list[str]
    rows: list[str]
    until: str
    status: Status
    reasons: str
    assessment: str
    reviewer: str
    asked: str
    due: str
    since: str | None
    reviewed: str | None
    ended: str | None


class AgreementPage(Said):
    """Requests and agreements, the newest first."""

    items: list[AgreementBody]
    next: str | None


class AnswersBody(Asked):
    """Answers to the questions of the form (`/api/v1/ethics/form`), and whether the risk is acceptable."""

    answers: dict[str, Annotated[str, StringConstraints(max_length=4000)]]
    acceptable: bool


class AssessmentBody(Said):
    """One version of an impact assessment."""

    id: str
    agreement: str
    dataset: str
    version: int
    form: str
    answers: dict[str, str]
    acceptable: bool
    subject: str
    recorded: str


class AssessmentPage(Said):
    """Versions of an impact assessment, the newest first."""

    items: list[AssessmentBody]
    next: str | None


class QuestionBody(Said):
    """A question of the form, with the article that it comes from."""

    id: str
    question: Name
    law: str


class FormBody(Said):
    """The form of an impact assessment, in its edition."""

    edition: str
    source: str
    questions: list[QuestionBody]


class UseBody(Said):
    """Who uses what for what. ``user`` is an organisation, or nothing for a person; ``whole``: all rows."""

    agreement: str
    dataset: str
    name: Name
    provider: Name
    user: str
    purpose: str
    fields: list[str]
    whole: bool
    since: str
    until: str
    status: Status
    assessed: bool


class UsePage(Said):
    """The published register of uses."""

    items: list[UseBody]
    next: str | None


class LawBody(Said):
    """An article of law in one line of ours; the text is at the link."""

    id: str
    law: Name
    article: str
    summary: Name
    url: str


class LawPage(Said):
    """Articles of law that the use of data rests on."""

    edition: str
    note: str
    items: list[LawBody]
    next: str | None


class UsageBody(Said):
    """What one subject took of one dataset on a day (UTC): ``bytes`` as columns, before they are written or packed."""

    day: str
    dataset: str
    subject: str
    organisation: str
    agreement: str
    action: str
    requests: int
    rows: int
    bytes: int
    last: str


class UsagePage(Said):
    """What was taken, the newest days first."""

    items: list[UsageBody]
    next: str | None


class DayOfUseBody(Said):
    """What was taken of a dataset on a day (UTC) by all together: how often, how many rows and bytes."""

    day: str
    reads: int
    downloads: int
    queries: int
    rows: int
    bytes: int


class DatasetUseBody(Said):
    """How a dataset was used in the last ``days``; days without use are left out. It tells of nobody alone."""

    dataset: str
    days: int
    items: list[DayOfUseBody]
