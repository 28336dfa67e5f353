"""Write requirements.lock from pyproject.toml: every pin with its hashes, no index address. Needs pip-tools."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ["hatchling", "editables", "pip"]
HEAD = "# Every package that lifang installs, pinned with hashes. Written by `make lock` from pyproject.toml.\n"


def main() -> None:
    """Compile and replace the lock file."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"], *BUILD]
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "requirements.in", Path(folder) / "requirements.txt"
        source.write_text("\n".join(wanted) + "\n", "utf-8")
        options = ["--generate-hashes", "--allow-unsafe", "--strip-extras", "--no-header", "--no-annotate"]
        options += ["--no-emit-index-url", "--no-emit-trusted-host", "--no-emit-find-links", "--quiet"]
        subprocess.run([sys.executable, "-m", "piptools", "compile", *options, "-o", target, source], check=True)
        (ROOT / "requirements.lock").write_text(HEAD + target.read_text("utf-8"), "utf-8")


if __name__ == "__main__":
    main()
