"""Keys and signatures: JSON Web Signatures (RFC 7515) by Ed25519 (RFC 8037, RFC 9864).

The city's private key lies beside its data, for its owner's eyes only; public keys are JSON Web Keys whose ``kid`` is
their thumbprint (RFC 7638).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import orjson
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from lifang.core import BadInput, Denied
from lifang.outside import write_private

ALGORITHMS = ["Ed25519", "EdDSA"]
_JWS_MAX = 20_000
_KEY_MEND = 'Send a public Ed25519 key: {"kty": "OKP", "crv": "Ed25519", "x": "…"}.'


class Signer:
    """The city's own key, made when it is first needed; it lies in the city's ``folder``."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "exchange" / "key.json"

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

    @property
    def public(self) -> dict[str, Any]:
        """The public key, with its ``kid``."""
        return public_key(self.key.as_dict(private=False))

    def sign(self, payload: Mapping[str, Any], *, kind: str) -> tuple[str, str]:
        """Return the signature of ``payload``, a document of a ``kind``, and the id of the key."""
        return sign(payload, self.key, kind=kind)


def sign(payload: Mapping[str, Any], key: OKPKey, *, kind: str) -> tuple[str, str]:
    """Return ``payload`` as a compact signature by a private key, of a ``kind`` of document, and the key's id."""
    kid = key.thumbprint()
    head = {"alg": "Ed25519", "kid": kid, "typ": f"{kind}+jws"}
    return jws.serialize_compact(head, orjson.dumps(payload, option=orjson.OPT_SORT_KEYS), key, ALGORITHMS[:1]), kid


def private_key(table: Any) -> OKPKey:
    """Return a private key of the one it is written as; ``BadInput`` unless it is one of Ed25519 with both parts."""
    public_key({name: value for name, value in table.items() if name != "d"} if isinstance(table, Mapping) else table)
    try:
        return OKPKey.import_key({name: table[name] for name in ("kty", "crv", "x", "d")})
    except (JoseError, ValueError, TypeError, KeyError) as error:
        mend = "Make one: lifang exchange keypair."
        raise BadInput("This is no private Ed25519 key.", where="key", mend=mend) from error


def new_key() -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a new private key, and its public part with its ``kid``."""
    made = OKPKey.generate_key("Ed25519")
    return dict(made.as_dict(private=True)), public_key(made.as_dict(private=False))


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
        raise BadInput("A signature says an object.", where="jws", mend="Sign a JSON object.")
    return says, kid


def unchecked(text: str) -> dict[str, Any]:
    """Return what a signature that is kept says, without checking it again."""
    found: dict[str, Any] = orjson.loads(jws.extract_compact(text.encode()).payload)
    return found


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
