"""Routes of quality: the scores of a dataset, feedback on it, and the issues that come of both."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from lifang.catalogue import DIMENSIONS, ISSUE_MOVES, Issue, IssueState, Run
from lifang.core import NotFound, format_instant
from lifang.doors.api.bodies.kinds import Name
from lifang.doors.api.bodies.quality import (
    CheckBody,
    Feedback,
    IssueBody,
    IssueEventBody,
    IssueMove,
    IssuePage,
    QualityBody,
    RunBody,
    WaitingBody,
)
from lifang.doors.api.bodies.quality import IssueState as State
from lifang.doors.api.listing import After, Limit, after_id, moment, paged
from lifang.doors.http import PROBLEMS, Asker, GuardedRoute, answer, asking, documented
from lifang.guard import Action, Resource

ReadsOne = Annotated[Asker, asking(Action.READ, Resource("dataset"), per_item=True)]
ReadsIssues = Annotated[Asker, asking(Action.READ, Resource("issue"), per_item=True)]
_RIGHTS = {"confirm": Action.REPORT, "reopen": Action.REPORT, "mend": Action.ADMIT}  # others are for those who settle
_UNSETTLED = (IssueState.OPEN, IssueState.ASSIGNED, IssueState.MENDED)
_COUNTED = 1000  # issues of a state: whoever has more need not be told how many


def router() -> APIRouter:
    """Return the routes of quality."""
    routes = APIRouter(prefix="/api/v1", route_class=GuardedRoute, tags=["quality"], responses=PROBLEMS)
    routes.add_api_route("/datasets/{dataset_id}/quality", quality, response_model=QualityBody)
    routes.add_api_route("/datasets/{dataset_id}/quality", check, methods=["POST"], response_model=QualityBody)
    routes.add_api_route(
        "/datasets/{dataset_id}/issues",
        file,
        methods=["POST"],
        status_code=201,
        response_model=IssueBody,
        responses=documented(429),
    )
    routes.add_api_route("/datasets/{dataset_id}/issues", of_dataset, response_model=IssuePage)
    routes.add_api_route("/issues", every, response_model=IssuePage)
    routes.add_api_route("/waiting-issues", waiting, response_model=WaitingBody)
    routes.add_api_route("/issues/{issue_id}", one, response_model=IssueBody)
    routes.add_api_route("/issues/{issue_id}", move, methods=["POST"], response_model=IssueBody)
    return routes


def quality(dataset_id: str, request: Request, asker: ReadsOne) -> Response:
    """Give the scores of a dataset by its standing checks, 0 to 100, with their history."""
    return answer(request, _quality(asker, dataset_id))


def check(dataset_id: str, request: Request, asker: ReadsOne) -> Response:
    """Run the standing checks of a dataset now; what falls short is an issue from then on."""
    found = asker.dataset(dataset_id)
    asker.must(Action.RUN, Resource("dataset", dataset_id, found.card.classification))
    asker.city.catalogue.check(dataset_id)
    return answer(request, _quality(asker, dataset_id))


def file(dataset_id: str, body: Feedback, request: Request, asker: ReadsOne) -> Response:
    """Say what is wrong with a dataset, one of its rows or columns. Nobody needs to sign in for open data.

    Five a day from one address, twenty from somebody who signed in.
    """
    found = asker.dataset(dataset_id)
    asker.must(Action.REPORT, Resource("dataset", dataset_id, found.card.classification))
    known = not asker.subject.is_anonymous
    newest = next(iter(found.releases()), None)
    made = asker.city.catalogue.issues.file(
        dataset_id,
        newest.number if newest else 0,
        body.text,
        by=asker.subject.id if known else _visitor(request),
        known=known,
        row_key=body.row_key,
        column=body.column,
    )
    return answer(request, _issue(asker, made), status=201)


def of_dataset(
    dataset_id: str,
    request: Request,
    asker: ReadsOne,
    state: Annotated[State | None, Query()] = None,
    after: After = None,
    limit: Limit = 100,
) -> Response:
    """List the issues of a dataset: those found by checks or taken up, and one's own; data officers see all."""
    asker.dataset(dataset_id)
    return answer(request, _page(asker, dataset_id, state, after, limit))


def every(
    request: Request,
    asker: ReadsIssues,
    state: Annotated[State | None, Query()] = None,
    overdue: Annotated[bool, Query(description="Only those whose deadline has passed.")] = False,
    after: After = None,
    limit: Limit = 100,
) -> Response:
    """List issues of all datasets: one's own, those of data that one's bureau provides; data officers see all."""
    page = _page(asker, None, state, after, limit, whole=asker.may(Action.READ, Resource("issue")))
    if overdue:
        page.items = [each for each in page.items if each.overdue]
    return answer(request, page)


def waiting(request: Request, asker: ReadsIssues) -> Response:
    """Count the issues that wait for a step of one's own, and of them those of datasets that are late."""
    found: dict[str, Issue] = {}
    for part in _parts(asker, whole=asker.may(Action.READ, Resource("issue"))):
        for state in _UNSETTLED:
            known = asker.city.catalogue.issues.find(**part, state=state, limit=_COUNTED)
            found |= {each.id: each for each in known}
    mine = [
        each
        for each in found.values()
        if _visible(asker, each) and asker.knows(f"dataset:{each.dataset}") and _moves(asker, each)
    ]
    late = sum(each.dimension == "timeliness" and each.state is not IssueState.MENDED for each in mine)
    return answer(request, WaitingBody(late=late, others=len(mine) - late))


def one(issue_id: str, request: Request, asker: ReadsIssues) -> Response:
    """Give an issue with its history."""
    return answer(request, _issue(asker, _seen(asker, issue_id)))


