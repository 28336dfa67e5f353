"""CKAN's and DCAT's doors over 100,000 datasets: questions page by page, and the whole catalogue as a stream of RDF.

Run ``python -m bench.catalogue.doors [datasets]``. Everything is asked over HTTP by an anonymous visitor of a served
city, one request at a time. The bare form of a stream is a graph of rdflib's usual kind for as many descriptions: what
writing them costs without a catalogue, a guard or a server, so that the ratio says what these add.
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
from bench.catalogue.search import datasets, furnish
from lifang.app import lay_out_empty

_ASKED = 20
_PATHS = (
    "/api/3/action/package_search",
    "/api/3/action/package_search?fq=groups:ecology&start=3000&facet.field=[%22organization%22,%22tags%22]",
    "/api/3/action/package_show?id=d0",
    "/api/3/action/organization_list",
    "/api/3/action/tag_list",
    "/api/3/action/package_list?limit=100",
    "/dcat/catalog.ttl?page=2",
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
    start, done = time.perf_counter(), 0
    while done < triples:
        graph = Graph()
        for number in range(2_500):
            graph.add((URIRef(f"http://x/{done + number}"), DCTERMS.title, Literal("成都市空气质量监测", lang="zh")))
            graph.add((URIRef("http://x"), DCAT.dataset, URIRef(f"http://x/{done + number}")))
        done += 2 * 2_500
        graph.serialize(format="nt", encoding="utf-8")
    return done / (time.perf_counter() - start)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "city"
        lay_out_empty(folder, city_id="bench", name="bench", area_code="510100")
        with lifang.open(folder) as city:
            furnish(city.store, datasets(count))
        with served(folder, Path(scratch) / "log") as (address, pid):
            connection = http.client.HTTPConnection(address, timeout=600)

            def ask(path: str) -> bytes:
                connection.request("GET", path)
                answer = connection.getresponse()
                body = answer.read()
                assert answer.status == 200, (path, answer.status, body[:200])
                return body

            ask("/api/3/action/package_search?rows=0")  # the index is built by the first question
            for path in _PATHS:
                took = []
                for _ in range(_ASKED):
                    start = time.perf_counter()
                    size = len(ask(path))
                    took.append(1000 * (time.perf_counter() - start))
                print(f"{path:<100}{np.median(took):>9.1f} ms, at most {max(took):.1f}, {size:,} B", flush=True)
            for form, mark in _STREAMS.items():
                before, start = resident_mb(pid), time.perf_counter()
                connection.request("GET", f"/dcat/export.{form}")
                answer, rest, told, triples, highest = connection.getresponse(), b"", 0, 0, before
                while piece := answer.read(_PIECE):
                    whole = rest + piece
                    told, triples = told + whole.count(mark), triples + piece.count(b"\n")
                    rest = whole[-len(mark) + 1 :]
                    highest = max(highest, resident_mb(pid))
                speed = told / (time.perf_counter() - start)
                print(f"/dcat/export.{form}: {told:,} datasets, {speed:,.0f}/s; server {before:.0f} MB before, "
                      f"{highest:.0f} MB at most", flush=True)  # fmt: skip
                if form == "nt":
                    ours = triples / (time.perf_counter() - start)
    theirs = bare(200_000)
    print(f"triples/s: the stream {ours:,.0f}, rdflib alone {theirs:,.0f}: ratio {ours / theirs:.2f}")


if __name__ == "__main__":
    main()
