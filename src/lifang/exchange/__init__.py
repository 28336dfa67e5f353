"""exchange: an inbox per bureau (采集交换): what bureaus deliver is received, reconciled, admitted, and receipted.

Files come by upload, from a folder, over HTTP or SFTP, whole or as changes by key. Each bureau's deliveries wait in a
line of their own, so that one's bad batch never holds up another's; both sides sign what was received and admitted.
Does not belong here: what rows must keep (catalogue), whose record is right where bureaus differ (masterdata).
Reads and writes the datasets that feeds name, and the registry's ``exchange_*`` tables.
"""

from lifang.exchange.exchange import Exchange, inbox
from lifang.exchange.model import CHANGE_HEADERS, Delivery, Feed, Manifest
from lifang.exchange.receipts import Receipt, Verification, verify
from lifang.exchange.sources import FeedSpec

__all__ = [
    "CHANGE_HEADERS",
    "Delivery",
    "Exchange",
    "Feed",
    "FeedSpec",
    "Manifest",
    "Receipt",
    "Verification",
    "inbox",
    "verify",
]