def move(issue_id: str, body: IssueMove, request: Request, asker: ReadsIssues) -> Response:
    """Take an issue a step on: assign, mend, confirm, reopen, decline.

    Data officers do all of these; the bureau that the data came from says that it is mended; whoever filed it confirms
    that, or opens it again.
    """
    found = _seen(asker, issue_id)
    asker.must(_RIGHTS.get(body.move, Action.HANDLE), _resource(found))
    moved = asker.city.catalogue.issues.move(
        issue_id, body.move, by=asker.subject.id, note=body.note, assignee=body.assignee, due=moment(body.due)
    )
    return answer(request, _issue(asker, moved))


def _visitor(request: Request) -> str:
    """Return a name of the address that a visitor comes from, from which it cannot be read."""
    peer = request.client.host if request.client else ""
    return "visitor:" + hashlib.blake2b(peer.encode(), digest_size=8).hexdigest()


def _seen(asker: Asker, issue_id: str) -> Issue:
    """Return an issue that the asker may see, or ``NotFound``: of a dataset they may read, taken up or their own."""
    nothing = NotFound(
        f"There is no issue {issue_id[:80]!r}.", mend="List those of a dataset: lifang issue list DATASET."
    )
    asker.decide(Action.READ, Resource("issue"))
    try:
        found = asker.city.catalogue.issues.get(issue_id)
    except NotFound:
        raise nothing from None
    if not asker.knows(f"dataset:{found.dataset}") or not _visible(asker, found):
        raise nothing
    return found


def _resource(issue: Issue) -> Resource:
    """Return an issue as the guard knows it: by who filed it, and by the bureau that its dataset came from."""
    return Resource("issue", issue.reporter, provider=issue.bureau)


def _visible(asker: Asker, issue: Issue) -> bool:
    taken_up = issue.state not in {IssueState.OPEN, IssueState.DECLINED}
    return bool(issue.dimension) or taken_up or asker.may(Action.READ, _resource(issue))


def _page(
    asker: Asker, dataset: str | None, state: State | None, after: str | None, limit: int, *, whole: bool = True
) -> IssuePage:
    """Return issues that the asker may see; if not the ``whole`` list, their own and their bureau's."""
    kind = "issues"
    asked: dict[str, Any] = {"dataset": dataset, "state": IssueState(state) if state else None,
                             "after": after_id(kind, after), "limit": limit + 1}  # fmt: skip
    parts = _parts(asker, whole=whole)
    by_id = {each.id: each for part in parts for each in asker.city.catalogue.issues.find(**(asked | part))}
    found = [by_id[name] for name in sorted(by_id, reverse=True)][: limit + 1]
    items, following = paged(kind, found, limit, lambda each: each.id)
    shown = [each for each in items if _visible(asker, each) and asker.knows(f"dataset:{each.dataset}")]
    return IssuePage(items=[_issue(asker, each) for each in shown], next=following)


def _parts(asker: Asker, *, whole: bool) -> list[dict[str, Any]]:
    """Return what narrows issues to those that the asker may see: nothing, or what one filed and one's bureau's."""
    if whole:
        return [{}]
    subject = asker.subject
    asker.must(Action.READ, Resource("issue", subject.id, provider=subject.organisation))
    return [{"reporter": subject.id}, *([{"bureau": subject.organisation}] if subject.organisation else [])]


def _moves(asker: Asker, issue: Issue) -> list[str]:
    """Return the steps that an issue is open to and that the asker may take."""
    open_to = (name for name, (sources, _, _) in ISSUE_MOVES.items() if issue.state in sources)
    return [name for name in open_to if asker.may(_RIGHTS.get(name, Action.HANDLE), _resource(issue))]


def _issue(asker: Asker, issue: Issue) -> IssueBody:
    inside = asker.may(Action.READ, _resource(issue))
    known = asker.may(Action.READ, Resource("issue", issue.reporter))  # the bureau is not told who somebody is
    events = [
        IssueEventBody(
            move=each.move,
            recorded=format_instant(each.recorded),
            by=each.by if known or (inside and each.by != issue.reporter) else None,
            note=each.note if inside else None,
        )
        for each in asker.city.catalogue.issues.events(issue.id)
    ]
    return IssueBody(
        **{
            **vars(issue),
            "state": issue.state.value,
            "reporter": issue.reporter if known else None,
            "due": format_instant(issue.due) if issue.due else None,
            "opened": format_instant(issue.opened),
            "updated": format_instant(issue.updated),
        },
        overdue=issue.is_overdue(asker.city.clock.now()),
        events=events,
        moves=_moves(asker, issue),
    )


def _quality(asker: Asker, dataset_id: str) -> QualityBody:
    found = asker.dataset(dataset_id)
    readable = {release.number for release in found.releases()}
    runs = [run for run in asker.city.catalogue.quality.history(dataset_id) if run.release in readable]
    newest, due = next(iter(runs), None), found.due()
    return QualityBody(
        dataset=dataset_id,
        release=newest.release if newest else None,
        recorded=format_instant(newest.recorded) if newest else None,
        due=format_instant(due) if due else None,
        late=due is not None and due < asker.city.clock.now(),
        checks=_checks(newest) if newest else [],
        history=[
            RunBody(recorded=format_instant(run.recorded), release=run.release, scores=run.scores) for run in runs
        ],
    )


def _checks(run: Run) -> list[CheckBody]:
    return [
        CheckBody(
            dimension=each.dimension,
            name=Name(zh=DIMENSIONS[each.dimension].zh, en=DIMENSIONS[each.dimension].en),
            score=each.score,
            least=each.least,
            passed=each.passed,
            detail=dict(each.detail),
        )
        for each in run.checks
    ]
