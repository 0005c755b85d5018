#!/usr/bin/env python3
"""A service that runs shell texts for others, by names which those choose.

    service.py [--port N] [--tell FILE] [--until-eof]

    PUT    /works/NAME            starts the body as a shell text; 201. There already: 200. Ended by
                                  DELETE, also before it was started: 410, and it never starts
    GET    /works/NAME?from=N     what it wrote from byte N on, and how it stands, as headers:
                                  X-State (running, completed, failed, ended), X-Exit-Code; 404
    DELETE /works/NAME[?force=1]  asks it to end, or forces it; 200 once it is gone, else 202

What it knows is lost with it; a real service would keep it.
"""

import argparse
import http.server
import os
import signal
import subprocess
import sys
import threading
import urllib.parse


class Work:
    """One shell text and all of its processes."""

    def __init__(self, name, text):
        self.output = b""
        self.ended = False
        self.process = subprocess.Popen(
            ["sh", "-c", text], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, start_new_session=True,
            env={**os.environ, "LOONG_TASK_SESSION_ID": name})
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        while piece := self.process.stdout.read1(65536):
            self.output += piece
        self.process.stdout.close()
        self.process.wait()

    def is_running(self):
        return self.reader.is_alive()

    def state(self):
        if self.is_running():
            return "running"
        if self.ended:
            return "ended"
        return "completed" if self.process.returncode == 0 else "failed"

    def end(self, force):
        if not self.is_running():
            return
        self.ended = True
        try:
            os.killpg(self.process.pid, signal.SIGKILL if force else signal.SIGTERM)
        except ProcessLookupError:
            pass
        self.reader.join(5 if force else 0.05)


class Service(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port=0):
        super().__init__(("127.0.0.1", port), Handler)
        self.lock = threading.Lock()
        self.works = {}
        # Names that must not start any more.
        self.tombstones = set()

    # For those who want to know, or to interfere.
    def before_start(self, name):
        pass

    def after_start(self, name):
        pass

    def handle_error(self, request, client_address):
        pass  # whoever asked is gone; that is their business

    def put(self, name, text):
        self.before_start(name)
        with self.lock:
            if name in self.tombstones:
                return 410
            if name in self.works:
                return 200
            self.works[name] = Work(name, text)
        self.after_start(name)
        return 201

    def delete(self, name, force):
        with self.lock:
            self.tombstones.add(name)
            work = self.works.get(name)
        if work is None:
            return 200
        work.end(force)
        return 202 if work.is_running() else 200


class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def asked(self):
        url = urllib.parse.urlsplit(self.path)
        return url.path.rpartition("/")[2], dict(urllib.parse.parse_qsl(url.query))

    def do_PUT(self):
        name, _ = self.asked()
        text = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.answer(self.server.put(name, text))

    def do_GET(self):
        name, options = self.asked()
        # What is just being started is not unknown: its start holds the lock.
        with self.server.lock:
            work = self.server.works.get(name)
        if work is None:
            self.answer(404)
            return
        # The state first: what is written before the end is then never missed.
        state = work.state()
        code = work.process.returncode
        self.answer(200, work.output[int(options.get("from", 0)):], X_State=state,
                    **({} if code is None or code < 0 else {"X_Exit_Code": str(code)}))

    def do_DELETE(self):
        name, options = self.asked()
        self.answer(self.server.delete(name, "force" in options))

    def log_message(self, *_):
        pass


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--port", type=int, default=8080, help="0: any that is free")
    parser.add_argument("--tell", help="a file to write the port to")
    parser.add_argument("--until-eof", action="store_true", help="end with standard input")
    arguments = parser.parse_args()
    service = Service(arguments.port)
    print(f"listening on http://127.0.0.1:{service.server_port}", flush=True)
    if arguments.tell:
        with open(arguments.tell, "w", encoding="utf-8") as file:
            file.write(f"{service.server_port}\n")
    threading.Thread(target=service.serve_forever, daemon=True).start()
    if arguments.until_eof:
        sys.stdin.read()
    else:
        signal.sigwait({signal.SIGINT, signal.SIGTERM})
    for work in list(service.works.values()):
        work.end(force=True)


if __name__ == "__main__":
    main()
