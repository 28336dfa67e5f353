"""mqtt: MQTT 3.1.1 and 5.0: the city is a broker, or a client of one, that speaks SensorThings (OGC 18-088, clause 14).

Offered: publishing observations one by one (``v1.1/Datastreams(n)/Observations``) and in bulk
(``v1.1/CreateObservations``, Arrow on ``lifang/v1/observations``), acknowledged once they are on disk; subscribing to
observations; free topics; commands to devices and their answers (``lifang/v1/devices/ID/…``).
Does not belong here: storage of observations, rights, quality rules, which command is safe.
Reads and writes observations through :mod:`lifang.sensing`; writes kept sessions to a journal of its own.
"""

from lifang.doors.http import Door
from lifang.doors.mqtt.listening import Listener, listen
from lifang.doors.mqtt.settings import MqttSettings
from lifang.doors.mqtt.uplink import Uplink

__all__ = ["Listener", "MqttSettings", "Uplink", "listen", "spec"]

spec = Door("mqtt", "物联网消息", "MQTT", "MQTT 3.1.1 and 5.0 (OASIS), SensorThings over MQTT (OGC 18-088)", order=30)
