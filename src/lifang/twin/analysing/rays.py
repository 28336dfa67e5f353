"""Rays against triangles, and the nearest points of segments and triangles."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_NEAR = 1e-9
_AT_ONCE = 2_000_000  # pairs of a ray and a triangle


def first_hits(origin: Floats, direction: Floats, triangles: Floats, *, beyond: float = 0.0) -> tuple[Floats, Floats]:
    """Return how far each ray goes until it meets a triangle, in lengths of ``direction``, and which one (-1: none).

    ``origin``, ``direction`` (n, 3), ``triangles`` (m, 3, 3); what is nearer than ``beyond`` is passed through. No hit
    is infinity. Source: Möller and Trumbore, Fast, Minimum Storage Ray/Triangle Intersection (1997).
    """
    far, which = np.full(len(origin), np.inf), np.full(len(origin), -1.0)
    if not len(triangles):
        return far, which
    step = max(1, _AT_ONCE // len(triangles))
    for start in range(0, len(origin), step):
        some = slice(start, start + step)
        along = meets(origin[some, None], direction[some, None], triangles[None])
        along[along <= beyond] = np.inf
        nearest = along.argmin(axis=1)
        far[some] = np.take_along_axis(along, nearest[:, None], axis=1)[:, 0]
        which[some] = np.where(np.isfinite(far[some]), nearest, -1)
    return far, which


def meets(origin: Floats, direction: Floats, triangles: Floats) -> Floats:
    """Return where each line meets its triangle, in lengths of ``direction`` from ``origin``; infinity if it misses."""
    corner = triangles[..., 0, :]
    one, other = triangles[..., 1, :] - corner, triangles[..., 2, :] - corner
    across = np.cross(direction, other)
    turn = (one * across).sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        away = origin - corner
        u = (away * across).sum(axis=-1) / turn
        over = np.cross(away, one)
        v = (direction * over).sum(axis=-1) / turn
        t = (other * over).sum(axis=-1) / turn
        hit = (np.abs(turn) > 0) & (u >= -_NEAR) & (v >= -_NEAR) & (u + v <= 1 + _NEAR)
    return np.where(hit & np.isfinite(t), t, np.inf)


def between_segments(start: Floats, end: Floats, other_start: Floats, other_end: Floats) -> tuple[Floats, Floats]:
    """Return the nearest points of pairs of segments, each of shape (..., 3).

    Source: Ericson, Real-Time Collision Detection (2005), 5.1.9.
    """
    one, other, away = end - start, other_end - other_start, start - other_start
    a, e = _dot(one, one), _dot(other, other)
    b, c, f = _dot(one, other), _dot(one, away), _dot(other, away)
    wide = a * e - b * b
    with np.errstate(divide="ignore", invalid="ignore"):
        s = np.where(wide > _NEAR * a * e, np.clip((b * f - c * e) / wide, 0, 1), 0.0)
        t = np.where(e > 0, (b * s + f) / e, 0.0)
        kept = np.clip(t, 0, 1)
        s = np.where(a > 0, np.clip((b * kept - c) / a, 0, 1), 0.0)
    return start + s[..., None] * one, other_start + kept[..., None] * other


def onto_triangles(point: Floats, triangles: Floats) -> Floats:
    """Return the nearest point of each triangle (..., 3, 3) to ``point`` (..., 3): its face's foot or an edge's."""
    corner = triangles[..., 0, :]
    one, other = triangles[..., 1, :] - corner, triangles[..., 2, :] - corner
    normal = np.cross(one, other)
    with np.errstate(divide="ignore", invalid="ignore"):
        foot = point - (_dot(point - corner, normal) / _dot(normal, normal))[..., None] * normal
        size = _dot(normal, normal)
        u = _dot(np.cross(foot - corner, other), normal) / size
        v = _dot(np.cross(one, foot - corner), normal) / size
        inside = (u >= 0) & (v >= 0) & (u + v <= 1)
    sides = [(triangles[..., at, :], triangles[..., (at + 1) % 3, :]) for at in range(3)]
    edges = [between_segments(point, point, start, end)[1] for start, end in sides]
    away = np.stack([_dot(each - point, each - point) for each in edges])
    nearest = np.take_along_axis(np.stack(edges), away.argmin(axis=0)[None, ..., None], axis=0)[0]
    return np.where(inside[..., None], foot, nearest)


def _dot(one: Floats, other: Floats) -> Floats:
    return np.asarray((one * other).sum(axis=-1))
