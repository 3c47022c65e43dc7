"""What the program prints and what Ray says, kept apart: in the program's process and in each of its workers.

A worker prints into the very pipes that the program prints into, so that every line is there at once, in order, and
exists once. Ray's own way, files that a monitor follows, drops some and repeats others. All that Ray says goes to a log.
"""

import contextlib
import fcntl
import io
import json
import logging
import os
import socket
import subprocess
import sys
import threading
import types
import warnings

LOG = "/work/engine.log"
ENGINE = "/opt/engine/"
# Abstract: no file that a program could be in the way of.
DOOR = "\0enginehouse-outputs"
# What comes with the outputs: the program's environment is not known yet, or is the next line.
WAIT, COMES = b"-", b"+"
# Bytes of a line that are waited for.
HELD = 1 << 20
# Ray prints these among a worker's own lines, for its monitor.
MARKS = (":job_id:", ":task_name:", ":actor_name:")


class Turns(io.BufferedIOBase):
    """A pipe shared by many processes: what is flushed at once arrives in one piece, however long it is."""

    def __init__(self, fd):
        self.fd = fd
        self.held = bytearray()
        self.lock = threading.RLock()
        # Any file will do that all of them have opened for themselves.
        self.turn = os.open(LOG, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)

    def writable(self):
        return True

    def fileno(self):
        return self.fd

    def write(self, data):
        with self.lock:
            self.held += data
            if len(self.held) > HELD:
                self.flush()
        return len(data)

    def flush(self):
        with self.lock:
            data, self.held = self.held, bytearray()
            if not data:
                return
            fcntl.flock(self.turn, fcntl.LOCK_EX)
            try:
                while data:
                    del data[: os.write(self.fd, data)]
            finally:
                fcntl.flock(self.turn, fcntl.LOCK_UN)


class Lines(io.TextIOWrapper):
    """What a program prints, line by line."""

    def __init__(self, fd, errors):
        super().__init__(Turns(fd), "utf-8", errors, line_buffering=True)

    def write(self, text):
        if text.startswith(MARKS) and is_rays():
            self.flush()
            return len(text)
        written = super().write(text)
        if not text:
            # A print that was told not to end its line.
            self.flush()
        return written


def is_rays():
    """Whether it is Ray that writes, which has no Python frame of its own: its main loop's, or none."""
    try:
        return sys._getframe(2).f_code.co_filename.startswith(ENGINE)
    except ValueError:
        return True


class Workers:
    """Those that came for the outputs. Each that came before the program began is told its environment once that is known."""

    def __init__(self):
        self.lock = threading.Lock()
        self.waiting = []
        self.environment = None

    def add(self, worker, outputs):
        with self.lock:
            socket.send_fds(worker, [WAIT if self.environment is None else COMES], outputs)
            self.waiting.append(worker)
            if self.environment is not None:
                self.tell()

    def begin(self, environment):
        with self.lock:
            self.environment = environment
            self.tell()

    def tell(self):
        told, self.waiting = self.waiting, []
        line = json.dumps(self.environment).encode() + b"\n"
        # One that was ended meanwhile needs none.
        for worker in told:
            with contextlib.suppress(OSError):
                worker.sendall(line)
        for worker in told:
            with worker, contextlib.suppress(OSError):
                worker.recv(1)


workers = Workers()


def share():
    """In the program's process: from here on its outputs are its own, and every worker may have them."""
    outputs = os.dup(1), os.dup(2)
    take(*outputs)
    door = socket.socket(socket.AF_UNIX)
    door.bind(DOOR)
    door.listen(256)
    threading.Thread(target=hand_out, args=(door, outputs), daemon=True).start()


def hand_out(door, outputs):
    while True:
        worker, _ = door.accept()
        worker.settimeout(10)
        # One that was ended meanwhile needs none.
        with contextlib.suppress(OSError):
            workers.add(worker, outputs)


def tell(environment):
    """In the program's process: what every worker has in its environment before the program begins."""
    workers.begin(environment)


def join():
    """In a worker, called by Ray before its first task."""
    door = socket.socket(socket.AF_UNIX)
    door.connect(DOOR)
    said, outputs, _, _ = socket.recv_fds(door, 1, 2)
    take(*outputs)
    if said == COMES:
        listen(door)
    else:
        threading.Thread(target=listen, args=(door,), daemon=True).start()
    quiet()
    from ray._private.worker import Worker

    # Called around each task. What they would record is where its lines are in Ray's own files.
    Worker.record_task_log_start = lambda *_: None
    Worker.record_task_log_end = lambda *_: flush()


def listen(door):
    """Waits for the program's environment."""
    with door, door.makefile("rb") as told:
        line = told.readline()
        if line:
            os.environ.update(json.loads(line))
            door.sendall(b"-")


def flush():
    sys.stdout.flush()
    sys.stderr.flush()


def take(out, err):
    """Python and the commands that it starts print to the outputs; Ray's native code finds the log in their place."""
    flush()
    os.dup2(out, 1)
    sys.stdout = Lines(1, sys.stdout.errors)
    sys.stderr = Lines(err, sys.stderr.errors)
    log = os.open(LOG, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    os.dup2(log, 2)
    os.close(log)
    handles = subprocess.Popen._get_handles

    def with_output(self, stdin, stdout, stderr):
        return handles(self, stdin, stdout, err if stderr is None else stderr)

    subprocess.Popen._get_handles = with_output


def quiet():
    """Once Ray is imported: its loggers, what it prints, and what its packages warn of, go to the log."""
    from ray import exceptions
    from ray._private import worker
    from ray._private.log import PlainRayHandler

    # No colours among a program's lines.
    exceptions.colorama = types.SimpleNamespace(Fore=types.SimpleNamespace(CYAN="", RESET=""))
    log = logging.FileHandler(LOG)
    log.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    PlainRayHandler.emit = lambda self, record: log.handle(record)
    # What the cluster has to say of workers that died and the like.
    worker.print_to_stdstream = lambda data, *_, **__: worker.logger.warning("\n".join(data["lines"]))

    def is_programs(record):
        if record.pathname.startswith(ENGINE):
            log.handle(record)
            return False
        return True

    # For loggers that nobody has set up.
    logging.lastResort.addFilter(is_programs)
    show = warnings.showwarning

    def showwarning(message, category, filename, lineno, file=None, line=None):
        if file is None and filename.startswith(ENGINE):
            with open(LOG, "a", encoding="utf-8") as file:
                file.write(warnings.formatwarning(message, category, filename, lineno, line))
        else:
            show(message, category, filename, lineno, file, line)

    warnings.showwarning = showwarning
