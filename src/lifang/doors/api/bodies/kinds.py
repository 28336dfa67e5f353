"""The two kinds of bodies, those that go out and those that come in, and what nearly all of them hold: names."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

Json = dict[str, Any]


class Said(BaseModel):
    """A body that goes out."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=True)


class Asked(BaseModel):
    """A body that comes in: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", str_max_length=100_000)


class Name(Said):
    """A name in Chinese and English."""

    zh: str
    en: str
