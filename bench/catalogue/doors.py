"""CKAN's and DCAT's doors over 100,000 datasets: questions page by page, and the whole catalogue as a stream of RDF.

Run ``python -m bench.catalogue.doors [datasets]``. Everything is asked over HTTP by an anonymous visitor of a served
city that was opened before, one request at a time: the first answer of each, the usual one, what it costs the server in
processor time, and the server's memory after it. Beside it stands rdflib, which reads a page of DCAT and writes it
again, and which puts simple statements into a graph and writes them: what others do without a catalogue and a guard.
"""

from __future__ import annotations

import http.client
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from rdflib import DCAT, DCTERMS, Graph, Literal, URIRef

import lifang
from bench._peers.city import served
from bench._peers.http import Asked
from bench._peers.processor import cost_of
from bench.catalogue.search import datasets, furnish
from lifang.app import lay_out_empty
from lifang.catalogue import Search

_ASKED = 20
_PATHS = (
    "/api/3/action/package_search",
    "/api/3/action/package_search?fq=groups:ecology&start=3000&facet.field=[%22organization%22,%22tags%22]",
    "/api/3/action/package_show?id=d0",
    "/api/3/action/organization_list",
    "/api/3/action/tag_list",
    "/api/3/action/package_list?limit=100",
    "/api/3/action/package_list",
    "/dcat/catalog.ttl?page=2",
    "/dcat/catalog.jsonld?page=2",
    "/dcat/catalog.rdf?page=2",
    "/sitemap-1.xml",
)
_STREAMS = {
    "nt": b"<http://www.w3.org/ns/dcat#dataset> ",
    "rdf": b"<dcat:dataset ",
    "jsonld": b'"@type":"dcat:Dataset"',
}
_PIECE = 1 << 20


def resident_mb(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1]) * 4096 / 1e6


def bare(triples: int) -> float:
    """Return how many triples a second rdflib puts into a graph and writes as N-Triples, 2,500 at once."""
    start, done = time.process_time(), 0
    while done < triples:
        graph = Graph()
        for number in range(2_500):
            graph.add((URIRef(f"http://x/{done + number}"), DCTERMS.title, Literal("成都市空气质量监测", lang="zh")))
            graph.add((URIRef("http://x"), DCAT.dataset, URIRef(f"http://x/{done + number}")))
        done += 2 * 2_500
        graph.serialize(format="nt", encoding="utf-8")
    return done / (time.process_time() - start)


def rewritten_ms(page: bytes) -> float:
    """Return the processor time in which rdflib writes a page of Turtle that it has read."""
    graph = Graph().parse(data=page, format="turtle")
    start = time.process_time()
    graph.serialize(format="turtle", encoding="utf-8")
    return 1000 * (time.process_time() - start)


def answers(ask: Asked, pid: int) -> dict[str, float]:
    """Print what each address takes; return what it costs in processor time, in milliseconds."""
    costs = {}
    print(f"{'':90}{'first ms':>9}{'p50':>9}{'worst':>9}{'CPU':>9}{'bytes':>12}{'server MB':>11}")
    for path in _PATHS:
        took, before = [], cost_of([pid])
        for _ in range(_ASKED):
            start = time.perf_counter()
            size = len(ask(path))
            took.append(1000 * (time.perf_counter() - start))
        costs[path] = (cost_of([pid]) - before).busy_ms / _ASKED
        print(f"{path:90}{took[0]:9.1f}{np.median(took):9.1f}{max(took):9.1f}{costs[path]:9.1f}{size:12,}"
              f"{resident_mb(pid):11.0f}", flush=True)  # fmt: skip
    return costs


def streamed(address: str, pid: int, form: str) -> tuple[int, float]:
    """Print how the whole catalogue streams; return how many lines there were and what they cost in seconds."""
    mark, connection = _STREAMS[form], http.client.HTTPConnection(address, timeout=600)
    before, cost, start = resident_mb(pid), cost_of([pid]), time.perf_counter()
    connection.request("GET", f"/dcat/export.{form}")
    answer, rest, told, lines, highest = connection.getresponse(), b"", 0, 0, before
    while piece := answer.read(_PIECE):
        whole = rest + piece
        told, lines = told + whole.count(mark), lines + piece.count(b"\n")
        rest = whole[-len(mark) + 1 :]
        highest = max(highest, resident_mb(pid))
    seconds, busy = time.perf_counter() - start, (cost_of([pid]) - cost).busy_ms / 1000
    print(f"/dcat/export.{form}: {told:,} datasets, {told / seconds:,.0f}/s, {told / busy:,.0f} per second of CPU; "
          f"server {before:.0f} MB before, {highest:.0f} MB at most", flush=True)  # fmt: skip
    return lines, busy


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "city"
        lay_out_empty(folder, city_id="bench", name="bench", area_code="510100")
        with lifang.open(folder) as city:
            furnish(city.store, datasets(count))
            start = time.process_time()
            city.catalogue.found(Search())
            print(f"index of {count:,} datasets made in {time.process_time() - start:.1f} s of CPU", flush=True)
        with served(folder, Path(scratch) / "log") as (address, pid):
            ask = Asked(address)
            start = time.perf_counter()
            ask("/api/3/action/package_search?rows=0")
            print(
                f"first question after a start (the index is opened): {time.perf_counter() - start:.2f} s", flush=True
            )
            costs = answers(ask, pid)
            theirs = rewritten_ms(ask("/dcat/catalog.ttl?page=2"))
            streams = {form: streamed(address, pid, form) for form in _STREAMS}
    page = costs["/dcat/catalog.ttl?page=2"]
    print(f"a page of 100 datasets in Turtle, CPU: {page:.0f} ms with catalogue, guard and HTTP; rdflib writes it in "
          f"{theirs:.0f} ms: ratio {theirs / page:.1f}")  # fmt: skip
    lines, busy = streams["nt"]
    bare_s = bare(200_000)
    print(f"triples per second of CPU: the stream {lines / busy:,.0f}, rdflib alone {bare_s:,.0f}: "
          f"ratio {lines / busy / bare_s:.2f}")  # fmt: skip


if __name__ == "__main__":
    main()
