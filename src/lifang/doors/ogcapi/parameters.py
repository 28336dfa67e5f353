"""What the routes of collections take."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query

from lifang.doors.http import Asker, asking
from lifang.guard import Action, Resource

Lists = Annotated[Asker, asking(Action.READ, Resource("dataset"))]
Reads = Annotated[Asker, asking(Action.READ, Resource("dataset"), per_item=True)]
CollectionId = Annotated[str, Path(max_length=64, description="The id of a dataset.")]
FeatureId = Annotated[str, Path(max_length=500, description="The id of a feature.")]
Text = Annotated[str | None, Query(max_length=500)]
Limit = Annotated[int | None, Query(ge=1, le=2**31 - 1, description="At most 10,000 are given.")]
Offset = Annotated[int | None, Query(ge=0, le=2**31 - 1)]
Number = Annotated[int | None, Query(ge=1, le=2**31 - 1, description="The number of a release; else the newest.")]
