"""The guide's flow in Node-RED itself, against a served city: what is injected there is an Observation here.

Usage: python bench/sensing/node_red.py [--node-red DIR] [--values 20]

The flow is the one in ``docs/how-to/connect-your-first-sensor.md``, as it stands there but for the port; the password
goes where Node-RED keeps what is typed into its Security tab. DIR is where ``npm install node-red@4 --prefix DIR`` put
it; without it that is done, into a temporary folder.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from urllib.error import URLError
from urllib.request import Request, urlopen

sys.path.insert(0, str(Path(__file__).parents[2]))

from bench._peers.city import furnish, served

GUIDE = Path(__file__).parents[2] / "docs" / "how-to" / "connect-your-first-sensor.md"
GUIDE_PORT = "8124"
PATIENCE_S = 60.0
SETTINGS = """module.exports = {
  uiHost: "127.0.0.1", uiPort: %s, flowFile: "flow.json", credentialSecret: false, disableEditor: true,
  telemetry: {enabled: false}, logging: {console: {level: "info"}},
};
"""
Found = TypeVar("Found")


def flow_of_guide() -> list[dict[str, Any]]:
    """Return the nodes of the flow that the guide gives."""
    (text,) = re.findall(r"<!-- file: flow.json -->\n```json\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    found: list[dict[str, Any]] = json.loads(text)
    return found


def free_port() -> str:
    """Return a port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(free.getsockname()[1])


def installed(folder: Path) -> Path:
    """Return the start of Node-RED below ``folder``, brought there first if it is not."""
    start = folder / "node_modules" / "node-red" / "red.js"
    if not start.exists():
        npm = shutil.which("npm") or "npm"
        subprocess.run([npm, "install", "node-red@4", "--prefix", str(folder), "--no-audit", "--no-fund"], check=True)
    return start


def lay_out(home: Path, broker_port: str, token: str, own_port: str) -> str:
    """Return the id of the flow's inject node, once all that Node-RED reads lies in ``home``."""
    flow = flow_of_guide()
    (broker,) = (node for node in flow if node["type"] == "mqtt-broker")
    if broker["port"] != GUIDE_PORT:
        raise RuntimeError(f"the guide's broker is at {broker['port']}")
    broker["port"] = broker_port
    home.mkdir()
    (home / "flow.json").write_text(json.dumps(flow), "utf-8")
    (home / "flow_cred.json").write_text(json.dumps({broker["id"]: {"user": "gateway", "password": token}}), "utf-8")
    (home / "settings.js").write_text(SETTINGS % own_port, "utf-8")
    return next(str(node["id"]) for node in flow if node["type"] == "inject")


def waited(look: Callable[[], Found | None], what: str, log: Path) -> Found:
    """Return what ``look`` finds in the end."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        try:
            if (found := look()) is not None:
                return found
        except (URLError, OSError):
            pass  # it does not listen yet
        time.sleep(0.005)
    raise RuntimeError(f"{what}:\n{log.read_text('utf-8', 'replace')[-4000:]}")


def asked(url: str, data: bytes | None = None) -> bytes:
    """Return the body at ``url``."""
    with urlopen(Request(url, data), timeout=10) as answer:
        body: bytes = answer.read()
        return body


def main() -> None:
    """Print what Node-RED sent and what the city has of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--node-red", type=Path, help="where npm installed it")
    parser.add_argument("--values", type=int, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        start = installed(options.node_red or folder / "peer")
        told = json.loads((start.parent / "package.json").read_text("utf-8"))["version"]
        city, broker_port, own_port, log = folder / "city", free_port(), free_port(), folder / "node-red.log"
        token = furnish(city, 1)
        with (city / "city.toml").open("a", encoding="utf-8") as settings:
            settings.write(f"\n[mqtt]\nport = {broker_port}\n")
        inject = lay_out(folder / "home", broker_port, token, own_port)
        with served(city, folder / "city.log") as (address, _), log.open("wb") as sink:
            command = ["node", str(start), "-u", str(folder / "home"), "-s", str(folder / "home" / "settings.js")]
            peer = subprocess.Popen(command, stdout=sink, stderr=sink, env=os.environ)
            try:
                measure(f"http://{address}", f"http://127.0.0.1:{own_port}", inject, options.values, told, log)
            finally:
                peer.terminate()
                peer.wait(30)


def measure(city: str, peer: str, inject: str, values: int, version: str, log: Path) -> None:
    """Press the inject node's button ``values`` times, and wait for each value in the city."""

    def count(least: int) -> list[Any] | None:
        query = "Datastreams(1)/Observations?$count=true&$orderby=phenomenonTime%20desc&$top=1"
        page = json.loads(asked(f"{city}/sta/v1.1/{query}"))
        return page["value"] if page["@iot.count"] >= least else None

    waited(lambda: count(1), "the flow's first value did not come", log)
    took: list[float] = []
    for number in range(values):
        begin = time.perf_counter()
        asked(f"{peer}/inject/{inject}", b"")
        newest = waited(lambda least=number + 2: count(least), "an injected value did not come", log)
        took.append((time.perf_counter() - begin) * 1000)
    print(f"Node-RED {version}, the flow of {GUIDE.name}")
    print(f"sent by itself once deployed: 1 of 1; injected: {len(took)} of {values} are Observations")
    print(f"newest: {newest[0]['phenomenonTime']} result {newest[0]['result']:.3f}")
    print(f"from the button to the value over HTTP: median {statistics.median(took):.0f} ms, worst {max(took):.0f} ms")


if __name__ == "__main__":
    main()
