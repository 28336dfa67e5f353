import base64
import json
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from joserfc.jwk import OKPKey
from tests.unit.exchange.conftest import FULL

from lifang.core import BadInput, Conflict, Denied, NotFound
from lifang.exchange import Exchange, verify
from lifang.guard import SYSTEM
from lifang.signing import digest_of, sign

pytestmark = pytest.mark.slow


@pytest.fixture
def bureau(exchange: Exchange, feed) -> OKPKey:
    """A key pair of the water bureau, registered."""
    feed()
    key = OKPKey.generate_key("Ed25519")
    exchange.put_key("water", key.as_dict(private=False), by=SYSTEM)
    return key


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_both_receipts_are_signed_and_chained_and_another_library_agrees(send, exchange: Exchange) -> None:
    done = send(FULL, reference="2026-7", rows=3)
    received, admitted = exchange.receipts(done.id)
    assert [each.stage for each in (received, admitted)] == ["received", "admitted"]
    key = Ed25519PublicKey.from_public_bytes(decoded(exchange.keys()[0]["x"]))
    for each in (received, admitted):
        head, body, signature = each.jws.split(".")
        key.verify(decoded(signature), f"{head}.{body}".encode())
        assert json.loads(decoded(head))["alg"] == "Ed25519"
    says = json.loads(decoded(admitted.jws.split(".")[1]))
    assert says["counts"]["admitted"] == 3
    assert says["release"] == "permits@1"
    assert (says["reference"], says["sha256"], says["previous"]) == ("2026-7", done.sha256, received.digest)
    assert verify([received.jws, admitted.jws], exchange.keys(), content_sha256=done.sha256).valid


def test_what_was_refused_is_receipted_with_the_reason(send, exchange: Exchange) -> None:
    done = send(FULL, rows=5)
    last = exchange.receipts(done.id)[-1].as_json()
    assert (last["stage"], last["says"]["problem"]["where"]) == ("refused", "rows")


def test_the_bureau_acknowledges_with_its_own_key(send, exchange: Exchange, bureau: OKPKey) -> None:
    done = send(FULL)
    newest = exchange.receipts(done.id)[-1]
    says = {"delivery": done.id, "stage": "acknowledged", "previous": newest.digest}
    text, kid = sign(says, bureau, kind="receipt")
    kept = exchange.acknowledge(done.id, text, by=SYSTEM)
    assert (kept.stage, kept.kid) == ("acknowledged", kid)
    assert exchange.acknowledge(done.id, text, by=SYSTEM) == kept, "again changes nothing"
    found = verify([each.jws for each in exchange.receipts(done.id)], exchange.keys())
    assert (found.valid, found.stages) == (True, ("received", "admitted", "acknowledged"))


def test_an_acknowledgement_that_is_not_the_bureaus_or_of_another_receipt_is_refused(
    send, exchange: Exchange, bureau: OKPKey
) -> None:
    done = send(FULL)
    newest = exchange.receipts(done.id)[-1]
    says = {"delivery": done.id, "stage": "acknowledged", "previous": newest.digest}
    with pytest.raises(Denied, match="not known"):
        exchange.acknowledge(done.id, sign(says, OKPKey.generate_key("Ed25519"), kind="receipt")[0], by=SYSTEM)
    with pytest.raises(Conflict):
        exchange.acknowledge(done.id, sign({**says, "previous": digest_of("x")}, bureau, kind="receipt")[0], by=SYSTEM)
    head, body, signature = sign(says, bureau, kind="receipt")[0].split(".")
    for wrong in (f"{head}.{body}.{signature[:-4]}AAAA", f"{head}.{body}"):
        with pytest.raises((Denied, BadInput)):
            exchange.acknowledge(done.id, wrong, by=SYSTEM)
    nothing = base64.urlsafe_b64encode(json.dumps({"alg": "none", "kid": bureau.thumbprint()}).encode()).rstrip(b"=")
    with pytest.raises(Denied):
        exchange.acknowledge(done.id, f"{nothing.decode()}.{body}.", by=SYSTEM)
    exchange.retire_key("water", bureau.thumbprint(), by=SYSTEM)
    with pytest.raises(Denied, match="not known"):
        exchange.acknowledge(done.id, sign(says, bureau, kind="receipt")[0], by=SYSTEM)
    assert len(exchange.receipts(done.id)) == 2


def test_a_receipt_that_was_changed_left_out_or_moved_is_found(send, exchange: Exchange) -> None:
    texts = [each.jws for each in exchange.receipts(send(FULL).id)]
    other = [each.jws for each in exchange.receipts(send(FULL + "d,4,2026-01-04\n").id)]
    keys = exchange.keys()
    head, body, signature = texts[1].split(".")
    forged = base64.urlsafe_b64encode(decoded(body).replace(b'"admitted":3', b'"admitted":9')).rstrip(b"=").decode()
    for receipts in ([texts[1]], texts[::-1], [texts[0], other[1]], [texts[0], f"{head}.{forged}.{signature}"], []):
        assert not verify(receipts, keys).valid
    assert not verify(texts, keys, content_sha256="0" * 64).valid
    assert not verify(texts, []).valid


def test_the_citys_private_key_is_for_its_owners_eyes_and_never_told(send, exchange: Exchange, tmp_path: Path) -> None:
    send(FULL)
    path = tmp_path / "exchange" / "key.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    told = exchange.keys()
    assert all("d" not in key for key in told)


def test_a_key_that_is_private_or_of_another_kind_is_refused(exchange: Exchange, bureau: OKPKey) -> None:
    private = bureau.as_dict(private=True)
    for wrong in (private, {"kty": "RSA"}, {"kty": "OKP", "crv": "Ed25519", "x": "AA"}, [], None):
        with pytest.raises(BadInput):
            exchange.put_key("water", wrong, by=SYSTEM)
    with pytest.raises(Conflict, match="another's"):
        exchange.put_key("housing", bureau.as_dict(private=False), by=SYSTEM)
    with pytest.raises(NotFound):
        exchange.retire_key("housing", bureau.thumbprint(), by=SYSTEM)
