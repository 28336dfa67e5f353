"""checking: what is wrong with the objects of a model, whatever format they came in (模型检查入库, CJJ/T 315 §4.3.2).

Does not belong here: what a reader of one format alone can see (it tells that itself), what becomes of the objects.
Reads and writes nothing.
"""

from lifang.twin.checking.check import checked

__all__ = ["checked"]
