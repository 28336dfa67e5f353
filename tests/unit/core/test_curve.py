import numpy as np

from lifang.core import morton


def test_the_curve_goes_through_a_square_in_the_shape_of_a_z() -> None:
    lon, lat = np.array([-180.0, 0.0, -180.0, 0.0]), np.array([-90.0, -90.0, 90.0, 90.0])
    assert np.argsort(morton(lon, lat)).tolist() == [0, 1, 2, 3]


def test_neighbours_on_the_curve_are_neighbours_in_the_city() -> None:
    random = np.random.default_rng(1)
    lon, lat = random.uniform(103.9, 104.2, 5000), random.uniform(30.5, 30.8, 5000)
    along = np.argsort(morton(lon, lat))
    step = np.hypot(np.diff(lon[along]), np.diff(lat[along])).mean()
    assert step < 0.05 * np.hypot(np.diff(lon), np.diff(lat)).mean()
