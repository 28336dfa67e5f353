"""webhooks: who is told of changes in the catalogue at an address of their own, durably and signed.

Does not belong here: who somebody is (identity), how the house reaches out (outside). Reads the log of changes; writes
webhooks and how far each is told; their secrets lie in files for their owner's eyes only.
"""

from lifang.catalogue.webhooks.delivery import Deliveries, Post, signature
from lifang.catalogue.webhooks.register import Attempt, Sent, Webhook, Webhooks

__all__ = ["Attempt", "Deliveries", "Post", "Sent", "Webhook", "Webhooks", "signature"]
