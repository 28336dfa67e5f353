"""textures: the images that a CityJSON hangs on its surfaces, which come beside it in a zip; each decoded apart first.

Does not belong here: surfaces. Reads a zip; writes nothing.
"""

from lifang.twin.reading.textures.appearance import Appearance
from lifang.twin.reading.textures.beside import Pictures, pictures_of

__all__ = ["Appearance", "Pictures", "pictures_of"]
