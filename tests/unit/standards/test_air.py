import numpy as np
import pytest

from lifang.core import BadInput, UnknownCode
from lifang.standards import DAILY, HOURLY, SO2_24H, Finding, Pollutant, aqi, check_aqi, code_list, iaqi

INDICES = [0, 50, 100, 150, 200, 300, 400, 500]
# HJ 633-2012, Table 1
TABLE_1 = {
    ("SO2", "24h"): [0, 50, 150, 475, 800, 1600, 2100, 2620],
    ("SO2", "1h"): [0, 150, 500, 650, 800],
    ("NO2", "24h"): [0, 40, 80, 180, 280, 565, 750, 940],
    ("NO2", "1h"): [0, 100, 200, 700, 1200, 2340, 3090, 3840],
    ("PM10", "24h"): [0, 50, 150, 250, 350, 420, 500, 600],
    ("CO", "24h"): [0, 2, 4, 14, 24, 36, 48, 60],
    ("CO", "1h"): [0, 5, 10, 35, 60, 90, 120, 150],
    ("O3", "1h"): [0, 160, 200, 300, 400, 800, 1000, 1200],
    ("O3", "8h"): [0, 100, 160, 215, 265, 800],
    ("PM2.5", "24h"): [0, 35, 75, 115, 150, 250, 350, 500],
}


@pytest.mark.parametrize(("pollutant", "averaging"), TABLE_1)
def test_each_breakpoint_has_its_published_index(pollutant: str, averaging: str) -> None:
    concentrations = TABLE_1[pollutant, averaging]
    assert iaqi(pollutant, averaging, concentrations).tolist() == INDICES[: len(concentrations)]


@pytest.mark.parametrize(("pollutant", "averaging"), TABLE_1)
def test_just_above_a_breakpoint_the_index_is_rounded_up(pollutant: str, averaging: str) -> None:
    inner = np.array(TABLE_1[pollutant, averaging][:-1]) + 1e-4
    assert iaqi(pollutant, averaging, inner).tolist() == [index + 1 for index in INDICES[: len(inner)]]


def test_the_table_holds_nothing_else() -> None:
    rows = {code.code for code in code_list("hj633_breakpoints")} - {"IAQI"}
    assert rows == {"/".join(key) for key in TABLE_1}


def test_above_the_table_the_index_stays_at_500() -> None:
    assert iaqi("PM2.5", "24h", [500, 501, 1e9]).tolist() == [500, 500, 500]


def test_so2_hours_and_8_hour_ozone_above_800_have_no_index() -> None:
    assert iaqi("SO2", "1h", [800, 800.1]).tolist() == pytest.approx([200, np.nan], nan_ok=True)
    assert iaqi("O3_8h", "8h", [800, 801]).tolist() == pytest.approx([300, np.nan], nan_ok=True)


def test_binary_fractions_do_not_lift_the_index() -> None:
    tenths = np.arange(0, 51) / 10  # CO: ten index points per mg/m3, so every tenth is a whole index
    assert iaqi("CO", "1h", tenths).tolist() == list(range(51))


def test_what_is_not_a_concentration_is_missing() -> None:
    assert np.isnan(iaqi("PM2.5", "24h", [np.nan, -1, np.inf, -np.inf])).all()


@pytest.mark.parametrize(("pollutant", "averaging"), [("PM2.5", "1h"), ("PM10", "8h"), ("Pb", "24h"), ("O3", "24h")])
def test_a_table_that_the_standard_lacks_is_refused(pollutant: str, averaging: str) -> None:
    with pytest.raises(UnknownCode, match="HJ 633-2012 has no index"):
        iaqi(pollutant, averaging, [1.0])


def test_the_index_is_that_of_the_worst_pollutant() -> None:
    hour = aqi({"PM2.5": [115.0], "PM10": [150.0], "SO2": [10.0], "NO2": [60.0], "O3": [20.0], "CO": [1.1]})
    assert hour.value.tolist() == [150]
    assert hour.primary.tolist() == ["PM2.5"]
    assert {name: index.tolist() for name, index in hour.iaqi.items()} == {
        "PM2.5": [150],
        "PM10": [100],
        "SO2": [4],
        "NO2": [30],
        "O3": [7],
        "CO": [11],
    }
    assert hour.missing.tolist() == [0]
    assert hour.beyond.tolist() == [False]


