"""A program in a pseudo-terminal, and what a person would see there: for the tests of the live view,
and for the pictures in the README."""

import collections
import copy
import fcntl
import os
import select
import signal
import struct
import sys
import termios
import time

try:
    import pyte
except ImportError:
    # Debian's package is for Debian's Python; it is plain Python and works with any.
    sys.path.append("/usr/lib/python3/dist-packages")
    import pyte

PATIENCE = float(os.environ.get("LOONG_TEST_PATIENCE", "60"))
TERM = "xterm-256color"


class Stream(pyte.ByteStream):
    """With what ncurses uses and pyte leaves out."""

    csi = dict(pyte.ByteStream.csi, S="scroll_up", T="scroll_down", b="repeat")
    events = pyte.ByteStream.events | {"scroll_up", "scroll_down", "repeat"}


class Screen(pyte.Screen):
    """With the second screen that full-screen programs draw on, and what Stream adds."""

    def __init__(self, columns, lines):
        self.first_screen = None
        self.last_drawn = " "
        super().__init__(columns, lines)

    def draw(self, data):
        self.last_drawn = data[-1:] or self.last_drawn
        super().draw(data)

    def select_graphic_rendition(self, *attrs, **options):
        """pyte knows no faint text; it is kept as italic, which is used nowhere."""
        super().select_graphic_rendition(*(3 if code == 2 else code for code in attrs), **options)

    def repeat(self, count=1):
        self.draw(self.last_drawn * (count or 1))

    def scroll_up(self, count=1):
        self.scroll_with(super().delete_lines, count)

    def scroll_down(self, count=1):
        self.scroll_with(super().insert_lines, count)

    def scroll_with(self, move, count):
        self.make_lines()
        place = (self.cursor.x, self.cursor.y)
        self.cursor.y = self.margins.top if self.margins else 0
        move(count or 1)
        self.cursor.x, self.cursor.y = place

    @property
    def is_alternate(self):
        return self.first_screen is not None

    def set_mode(self, *modes, **options):
        super().set_mode(*modes, **options)
        if options.get("private") and 1049 in modes and self.first_screen is None:
            self.first_screen = (self.buffer, copy.copy(self.cursor))
            self.buffer = collections.defaultdict(self.first_screen[0].default_factory)

    def reset_mode(self, *modes, **options):
        super().reset_mode(*modes, **options)
        if options.get("private") and 1049 in modes and self.first_screen is not None:
            hidden = self.cursor.hidden
            self.buffer, self.cursor = self.first_screen
            self.cursor.hidden = hidden
            self.first_screen = None

    def insert_lines(self, count=None):
        self.make_lines()
        super().insert_lines(count)

    def delete_lines(self, count=None):
        self.make_lines()
        super().delete_lines(count)

    def make_lines(self):
        """Lines that nothing was written to yet are left out by pyte when lines move."""
        for line in range(self.lines):
            self.buffer[line]

    def resize(self, lines=None, columns=None):
        """As terminals do it: what a full-screen program drew stays until it draws anew."""
        self.lines, self.columns = lines or self.lines, columns or self.columns
        self.set_margins()
        self.dirty.update(range(self.lines))


class Terminal:
    """Runs a program; `screen` is what is seen. Everything waits for what is on the screen."""

    def __init__(self, words, environment, columns=80, lines=24, term=TERM, directory=None):
        self.screen = Screen(columns, lines)
        self.stream = Stream(self.screen)
        self.written = b""
        self.master, slave = os.openpty()
        self.set_size(columns, lines)
        self.settings_before = termios.tcgetattr(slave)
        self.pid = os.fork()
        if self.pid == 0:
            self.become(words, dict(environment, TERM=term), slave, directory)
        os.close(slave)
        self.status = None

    def become(self, words, environment, slave, directory):
        try:
            os.setsid()
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
            for descriptor in range(3):
                os.dup2(slave, descriptor)
            os.closerange(3, 256)
            if directory:
                os.chdir(directory)
            for number in (signal.SIGPIPE, signal.SIGINT):
                signal.signal(number, signal.SIG_DFL)
            os.execvpe(words[0], words, environment)
        finally:
            os._exit(126)

    def set_size(self, columns, lines):
        size = struct.pack("HHHH", lines, columns, 0, 0)
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, size)

    def resize(self, columns, lines):
        self.screen.resize(lines, columns)
        self.set_size(columns, lines)

    def read_for(self, seconds):
        """Takes what comes within that time; false where nothing did."""
        ready, _, _ = select.select([self.master], [], [], max(seconds, 0))
        if not ready:
            return False
        try:
            piece = os.read(self.master, 65536)
        except OSError:
            piece = b""
        self.written += piece
        self.stream.feed(piece)
        return bool(piece)

    def text(self):
        return "\n".join(line.rstrip() for line in self.screen.display)

    def wait_until(self, what, condition, patience=PATIENCE):
        end = time.monotonic() + patience
        while not condition():
            left = end - time.monotonic()
            if left <= 0 or (not self.read_for(min(left, 1)) and self.has_ended()):
                if condition():
                    return
                raise AssertionError(f"{what} never came; the screen:\n{self.text()}\n"
                                     f"{self.written[-500:]!r}")

    def wait_for(self, *texts):
        for text in texts:
            self.wait_until(repr(text), lambda wanted=text: wanted in self.text())

    def wait_without(self, text):
        self.wait_until(f"a screen without {text!r}", lambda: text not in self.text())

    def press(self, keys):
        os.write(self.master, keys.encode() if isinstance(keys, str) else keys)

    def send(self, number):
        os.kill(self.pid, number)

    def has_ended(self):
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid != 0:
                self.status = os.waitstatus_to_exitcode(status)
        return self.status is not None

    def wait_end(self, patience=PATIENCE):
        """How it ended: its exit status, or minus the number of the signal."""
        end = time.monotonic() + patience
        while not self.has_ended():
            if time.monotonic() > end:
                raise AssertionError(f"no end within {patience} s; the screen:\n{self.text()}")
            self.read_for(0.05)
        while self.read_for(0):
            pass
        return self.status

    def settings(self):
        """Those of the terminal, whoever made them."""
        return termios.tcgetattr(self.master)

    def close(self):
        if not self.has_ended():
            os.kill(self.pid, signal.SIGKILL)
            self.wait_end()
        os.close(self.master)
