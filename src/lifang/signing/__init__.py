"""signing: what the city and its bureaus put their names to: keys, signatures, and whether a signature holds.

Does not belong here: what is signed (receipts: exchange, certificates: catalogue). Reads and writes no dataset; the
city's private key is a file of its folder.
"""

from lifang.signing.keys import Signer, digest_of, new_key, opened, private_key, public_key, sign, unchecked

__all__ = ["Signer", "digest_of", "new_key", "opened", "private_key", "public_key", "sign", "unchecked"]
