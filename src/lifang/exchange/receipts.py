"""Receipts: JSON Web Signatures (RFC 7515, Ed25519 by RFC 8037 and RFC 9864) of what was received, admitted, seen.

Each receipt names the SHA-256 of the one before it, so that the receipts of a delivery are a chain; the bureau's
acknowledgement names ours. The city's private key lies beside its data, for its owner's eyes only; public keys of both
sides are JSON Web Keys whose ``kid`` is their thumbprint (RFC 7638).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from lifang.core import BadInput, Denied, format_instant
from lifang.outside import write_private
from lifang.store import Row

ALGORITHMS = ["Ed25519", "EdDSA"]
_JWS_MAX = 20_000
_KEY_MEND = 'Send a public Ed25519 key: {"kty": "OKP", "crv": "Ed25519", "x": "…"}.'


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


class Signer:
    """The city's own key, made when it is first needed; ``path`` is the file that keeps it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def key(self) -> OKPKey:
        """The private key."""
        try:
            return OKPKey.import_key(orjson.loads(self._path.read_bytes()))
        except FileNotFoundError:
            made = OKPKey.generate_key("Ed25519")
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_private(self._path, orjson.dumps(made.as_dict(private=True)))
            return made

    def sign(self, payload: Mapping[str, Any]) -> tuple[str, str]:
        """Return the signature of ``payload`` and the id of the key."""
        return sign(payload, self.key)


def sign(payload: Mapping[str, Any], key: OKPKey) -> tuple[str, str]:
    """Return ``payload`` as a compact signature by a private key, and the key's id."""
    kid = key.thumbprint()
    head = {"alg": "Ed25519", "kid": kid, "typ": "receipt+jws"}
    return jws.serialize_compact(head, orjson.dumps(payload, option=orjson.OPT_SORT_KEYS), key, ALGORITHMS[:1]), kid


def public_key(table: Any) -> dict[str, Any]:
    """Return a public key as it is kept, with its ``kid``; ``BadInput`` unless it is one of Ed25519, public only."""
    if not isinstance(table, Mapping) or (table.get("kty"), table.get("crv")) != ("OKP", "Ed25519"):
        raise BadInput("This is no public Ed25519 key.", where="key", mend=_KEY_MEND)
    if "d" in table:
        what = "This key holds its private part, which nobody else may see."
        raise BadInput(what, where="key.d", mend="Make a new key pair, and send its public part only.")
    try:
        key = OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": table.get("x", "")})
        return {**key.as_dict(private=False), "kid": key.thumbprint()}
    except (JoseError, ValueError, TypeError) as error:
        raise BadInput("This is no public Ed25519 key.", where="key.x", mend=_KEY_MEND) from error


def opened(text: str, keys: Iterable[Mapping[str, Any]]) -> tuple[dict[str, Any], str]:
    """Return what a signature says and the id of the key that made it; ``Denied`` unless one of ``keys`` did."""
    known = {str(each["kid"]): each for each in keys}
    kid = str(_head(text).get("kid", ""))
    if kid not in known:
        raise Denied(f"The key {kid[:80]!r} is not known.", where="kid", mend="Register the public key first.")
    try:
        found = jws.deserialize_compact(text, OKPKey.import_key(dict(known[kid])), ALGORITHMS)
        says = orjson.loads(found.payload)
    except (JoseError, ValueError) as error:
        raise Denied("The signature does not hold.", where="jws", mend="Sign the payload with that key.") from error
    if not isinstance(says, dict):
        raise BadInput("A receipt says an object.", where="jws", mend="Sign a JSON object.")
    return says, kid


def unchecked(text: str) -> dict[str, Any]:
    """Return what a signature that is kept says, without checking it again."""
    found: dict[str, Any] = orjson.loads(jws.extract_compact(text.encode()).payload)
    return found


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


def digest_of(text: str) -> str:
    """Return the SHA-256 (hex) of a signature's text."""
    return hashlib.sha256(text.encode()).hexdigest()


def _head(text: str) -> Mapping[str, Any]:
    if len(text) > _JWS_MAX:
        raise BadInput("The signature is too long.", where="jws", mend=f"Send at most {_JWS_MAX} characters.")
    try:
        head = jws.extract_compact(text.encode()).headers()
    except (JoseError, ValueError) as error:
        raise BadInput("This is no compact JSON Web Signature.", where="jws", mend="See RFC 7515 §3.1.") from error
    return head if isinstance(head, dict) else {}
