"""The Khronos glTF validator, which somebody else wrote."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
VALIDATE = """
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
const { validateBytes } = createRequire(process.argv[1])("gltf-validator");
for (const path of process.argv.slice(2)) {
  const { issues } = await validateBytes(new Uint8Array(readFileSync(path)));
  const { numErrors: errors, numWarnings: warnings, messages } = issues;
  console.log(JSON.stringify({ path, errors, warnings, messages }));
}
"""


def validated(*paths: Path) -> list[dict[str, Any]]:
    """Return ``path``, the counts ``errors`` and ``warnings``, and ``messages`` of each binary glTF."""
    command = [sys.executable, ROOT / "tools" / "npm.py", "exec", "--", "node", "--input-type=module", "-e", VALIDATE]
    place = ROOT / "page" / "package.json"
    done = subprocess.run(
        [*command, place, *paths], capture_output=True, text=True, timeout=120, check=True, env=os.environ
    )
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
