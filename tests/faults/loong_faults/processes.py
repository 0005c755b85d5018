"""Processes as /proc shows them, and small waits for things that happen by themselves."""

import os
import select
import signal
import time


def remove(path):
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass


def wait_until(condition, limit=10.0, pause=0.003):
    """True as soon as the condition holds, false after `limit` seconds."""
    end = time.monotonic() + limit
    while True:
        if condition():
            return True
        if time.monotonic() > end:
            return False
        time.sleep(pause)


def _read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def with_environment(entry):
    """Ids of the live processes whose environment holds `entry`, a whole KEY=VALUE."""
    wanted = b"\0" + entry.encode() + b"\0"
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit() or int(name) == os.getpid():
            continue
        if wanted not in b"\0" + _read(f"/proc/{name}/environ"):
            continue
        fields = _read(f"/proc/{name}/stat").rpartition(b")")[2].split()
        if fields and fields[0] not in (b"Z", b"X"):
            found.append(int(name))
    return found


def command_line(pid):
    return _read(f"/proc/{pid}/cmdline").replace(b"\0", b" ").decode(errors="replace").strip()


def stop(*pids):
    for pid in pids:
        try:
            os.kill(pid, signal.SIGSTOP)
        except ProcessLookupError:
            pass


def kill(*pids, limit=10.0):
    """Kills processes and waits for their end: of all their threads, so that every descriptor of
    theirs is closed. False where one stays."""
    descriptors = []
    for pid in pids:
        try:
            descriptors.append(os.pidfd_open(pid))
        except ProcessLookupError:
            continue
    try:
        for descriptor in descriptors:
            try:
                signal.pidfd_send_signal(descriptor, signal.SIGKILL)
            except ProcessLookupError:
                pass
        return all(select.select([descriptor], [], [], limit)[0] for descriptor in descriptors)
    finally:
        for descriptor in descriptors:
            os.close(descriptor)
