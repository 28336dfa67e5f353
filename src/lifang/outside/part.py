"""The kind of table that files about sources are made of."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

_TEXT_MAX = 4000


class Part(BaseModel):
    """A table of a file that says how to reach a source: frozen, typed, no unknown key."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, str_max_length=_TEXT_MAX, allow_inf_nan=False)
