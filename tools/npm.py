"""Run npm in the page's folder with the Node.js that builds the page: ``python tools/npm.py run check``."""

from __future__ import annotations

import sys

from build_page import npm

if __name__ == "__main__":
    sys.exit(npm(*sys.argv[1:]).returncode)
