"""A lightened mesh lies within its bound of what it was, measured; what was closed is closed; objects stay apart."""

from collections import Counter

import numpy as np
import pytest
from numpy.typing import NDArray

from lifang.twin.shapes import Mesh, lighten

Floats = NDArray[np.float64]


def ball(rings: int, radius_m: float, owner: int = 0, at: float = 0.0) -> Mesh:
    """Return a closed ball of 2 * rings * (rings - 1) triangles or so, a vertex for each corner of each."""
    polar, round_ = np.meshgrid(np.linspace(0, np.pi, rings + 1), np.arange(2 * rings) * np.pi / rings, indexing="ij")
    place = radius_m * np.stack((np.sin(polar) * np.cos(round_), np.sin(polar) * np.sin(round_), np.cos(polar)), axis=2)
    place[[0, -1]] = np.array([[[0, 0, radius_m]], [[0, 0, -radius_m]]])
    place[..., 0] += at
    low, next_ = place[:-1], np.roll(place, -1, axis=1)[:-1]
    high, across = place[1:], np.roll(place, -1, axis=1)[1:]
    upper = np.stack((low, high, across), axis=2)[1 - 1 : rings - 1].reshape(-1, 3, 3)
    lower = np.stack((low, across, next_), axis=2)[1:].reshape(-1, 3, 3)
    corner = np.concatenate((upper, lower)).reshape(-1, 3)
    count = len(corner)
    return Mesh(corner, np.zeros((count, 3)), np.full(count, owner), np.arange(count).reshape(-1, 3))


def together(*meshes: Mesh) -> Mesh:
    start = np.cumsum([0, *(len(each.position) for each in meshes)])
    return Mesh(
        *(np.concatenate([getattr(each, name) for each in meshes]) for name in ("position", "normal", "owner")),
        np.concatenate([each.triangle + first for each, first in zip(meshes, start[:-1], strict=True)]),
    )


def is_closed(mesh: Mesh) -> bool:
    corner = np.round(mesh.position, 9)[mesh.triangle].tolist()
    ways: Counter[tuple[tuple[float, ...], tuple[float, ...]]] = Counter()
    for a, b, c in (map(tuple, each) for each in corner):
        ways.update([(a, b), (b, c), (c, a)])
    return all(count == ways[end, start] for (start, end), count in ways.items())


def farthest_m(mesh: Mesh, other: Mesh, draws: int = 1_500) -> float:
    """Return how far the farthest of some points of one mesh is from another: a lower bound of Hausdorff's distance."""
    chance = np.random.default_rng(7)
    shares = chance.dirichlet((0.5, 0.5, 0.5), draws)
    taken = chance.choice(len(mesh.triangle), draws, p=mesh.areas_m2() / mesh.areas_m2().sum())
    points = np.concatenate((np.einsum("nc,ncd->nd", shares, mesh.position[mesh.triangle[taken]]), mesh.position[::5]))
    a, b, c = (other.position[other.triangle[:, corner]] for corner in range(3))
    normal = np.cross(b - a, c - a)
    normal /= np.maximum(np.linalg.norm(normal, axis=1), 1e-15)[:, None]
    off = np.einsum("pmd,md->pm", points[:, None] - a, normal)
    foot = points[:, None] - off[..., None] * normal
    inside = np.ones(off.shape, bool)
    near = np.full(off.shape, np.inf)
    for start, end in ((a, b), (b, c), (c, a)):
        inside &= np.einsum("pmd,md->pm", np.cross(end - start, foot - start), normal) >= 0
        along = np.einsum("pmd,md->pm", points[:, None] - start, end - start)
        share = np.clip(along / np.maximum(((end - start) ** 2).sum(axis=1), 1e-30), 0, 1)
        near = np.minimum(near, np.linalg.norm(points[:, None] - start - share[..., None] * (end - start), axis=2))
    return float(np.where(inside, np.abs(off), near).min(axis=1).max())


@pytest.mark.parametrize("most_m", [0.03, 0.1, 0.3])
def test_both_ways_the_measured_distance_is_within_the_bound_and_the_bound_within_what_was_asked(most_m: float) -> None:
    mesh = ball(14, 1.0)
    found = lighten(mesh, most_m)
    assert found.bound_m <= most_m
    assert farthest_m(mesh, found.mesh) <= found.bound_m + 1e-9
    assert farthest_m(found.mesh, mesh) <= found.bound_m + 1e-9
    assert is_closed(mesh)
    assert is_closed(found.mesh)
    assert (found.before, found.after) == (len(mesh.triangle), len(found.mesh.triangle))
    if most_m > 0.2:
        assert found.after < found.before / 2


def test_a_thing_smaller_than_the_bound_stays() -> None:
    needle = ball(6, 0.01)
    found = lighten(needle, 0.5)
    assert farthest_m(needle, found.mesh, 200) <= found.bound_m + 1e-9
    assert found.after > 0


def test_objects_that_touch_are_lightened_each_by_itself() -> None:
    one, other = ball(8, 1.0), ball(8, 1.0, owner=1, at=2.0)
    both = lighten(together(one, other), 0.3).mesh
    for owner, alone in ((0, one), (1, other)):
        own = both.owner[both.triangle[:, 0]] == owner
        part = Mesh(both.position, both.normal, both.owner, both.triangle[own])
        assert is_closed(part)
        assert own.sum() == lighten(alone, 0.3).after


def test_an_open_sheet_keeps_its_corners_and_normals() -> None:
    square = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0.0]])
    sheet = Mesh(square[[0, 1, 2, 0, 2, 3]], np.zeros((6, 3)), np.zeros(6, np.int64), np.arange(6).reshape(-1, 3))
    found = lighten(sheet, 0.1)
    assert (found.bound_m, found.after) == (0.0, 2)
    assert found.mesh.normal.tolist() == [[0.0, 0.0, 1.0]] * 6


def test_where_parts_meet_their_border_stays_and_joined_objects_are_one_sheet() -> None:
    side = 12
    x, y = (each.ravel().astype(float) for each in np.meshgrid(*[np.arange(side + 1)] * 2))
    place = np.column_stack((x, y, np.zeros(len(x))))
    low = (np.arange(side)[:, None] * (side + 1) + np.arange(side)).ravel()
    corner = np.concatenate([low[:, None] + each for each in ([0, 1, side + 2], [0, side + 2, side + 1])])
    here = place[corner].reshape(-1, 3)
    east = (place[corner][:, :, 0].mean(axis=1) > side / 2).astype(np.int64)
    sheet = Mesh(here, here * 0, np.repeat(east, 3), np.arange(len(here)).reshape(-1, 3))
    joined = lighten(sheet, 0.01, joined=True)
    assert joined.bound_m == pytest.approx(0.0, abs=1e-12)
    assert joined.mesh.areas_m2().sum() == pytest.approx(side * side)
    assert set(joined.mesh.owner.tolist()) == {0, 1}
    for parted in (lighten(sheet, 0.01, part=east, joined=True), lighten(sheet, 0.01)):
        middle = {tuple(each) for each in parted.mesh.position.tolist() if each[0] == side / 2}
        assert len(middle) == side + 1
        assert joined.after < parted.after < parted.before / 2
