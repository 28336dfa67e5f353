"""subscriptions: who wants to hear of which entities, kept durably, and the notifications that tell them.

Does not belong here: HTTP routes; what an entity is. Reads observations of the past from the lake; writes
subscriptions, and how far each is told, to the registry's settings.
"""

from lifang.doors.ngsild.subscriptions.model import Owner, Subscription, changed, read_subscription
from lifang.doors.ngsild.subscriptions.notifier import Notifier
from lifang.doors.ngsild.subscriptions.register import Delivery, nothing
from lifang.doors.ngsild.subscriptions.senders import Publisher

__all__ = ["Delivery", "Notifier", "Owner", "Publisher", "Subscription", "changed", "nothing", "read_subscription"]
