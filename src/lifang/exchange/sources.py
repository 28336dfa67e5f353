"""A feed as it is written down: whose it is, to which dataset, and where its files come from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from lifang.core import BadInput, Problem, check_slug
from lifang.outside import Guarded, Part, Web

Pattern = Annotated[str, Field(min_length=1, max_length=200, description="Names of files to take, as `*.csv`.")]
BYTES_MAX = 2_000_000_000


class Upload(Part):
    """The bureau sends its files itself."""

    kind: Literal["upload"] = "upload"


class Folder(Part):
    """Files that are put down in a folder of this machine; each once, when nobody writes to it any more."""

    kind: Literal["folder"]
    path: str = Field(min_length=1, description="The folder; a relative path starts in the city's folder.")
    pattern: Pattern = "*"
    settled_s: float = Field(2.0, ge=0, le=3600, description="How long a file must have been left alone.")


class Http(Web):
    """A file at an address, fetched when it has changed."""

    kind: Literal["http"]
    delivers: Literal["full", "incremental"] = Field("full", description="Whether the file is whole or changes.")


class Sftp(Guarded):
    """Files in a folder of an SFTP server, which must show the very key that is pinned here."""

    kind: Literal["sftp"]
    host: str = Field(min_length=1, max_length=253)
    port: int = Field(22, ge=1, le=65535)
    user: str = Field(min_length=1, max_length=200)
    host_key: str = Field(min_length=20, description="The server's public key, as in known_hosts: `ssh-ed25519 AAAA…`.")
    path: str = Field(".", min_length=1, description="The folder on the server.")
    pattern: Pattern = "*"
    bytes_max: int = Field(BYTES_MAX, ge=1, le=BYTES_MAX, description="How many bytes a file may have.")


Source = Annotated[Upload | Folder | Http | Sftp, Field(discriminator="kind")]


class FeedSpec(Part):
    """A feed; its secrets are ``password`` or ``private_key`` (SFTP), or what ``${name}`` stands for (HTTP)."""

    id: str = Field(description="The feed's id.")
    organisation: str = Field(description="The bureau whose inbox it belongs to.")
    dataset: str = Field(description="The dataset that its deliveries become releases of.")
    card: dict[str, Any] | None = Field(None, description="The dataset's card; that of the catalogue if not given.")
    source: Source = Field(default_factory=Upload)
    every_s: float = Field(300.0, ge=1, le=31 * 86400, description="How often a source is looked at.")
    timeout_s: float = Field(120.0, ge=1, le=3600, description="How long one look may take.")

    @model_validator(mode="after")
    def _check_ids(self) -> Self:
        for name in ("id", "organisation", "dataset"):
            try:
                check_slug(getattr(self, name), what=f"{name} id")
            except Problem as problem:
                raise BadInput(problem.what, where=name, mend=problem.mend) from problem
        if self.card is not None and self.card.get("id") != self.dataset:
            raise BadInput("The card is of another dataset.", where="card.id", mend=f'Write id = "{self.dataset}".')
        return self

    @classmethod
    def from_mapping(cls, table: Mapping[str, Any]) -> FeedSpec:
        """Return the feed written in ``table``; ``BadInput`` names the first key that is wrong."""
        try:
            return cls.model_validate(table)
        except ValidationError as error:
            first = error.errors()[0]
            if isinstance(told := first.get("ctx", {}).get("error"), BadInput):
                raise told from error
            where = ".".join(str(each) for each in first["loc"])
            raise BadInput(f"The feed cannot be taken: {first['msg']}.", where=where, mend="Correct it.") from error

    def to_mapping(self) -> dict[str, Any]:
        """Return the feed as plain values that ``from_mapping`` reads."""
        return self.model_dump(mode="json", exclude_none=True)
