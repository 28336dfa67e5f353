"""identity: who is asking: people, organisations, roles, passwords, sessions and tokens.

Does not belong here: what they may do (guard), cookies and headers (doors).
Reads and writes no dataset; keeps person, organisation, session and token in the registry, each change in the ledger.
"""

from lifang.identity.identity import Identity
from lifang.identity.model import Organisation, Person, Session, Token
from lifang.identity.passwords import PASSWORD_MIN, Passwords

__all__ = ["PASSWORD_MIN", "Identity", "Organisation", "Passwords", "Person", "Session", "Token"]
