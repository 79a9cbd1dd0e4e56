"""What a plugin may import, and which version it must ask for.

It may import the names of the public modules, and nothing of another plugin. Each distribution that others build on
lists its public modules as ``PUBLIC_MODULES`` in its root package. What they list in ``__all__`` is public; all else
may change at any time.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib import import_module, metadata
from importlib.util import find_spec, resolve_name
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from corekit import hookspecs
from corekit.errors import PluginError
from corekit.hooks import SPECS_GROUP
from corekit.plugins import GROUP, find

__all__ = ["is_public", "private_imports", "understated"]

_CORE = "corekit"
_LOWER = frozenset({">=", ">", "==", "~="})
_IMPORTERS = frozenset({"import_module", "__import__"})


def is_public(name: str) -> bool:
    """Say whether a dotted name of corekit, or of a distribution that others build on, is public.

    It is a public module (``corekit.tables``), a name in one (``corekit.Kit``), or what stands under such a name
    (``corekit.Kit.read``).
    """
    modules: tuple[str, ...] = import_module(name.partition(".")[0]).PUBLIC_MODULES
    module = max((each for each in modules if f"{name}.".startswith(f"{each}.")), key=len, default="")
    first = name.removeprefix(module).lstrip(".").partition(".")[0]
    return module != "" and first in ("", "*", *import_module(module).__all__)


def private_imports(package: str) -> list[tuple[str, int, str]]:
    """Return each import of something private or of another plugin in a package's source: file, line, name.

    ``package`` is the name under which the package, or the module that is all of it, is imported; files are named from
    the folder that it is in. Looked at are all imports, also those inside functions, those for types only, modules that
    are named to ``import_module``, and what is reached by attributes of an imported module. Raises
    :class:`~corekit.PluginError` where there is no source to look at.
    """
    root, files = _source(package)
    hosts, plugins = {_CORE, *_tops(SPECS_GROUP)}, _tops(GROUP)

    def private(name: str) -> bool:
        top = name.partition(".")[0]
        return top != package and (not is_public(name) if top in hosts else top in plugins)

    found: list[tuple[str, int, str]] = []
    for path in files:
        place = path.relative_to(root)
        tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
        names = {each for each in _imported(tree, ".".join(place.parts[:-1])) if private(each[1])}
        found += [(place.as_posix(), line, name) for line, name in sorted(names)]
    return found


def understated(plugin: str) -> list[str]:
    """Return in words which hooks of an installed plugin are newer than the versions its distribution asks for.

    Such a plugin could be installed beside a corekit that does not know the hook.
    """
    (found,) = find([plugin])
    asked = {
        canonicalize_name(each.name): each
        for each in map(Requirement, metadata.distribution(found.distribution).requires or ())
    }
    told: list[str] = []
    for name, host, since in _specifications():
        if not hasattr(getattr(found.module, name, None), f"{hookspecs.NAMESPACE}_impl"):
            continue
        requirement = asked.get(canonicalize_name(host))
        bounds = [each.version for each in requirement.specifier if each.operator in _LOWER] if requirement else []
        if max(map(Version, bounds), default=Version("0")) < Version(since):
            said = f"{found.label} implements {name}, which {host} has since {since}"
            told.append(f"{said}, but asks for {requirement or f'no {host}'}; ask for {host}>={since}")
    return told


def _specifications() -> Iterator[tuple[str, str, str]]:
    """Yield each hook, the distribution that brings it, and since which version."""
    modules = [(_CORE, hookspecs)]
    modules += [(point.dist.name, point.load()) for point in metadata.entry_points(group=SPECS_GROUP) if point.dist]
    for host, module in modules:
        for name, function in vars(module).items():
            if since := getattr(function, f"{hookspecs.NAMESPACE}_since", ""):
                yield name, host, since


def _tops(group: str) -> frozenset[str]:
    """Return the packages in which the entry points of a group are."""
    return frozenset(point.module.partition(".")[0] for point in metadata.entry_points(group=group))


def _source(package: str) -> tuple[Path, list[Path]]:
    """Return the folder that a package is in, and its files."""
    spec = find_spec(package)
    places = list(spec.submodule_search_locations or ()) if spec is not None else []
    if places:
        folder = Path(places[0])
        return folder.parent, sorted(folder.rglob("*.py"))
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        raise PluginError(f"there is no source of {package} to look at; install it, as a package of Python files")
    return Path(spec.origin).parent, [Path(spec.origin)]


def _imported(tree: ast.Module, within: str) -> Iterator[tuple[int, str]]:
    """Yield line and full name of everything that a module imports; ``within`` is the package it is in."""
    modules: dict[str, str] = {}
    inner: set[ast.expr] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for each in node.names:
                top = each.name.partition(".")[0]
                modules[each.asname or top] = each.name if each.asname else top
                yield node.lineno, each.name
        elif isinstance(node, ast.ImportFrom):
            module = resolve_name(f"{'.' * node.level}{node.module or ''}", within) if node.level else node.module
            yield from ((each.lineno, f"{module}.{each.name}") for each in node.names)
        elif isinstance(node, ast.Call):
            yield from ((node.lineno, name) for name in _named(node))
        elif isinstance(node, ast.Attribute):
            inner.add(node.value)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node not in inner:
            name, _, rest = ast.unparse(node).partition(".")
            if name in modules:
                yield node.lineno, f"{modules[name]}.{rest}"


def _named(call: ast.Call) -> Iterator[str]:
    """Yield the module that a call imports by its name, where the name stands there."""
    called = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if called in _IMPORTERS and call.args:
        first = call.args[0]
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            yield first.value
