"""The plugin registry: one file with a frozen ``spec`` is one plugin."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from lifang.core.errors import Conflict, NotFound


class Plugins:
    """The modules of one package that carry a ``spec`` with an ``id``, found by looking, not by listing."""

    def __init__(self, package: ModuleType) -> None:
        self._package = package
        self._found: dict[str, ModuleType] | None = None

    def __iter__(self) -> Iterator[ModuleType]:
        return iter(self._modules().values())

    def get(self, plugin_id: str) -> ModuleType:
        """Return the module whose ``spec.id`` is ``plugin_id``; ``NotFound`` names those there are."""
        try:
            return self._modules()[plugin_id]
        except KeyError:
            known = ", ".join(sorted(self._modules())) or "none"
            raise NotFound(f"No {self._package.__name__} plugin {plugin_id!r}.", mend=f"Known: {known}.") from None

    def specs(self) -> list[Any]:
        """Return the specs, by id."""
        return [module.spec for _, module in sorted(self._modules().items())]

    def _modules(self) -> dict[str, ModuleType]:
        if self._found is None:
            found: dict[str, ModuleType] = {}
            for info in pkgutil.iter_modules(self._package.__path__, self._package.__name__ + "."):
                module = importlib.import_module(info.name)
                spec = getattr(module, "spec", None)
                if spec is None:
                    continue
                if spec.id in found:
                    raise Conflict(f"Two plugins call themselves {spec.id!r}.", where=info.name)
                found[spec.id] = module
            self._found = found
        return self._found
