"""Register the environments when Gymnasium is first imported, so that `import envs` does not have to import it."""

from __future__ import annotations

import importlib.util
import sys
from importlib.abc import Loader, MetaPathFinder
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

REGISTRY = "gymnasium.envs.registration"
ENVIRONMENTS = {"HomeSymbolic-v0": "envs.gym.home_env:HomeSymbolic", "HomePhysics-v0": "envs.gym.home_env:HomePhysics"}


def register_once_imported() -> None:
    """Register the environments now, or right after Gymnasium's registry is imported."""
    if REGISTRY in sys.modules:
        _register(sys.modules[REGISTRY])
    else:
        sys.meta_path.insert(0, _RegistryFinder())


def _register(registry: ModuleType) -> None:
    for name, entry_point in ENVIRONMENTS.items():
        registry.register(id=name, entry_point=entry_point)


class _RegistryFinder(MetaPathFinder):
    """Replaces the loader of Gymnasium's registry by one that also registers the environments; then removes itself."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != REGISTRY:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(fullname)
        if spec is not None and spec.loader is not None:
            spec.loader = _RegisteringLoader(spec.loader)
        return spec


class _RegisteringLoader(Loader):
    """Loads a module with another loader, then registers the environments."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
        _register(module)
