"""features: the rows of a release as GeoJSON features (RFC 7946), each with an id, filtered, ordered and counted.

Does not belong here: who may read, addresses, outside query languages. Reads the releases of every dataset; writes
none.
"""

from lifang.catalogue.features.features import FeaturePage, Features
from lifang.catalogue.features.keeper import ReadyKeeper
from lifang.catalogue.features.question import FeatureQuestion
from lifang.catalogue.features.writing import Form, Move

__all__ = ["FeaturePage", "FeatureQuestion", "Features", "Form", "Move", "ReadyKeeper"]
