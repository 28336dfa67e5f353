"""Bodies of pictures of the ground."""

from __future__ import annotations

from pydantic import Field

from lifang.doors.api.bodies.kinds import Name, Said


class ImageryBody(Said):
    """A picture of the ground: where it is from, where it lies, where its tiles are."""

    id: str
    name: Name
    tiles: str = Field(description="The address of a tile, with {z}, {x} and {y} in it; 256 by 256 pixels of WebP.")
    bounds: list[float] = Field(description="West, south, east and north in degrees.")
    zooms: list[int] = Field(description="The coarsest zoom that has tiles, and the finest.")
    crs: str = Field(description="The coordinate system of the file.")
    size: list[int] = Field(description="Columns and rows of the file.")
    sha256: str = Field(description="SHA-256 of the file as it was sent.")
    added: str
    source: str
    licence: str
    licence_name: Name
    classification: str


class ImageryList(Said):
    """Pictures by id."""

    items: list[ImageryBody]
