"""Receipts: signatures of what was received, admitted, seen, by the city and by the bureau.

Each receipt names the SHA-256 of the one before it, so that the receipts of a delivery are a chain; the bureau's
acknowledgement names ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lifang.core import BadInput, Denied, format_instant
from lifang.signing import digest_of, opened, unchecked
from lifang.store import Row

KIND = "receipt"


@dataclass(frozen=True)
class Receipt:
    """One signed statement of a delivery: ``stage`` is received, admitted, refused or acknowledged."""

    id: str
    delivery: str
    stage: str
    kid: str
    jws: str
    recorded: datetime

    @classmethod
    def from_row(cls, row: Row) -> Receipt:
        """Return the receipt of a registry row."""
        return cls(**{name: row[name] for name in cls.__dataclass_fields__})

    @property
    def digest(self) -> str:
        """The SHA-256 (hex) of the signature's text: how the next receipt, or an acknowledgement, names this one."""
        return digest_of(self.jws)

    def as_json(self) -> dict[str, Any]:
        """Return the receipt as plain values, with what it says beside its signature."""
        return {
            "stage": self.stage,
            "kid": self.kid,
            "recorded": format_instant(self.recorded),
            "jws": self.jws,
            "sha256": self.digest,
            "says": unchecked(self.jws),
        }


@dataclass(frozen=True)
class Verification:
    """What verifying found: whether every signature and link holds, and a sentence for each thing that does not."""

    valid: bool
    delivery: str
    stages: tuple[str, ...]
    faults: tuple[str, ...]


def verify(receipts: Sequence[str], keys: Iterable[Mapping[str, Any]], *, content_sha256: str = "") -> Verification:
    """Return whether the receipts of one delivery hold: each signature, the chain, and the content if its hash is told.

    ``receipts`` are compact signatures in their order; ``keys`` the public keys of both sides.
    """
    known, faults = list(keys), []
    stages, previous, delivery = [], "", ""
    for number, text in enumerate(receipts, start=1):
        try:
            says, _ = opened(text, known)
        except (BadInput, Denied) as problem:
            faults.append(f"Receipt {number}: {problem.what}")
            continue
        delivery = delivery or str(says.get("delivery", ""))
        stages.append(str(says.get("stage", "")))
        if says.get("delivery") != delivery:
            faults.append(f"Receipt {number} is of another delivery.")
        if says.get("previous", "") != previous:
            faults.append(f"Receipt {number} does not follow the one before it.")
        if content_sha256 and says.get("sha256", content_sha256) != content_sha256:
            faults.append(f"Receipt {number} is of other content.")
        previous = digest_of(text)
    if not receipts:
        faults.append("There is no receipt.")
    return Verification(not faults, delivery, tuple(stages), tuple(faults))
