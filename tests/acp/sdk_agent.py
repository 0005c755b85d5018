"""Where the example agent of the protocol's own SDK is: installed once with npm, below the build."""

import os
import shutil
import subprocess

PACKAGE = "@agentclientprotocol/sdk"
# The last one that brings its examples along.
VERSION = "1.9.0"


def find(cache):
    """(command of the agent, None), or (None, why there is none)."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None, "node or npm is not there"
    place = os.path.join(cache, f"acp-sdk-{VERSION}")
    agent = os.path.join(place, "node_modules", PACKAGE, "dist/examples/agent.js")
    if not os.path.exists(agent):
        os.makedirs(place, exist_ok=True)
        try:
            installed = subprocess.run(
                [npm, "install", "--prefix", place, "--no-audit", "--no-fund", "--ignore-scripts",
                 "--loglevel=error", f"{PACKAGE}@{VERSION}"],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                timeout=90, check=False)
        except subprocess.TimeoutExpired:
            return None, f"npm could not install {PACKAGE} {VERSION} in 90 s"
        if not os.path.exists(agent):
            why = installed.stdout.decode("utf-8", "replace").strip().split("\n")[-1]
            return None, f"npm could not install {PACKAGE} {VERSION}: {why}"
    return [node, agent], None
