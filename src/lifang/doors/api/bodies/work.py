"""Bodies of what runs: scenes and jobs."""

from __future__ import annotations

from typing import Literal

from lifang.doors.api.bodies.kinds import Json, Name, Said


class SceneBody(Said):
    """What a scene is."""

    id: str
    name: Name
    reads: list[str]
    writes: list[str]
    units: Json
    citation: Name
    period_s: float


class ScenePage(Said):
    """Scenes."""

    items: list[SceneBody]
    next: str | None


class SceneView(Said):
    """What a scene shows for a moment; ``result`` is the scene's own."""

    spec: SceneBody
    moment: str
    result: Json


class JobBody(Said):
    """A piece of long work; ``progress`` is 0 to 1."""

    id: str
    kind: str
    state: Literal["queued", "running", "done", "failed", "cancelled"]
    progress: float
    subject: str
    result: Json | None
    error: Json | None
    created: str
    updated: str


class JobPage(Said):
    """Jobs, newest first."""

    items: list[JobBody]
    next: str | None
