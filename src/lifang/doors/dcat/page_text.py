"""What the page's HTML says of a dataset, or of the catalogue, to whoever runs no JavaScript: crawlers, mostly."""

from __future__ import annotations

from html import escape
from typing import Any

import orjson
from fastapi import Request

from lifang.app import Shown, shown
from lifang.catalogue import Bilingual
from lifang.core import Problem
from lifang.doors.dcat import feeds
from lifang.doors.dcat.describing import Names
from lifang.doors.dcat.plain_json import data_catalog, one_of, schema_org
from lifang.doors.dcat.routes_plain import city_name, names_of
from lifang.doors.dcat.writing import FORMS
from lifang.doors.http import Asker, PageText

_DESCRIPTION_MAX = 300


def page_text(request: Request, asker: Asker) -> PageText | None:
    """Return what the HTML of the page says at this address; nothing where it is no dataset that the asker may read."""
    names, city = names_of(request), city_name(asker)
    wanted = request.query_params.get("dataset", "")
    if wanted:
        try:
            found = shown(asker, asker.dataset(wanted))
        except Problem:  # not there, or not for everybody: the page says which, once it knows who asks
            return None
        return _of_dataset(found, names, city)
    if request.url.path != "/" or request.query_params.get("room", "data") != "data":
        return None
    return _of_catalogue(names, city)


def _of_dataset(found: Shown, names: Names, city: Bilingual) -> PageText:
    card = found.card
    told = schema_org(found, names, city)
    here = names.dataset(card.id)
    links = [("canonical", "", str(names.page(card.id)))]
    links += [("alternate", media.partition(";")[0], f"{here}.{suffix}") for suffix, (media, _) in FORMS.items()]
    title = _joined(card.name) or card.id
    files = "".join(
        f'<li><a href="{escape(each["contentUrl"])}">{escape(each["encodingFormat"] or each["contentUrl"])}</a></li>'
        for each in told.get("distribution", ())
    )
    facts = (
        ("提供方 Provider", _joined(card.provider)),
        ("主题 Theme", _joined(found.theme)),
        ("许可 Licence", str(told.get("license", ""))),
        ("更新 Updated", str(told["dateModified"])),
        ("时间 Period", str(told.get("temporalCoverage", ""))),
    )
    listed = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in facts if value)
    text = f"<h1>{escape(title)}</h1><p>{escape(_joined(card.summary))}</p><dl>{listed}</dl><ul>{files}</ul>"
    return PageText(f"{title} · {one_of(city)}", _head(one_of(card.summary) or title, links, told), text)


def _of_catalogue(names: Names, city: Bilingual) -> PageText:
    title = f"{city.zh}数据目录 Data catalogue of {city.en}"
    links = [
        ("alternate", feeds.ATOM, f"{names.root}/dcat/feed.atom"),
        ("alternate", feeds.RSS, f"{names.root}/dcat/feed.rss"),
        ("alternate", "text/turtle", f"{names.catalogue}/catalog.ttl"),
        ("sitemap", feeds.SITEMAP, f"{names.root}/sitemap.xml"),
    ]
    listed = "".join(f'<li><a href="{escape(href)}">{escape(href)}</a></li>' for _, _, href in links)
    return PageText(
        one_of(city), _head(title, links, data_catalog(names, city)), f"<h1>{escape(title)}</h1><ul>{listed}</ul>"
    )


def _head(description: str, links: list[tuple[str, str, str]], told: dict[str, Any]) -> str:
    """Return what stands in the head: a description, links, and what search engines read, which no browser runs."""
    tags = [f'<meta name="description" content="{escape(description[:_DESCRIPTION_MAX])}" />']
    for rel, kind, href in links:
        typed = f' type="{kind}"' if kind else ""
        tags.append(f'<link rel="{rel}"{typed} href="{escape(href)}" />')
    data = orjson.dumps(told).decode().replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    tags.append(f'<script type="application/ld+json">{data}</script>')
    return "\n    ".join(tags)


def _joined(text: Bilingual) -> str:
    return " ".join(dict.fromkeys(filter(None, (text.zh, text.en))))
