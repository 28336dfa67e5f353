"""Every console block of the guides is run, and prints what the guide says it prints.

``<!-- file: PATH -->`` before a fenced block writes that block to PATH. In ``console`` blocks, ``$ `` starts a command,
the lines below it must appear in its output in that order, and ``…`` stands for anything. A command that ends in ``&``
runs until the guide ends. The command that furnishes Chengdu is run once for all tests: a guide that says it is given
a copy of what it made and printed. Ports 8123 and 8124 stand for free ones.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.conftest import FURNISH

ROOT = Path(__file__).resolve().parents[2]
GUIDES = [
    ROOT / "docs" / "tutorial.md",
    ROOT / "docs" / "tutorial-3d.md",
    *sorted((ROOT / "docs" / "how-to").glob("*.md")),
    ROOT / "docs" / "reference" / "ngsi-ld.md",
]
_FENCE = re.compile(r"(?:<!-- file: (?P<file>\S+) -->\n)?```(?P<kind>\w*)\n(?P<body>.*?)```", re.DOTALL)
_COMMAND_S = 120


@dataclass
class Step:
    command: str
    expected: list[str] = field(default_factory=list)


def _steps(text: str) -> Iterator[Step | tuple[str, str]]:
    for match in _FENCE.finditer(text):
        if match["file"]:
            yield match["file"], match["body"]
        elif match["kind"] == "console":
            step: Step | None = None
            for line in match["body"].splitlines():
                if line.startswith("$ "):
                    if step:
                        yield step
                    step = Step(line[2:])
                elif step:
                    step.expected.append(line)
            if step:
                yield step


def _agrees(expected: list[str], output: str) -> str | None:
    position = 0
    lines = output.splitlines()
    for wanted in expected:
        if wanted.strip() in {"", "…"}:
            continue
        pattern = re.compile(r"\s+".join(re.escape(part).replace("…", ".*") for part in wanted.split()))
        for index in range(position, len(lines)):
            if pattern.search(" ".join(lines[index].split())):
                position = index + 1
                break
        else:
            return wanted
    return None


def _free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def _background(command: str, folder: Path, env: dict[str, str], expected: list[str]) -> subprocess.Popen[bytes]:
    log = folder / "background.log"
    with log.open("wb") as sink:
        process = subprocess.Popen(
            ["bash", "-c", f"exec {command.rstrip('& ')}"], cwd=folder, env=env, stdout=sink, stderr=subprocess.STDOUT
        )
    deadline = time.monotonic() + _COMMAND_S
    while _agrees(expected, log.read_text("utf-8")) is not None:
        assert process.poll() is None, f"{command} ended: {log.read_text('utf-8')}"
        assert time.monotonic() < deadline, f"{command} did not print {expected}: {log.read_text('utf-8')}"
        time.sleep(0.1)
    return process


def _foreground(command: str, folder: Path, env: dict[str, str]) -> str:
    done = subprocess.run(
        ["bash", "-c", command], cwd=folder, env=env, capture_output=True, text=True, timeout=_COMMAND_S, check=False
    )
    return done.stdout + done.stderr


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.stem)
def test_guide_runs_as_written(guide: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    env = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}", "COLUMNS": "160"}
    text = guide.read_text("utf-8").replace("8123", _free_port()).replace("8124", _free_port())
    running: list[subprocess.Popen[bytes]] = []
    count = 0
    try:
        for step in _steps(text):
            if isinstance(step, tuple):
                target = tmp_path / step[0]
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(step[1], "utf-8")
                continue
            count += 1
            if step.command.endswith("&"):
                running.append(_background(step.command, tmp_path, env, step.expected))
                continue
            if step.command == FURNISH:
                furnished: Path = request.getfixturevalue("furnished")
                shutil.copytree(furnished, tmp_path / furnished.name)
                output = (furnished.parent / "told.txt").read_text("utf-8")
            else:
                output = _foreground(step.command, tmp_path, env)
            missing = _agrees(step.expected, output)
            assert missing is None, f"$ {step.command}\nshould print: {missing}\nprinted:\n{output}"
    finally:
        for process in running:
            process.terminate()
            process.wait(timeout=30)
    assert count >= 3, f"{guide.name} runs only {count} commands"
