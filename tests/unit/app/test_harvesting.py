"""A portal that is harvested again and again: tried first, read when it is due, at rest, removed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from tests.conformance.portal import Portal, laid_out

from lifang.app.harvesting import Harvester
from lifang.core import BadInput, ManualClock, NotFound, Unavailable
from lifang.guard import SYSTEM

pytestmark = pytest.mark.slow

_DATASET = """
@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .
<http://portal.example/{name}> a dcat:Dataset ; dct:title "{title}"@en .
"""


@pytest.fixture
def portal() -> Iterator[Portal]:
    server = Portal()
    yield server
    server.shutdown()
    server.server_close()


def test_a_portal_is_tried_paused_and_removed_and_is_read_by_itself_when_it_is_due(
    portal: Portal, tmp_path: Path
) -> None:
    with laid_out(tmp_path / "city", portal.server_port) as city:
        url = portal.at("/c.ttl", _DATASET.format(name="a", title="A") + _DATASET.format(name="b", title="B"))
        trial = city.harvests.tried(url, by=SYSTEM)
        assert (trial.kind, trial.found, trial.whole, trial.examples[0].title.en) == ("dcat", 2, True, "A")
        assert (city.harvests.sources(), city.catalogue.datasets()) == ([], [])
        with pytest.raises(BadInput, match="no period"):
            city.harvests.add(url, by=SYSTEM, every_days=-1)
        source = city.harvests.add(url, by=SYSTEM, every_days=7, source_id="other")
        assert source.due == source.created + timedelta(days=7)
        assert city.harvests.run("other", by=SYSTEM).added == 2
        begun = city.harvests.source("other").attempted or source.created
        assert [each.id for each in city.harvests.due(begun + timedelta(days=7))] == ["other"]
        assert city.harvests.due(begun + timedelta(days=6)) == []
        harvester = Harvester(city.harvests, city.jobs, ManualClock(begun + timedelta(days=8)))
        for _ in range(2):
            harvester.begin_due()
        assert [job.arguments["source"] for job in city.jobs.unfinished()] == ["other"]
        assert city.harvests.change("other", by=SYSTEM, active=False).due is None
        portal.pages.clear()
        with pytest.raises(Unavailable):
            city.harvests.run("other", by=SYSTEM)
        assert "404" in (city.harvests.source("other").trouble or {})["detail"]
        city.harvests.remove("other", by=SYSTEM)
        with pytest.raises(NotFound):
            city.harvests.source("other")
        assert city.harvests.of(["other-a"])["other-a"].source.id == "other"
        again = city.harvests.add(url, by=SYSTEM)
        assert (again.id, again.active, again.every_days) == ("other", True, 0)