def test_up_to_50_there_is_no_primary_pollutant() -> None:
    assert aqi({"PM2.5": [35.0, 35.1]}).primary.tolist() == ["", "PM2.5"]


def test_pollutants_of_the_same_index_are_primary_together() -> None:
    hour = aqi({"PM2.5": [75.0, 75.0], "PM10": [150.0, 10.0], "NO2": [200.0, 200.0]})
    assert hour.primary.tolist() == ["PM2.5,PM10,NO2", "PM2.5,NO2"]


def test_a_missing_pollutant_is_counted_and_passed_over() -> None:
    hour = aqi({"PM2.5": [np.nan, np.nan], "PM10": [150.0, np.nan]})
    assert hour.value.tolist() == pytest.approx([100, np.nan], nan_ok=True)
    assert hour.missing.tolist() == [5, 6]
    assert hour.primary.tolist() == ["PM10", ""]


def test_an_hour_beyond_the_table_is_marked() -> None:
    hour = aqi({"PM10": [600.0, 601.0]})
    assert hour.value.tolist() == [500, 500]
    assert hour.beyond.tolist() == [False, True]


def test_so2_above_800_is_reported_by_its_24_hour_mean() -> None:
    hour = aqi({"SO2": [900.0, 900.0, 100.0], SO2_24H: [475.0, np.nan, 475.0]})
    assert hour.iaqi["SO2"].tolist() == pytest.approx([150, np.nan, 34], nan_ok=True)


def test_the_daily_report_adds_8_hour_ozone() -> None:
    day = aqi({"O3": [120.0, 900.0], "O3_8h": [160.0, 900.0], "SO2": [100.0, 0.0]}, hourly=False)
    assert day.value.tolist() == [100, 350]
    assert day.primary.tolist() == ["O3_8h", "O3"]
    assert day.iaqi["SO2"].tolist() == [75, 0]


def test_the_index_keeps_the_shape_of_its_arrays() -> None:
    assert aqi({"O3": np.full((3, 4), 200.0)}).primary.shape == (3, 4)
    assert float(aqi({"O3": 200.0}).value) == 100.0
    assert aqi({"O3": []}).value.shape == (0,)


@pytest.mark.parametrize(
    "concentrations", [{}, {"PM2.5": [1.0], "CO": [1.0, 2.0]}, {"AQI": [1.0]}, {"O3_8h": [1.0]}, {"pm2.5": [1.0]}]
)
def test_the_index_of_nothing_of_other_keys_or_of_unlike_arrays_is_refused(
    concentrations: dict[str, list[float]],
) -> None:
    with pytest.raises(BadInput):
        aqi(concentrations)


def test_the_reports_use_the_feeds_own_names() -> None:
    feed = code_list("cnemc_pollutants")
    assert feed.contains(list(HOURLY)).all()
    assert feed.contains(list(DAILY)).all()
    assert feed.contains([SO2_24H]).all()
    assert set(DAILY) == {str(each) for each in Pollutant}


def test_a_published_index_is_explained_hour_by_hour() -> None:
    nan = np.nan
    published = [100.0, 99.0, 120.0, 80.0, nan, nan, 100.0]
    pm25 = [75.0, 75.0, 75.0, nan, 75.0, nan, 75.0]
    others = {name: [1.0, 1.0, nan, nan, 1.0, nan, nan] for name in HOURLY if name != "PM2.5"}
    check = check_aqi(published, {"PM2.5": pm25, **others})
    assert check.findings.tolist() == [
        Finding.SAME,
        Finding.UNEXPLAINED,
        Finding.PRIMARY_MISSING,
        Finding.INDEX_ALONE,
        Finding.NOT_PUBLISHED,
        Finding.NOTHING,
        Finding.SAME,
    ]
    assert check.agreement == pytest.approx(2 / 5)
    assert sum(check.counts.values()) == 7


def test_a_higher_index_with_all_pollutants_present_is_not_explained() -> None:
    check = check_aqi([101.0], {name: [1.0] for name in HOURLY})
    assert check.counts[Finding.UNEXPLAINED] == 1


def test_without_a_published_index_there_is_no_agreement() -> None:
    assert np.isnan(check_aqi([np.nan], {"O3": [1.0]}).agreement)
    with pytest.raises(BadInput, match="shape"):
        check_aqi([1.0, 2.0], {"O3": [1.0]})
