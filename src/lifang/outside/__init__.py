"""outside: how the house reaches beyond this machine: no address that was not meant, nothing without a bound.

Does not belong here: what the answers mean. Reads and writes no dataset.
"""

from lifang.outside.addresses import allowed_in, check_networks, permitted_addresses
from lifang.outside.fetch import Answer, Fetcher, Reach, check_headers, check_url
from lifang.outside.files import Opened, open_plain
from lifang.outside.origin import Guarded, Loaded, Web, WebOrFile, load, load_web
from lifang.outside.part import Part
from lifang.outside.secrets import Secrets, hide, write_private

__all__ = [
    "Answer",
    "Fetcher",
    "Guarded",
    "Loaded",
    "Opened",
    "Part",
    "Reach",
    "Secrets",
    "Web",
    "WebOrFile",
    "allowed_in",
    "check_headers",
    "check_networks",
    "check_url",
    "hide",
    "load",
    "load_web",
    "open_plain",
    "permitted_addresses",
    "write_private",
]
