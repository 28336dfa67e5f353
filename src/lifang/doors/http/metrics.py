"""Counts of one app for Prometheus; each app has its own registry, so that tests and cities do not mix."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Metric, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

_LATENCY = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Feeds(Collector):
    """Counts of connectors, each with its ``id``; ``told`` is what is known of them now: name to number, by id."""

    gauges = ("up", "lag_seconds", "failures_in_a_row", "last_success_timestamp_seconds")
    counters = ("values", "refused", "pulls", "failures")

    def __init__(self) -> None:
        self.told: dict[str, dict[str, float]] = {}

    def collect(self) -> Iterator[Metric]:
        """Yield the counts."""
        for kind, names in ((GaugeMetricFamily, self.gauges), (CounterMetricFamily, self.counters)):
            for name in names:
                family = kind(f"lifang_connector_{name}", f"Connectors: {name}.", labels=("connector",))
                for connector, counts in self.told.items():
                    if name in counts:
                        family.add_metric((connector,), counts[name])
                yield family


class Metrics:
    """The counters of one app, all in ``registry``; names follow Prometheus (base units, ``_total``)."""

    def __init__(self) -> None:
        registry = self.registry = CollectorRegistry()
        self.requests = Counter(
            "lifang_http_requests", "Answered requests.", ("method", "route", "status"), registry=registry
        )
        self.latency = Histogram(
            "lifang_http_request_seconds", "Time to the first byte.", ("route",), buckets=_LATENCY, registry=registry
        )
        self.values = Counter("lifang_ingest_values", "Acknowledged observations.", ("door",), registry=registry)
        self.commit = Histogram(
            "lifang_ingest_commit_seconds", "Wait for a durable commit.", buckets=_LATENCY, registry=registry
        )
        self.refused = Counter("lifang_ingest_refused", "Messages that were not taken.", ("door",), registry=registry)
        self.mqtt_clients = Gauge("lifang_mqtt_clients", "Connected MQTT clients.", registry=registry)
        self.mqtt_dropped = Counter(
            "lifang_mqtt_dropped", "Messages that a slow or absent client did not get.", registry=registry
        )
        self.streams = Gauge("lifang_event_streams", "Open event streams.", registry=registry)
        self.datastreams = Gauge("lifang_hot_datastreams", "Datastreams held in memory.", registry=registry)
        self.jobs = Gauge("lifang_jobs", "Jobs by state.", ("state",), registry=registry)
        self.devices = Gauge("lifang_network_devices", "Devices by health.", ("health",), registry=registry)
        self.links_down = Gauge("lifang_network_links_down", "Links that are down.", registry=registry)
        self.network = Gauge(
            "lifang_network",
            "Means over all devices: uptime and loss (0 to 1), lag in seconds.",
            ("figure",),
            registry=registry,
        )
        self.commands = Gauge("lifang_commands", "Commands by state.", ("state",), registry=registry)
        self.ledger = Gauge("lifang_ledger_head", "Number of the newest ledger record.", registry=registry)

        self.feeds = Feeds()
        registry.register(self.feeds)

    def text(self) -> bytes:
        """Return everything in the Prometheus text format."""
        return generate_latest(self.registry)
