from __future__ import annotations

from lifang.scenes.device_health import _certificate


def test_a_certificate_that_has_ended_is_not_said_to_have_days_left() -> None:
    assert _certificate("gate", 7.0) == ("设备gate证书剩余7天", "The certificate of gate ends in 7 days")
    assert _certificate("gate", -4.0) == ("设备gate证书已过期4天", "The certificate of gate ended 4 days ago")
