"""operations: what an operations centre works with: severities, alert rules and alerts, indicators, forecasts.

Alerts follow a pure state machine and live in the registry; indicators carry formula, unit, sources and a rule for
missing data; a baseline forecast comes with its back-tested error. Does not belong here: what a particular scene
watches, the tables of a standard, who may ask.
Reads datastreams through sensing; reads and writes the registry's alert, indicator, indicator_value and lineage.
"""

from lifang.operations.alerts import Alerts, Finding
from lifang.operations.city_air import (
    POLLUTANTS,
    STATION_SHARE,
    AirReader,
    CityAir,
    city_concentrations,
    daily_index,
    hourly_index,
    warning_index,
    without_index,
)
from lifang.operations.forecast import Backtest, Forecast, Model, Score, backtest, enough, fit, predict
from lifang.operations.hourly import DAY_H, Hours, by_day, day_mean, mean_over, trailing_mean
from lifang.operations.indicators import Indicators, Reading
from lifang.operations.machine import AlertRule, Change, Level, State, step
from lifang.operations.model import Alert, AlertChange, AlertState, IndicatorSpec, IndicatorValue, Note
from lifang.operations.readings import HourlyReadings
from lifang.operations.severity import Severity
from lifang.operations.watching import SCENE, Threshold, ThresholdLevel, Thresholds, ThresholdWatch

__all__ = [
    "DAY_H",
    "POLLUTANTS",
    "SCENE",
    "STATION_SHARE",
    "AirReader",
    "Alert",
    "AlertChange",
    "AlertRule",
    "AlertState",
    "Alerts",
    "Backtest",
    "Change",
    "CityAir",
    "Finding",
    "Forecast",
    "HourlyReadings",
    "Hours",
    "IndicatorSpec",
    "IndicatorValue",
    "Indicators",
    "Level",
    "Model",
    "Note",
    "Reading",
    "Score",
    "Severity",
    "State",
    "Threshold",
    "ThresholdLevel",
    "ThresholdWatch",
    "Thresholds",
    "backtest",
    "by_day",
    "city_concentrations",
    "daily_index",
    "day_mean",
    "enough",
    "fit",
    "hourly_index",
    "mean_over",
    "predict",
    "step",
    "trailing_mean",
    "warning_index",
    "without_index",
]
