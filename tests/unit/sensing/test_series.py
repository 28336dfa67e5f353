import numpy as np
import pyarrow as pa
import pytest

from lifang.core import BadInput
from lifang.sensing import Quality
from lifang.sensing.series import chart, gaps, thin

HOUR = 3_600_000_000


def series(time: np.ndarray, value: np.ndarray) -> pa.Table:
    return pa.table(
        {
            "time": pa.array(time, pa.timestamp("us", "UTC")),
            "value": pa.array(value, pa.float64()),
            "quality": pa.array(np.zeros(len(time)), pa.uint8()),
        }
    )


def test_a_peak_of_one_hour_in_a_year_stays_visible() -> None:
    time, value = np.arange(8760) * HOUR, np.full(8760, 35.0)
    value[4321], value[6000] = 412.0, -3.0
    found = chart(series(time, value), 200, 3600)
    assert len(found) <= 200
    assert max(found["value"].to_pylist()) == 412.0
    assert min(found["value"].to_pylist()) == -3.0
    assert found["time"].cast(pa.int64()).to_pylist()[0] == 0
    assert found["time"].cast(pa.int64()).to_pylist()[-1] == 8759 * HOUR


def test_few_points_come_back_as_they_are() -> None:
    assert chart(series(np.arange(5) * HOUR, np.arange(5.0)), 100, 3600)["value"].to_pylist() == [0, 1, 2, 3, 4]


def test_a_gap_longer_than_one_and_a_half_periods_is_a_row_without_a_value() -> None:
    time = np.array([0, 60, 120, 210, 301, 361]) * 60_000_000  # steps of 60, 60, 90, 91, 60 minutes
    found = chart(series(time, np.arange(6.0)), 100, 3600)
    assert found["value"].to_pylist() == [0, 1, 2, 3, None, 4, 5]
    assert found["quality"].to_pylist()[4] == Quality.MISSING
    assert found["time"].cast(pa.int64()).to_pylist()[4] == 270 * 60_000_000


def test_a_gap_stays_when_the_series_is_thinned_but_not_one_too_narrow_to_draw() -> None:
    hours = np.delete(np.arange(8760), np.r_[2000:2300, 5000])
    found = chart(series(hours * HOUR, np.sin(hours)), 200, 3600)
    assert found["value"].null_count == 1
    row = found["value"].to_pylist().index(None)
    moments = found["time"].cast(pa.int64()).to_pylist()
    assert moments[row] == 2000 * HOUR
    assert moments == sorted(moments)


def test_an_irregular_datastream_has_no_gaps() -> None:
    assert len(gaps(np.array([0, HOUR, 100 * HOUR]), 0)) == 0


def test_values_that_are_no_numbers_do_not_hide_the_others() -> None:
    value = np.full(1000, np.nan)
    value[500] = 7.0
    assert 500 in thin(np.arange(1000), value, 10)


def test_an_empty_series_is_an_empty_chart() -> None:
    assert len(chart(series(np.zeros(0, np.int64), np.zeros(0)), 10, 3600)) == 0


@pytest.mark.parametrize("points", [-1, 0, 3, 100_001])
def test_a_number_of_points_that_is_no_chart_is_refused(points: int) -> None:
    with pytest.raises(BadInput, match="no chart"):
        thin(np.arange(10), np.arange(10.0), points)
