"""The daemon's end of the control socket."""

from __future__ import annotations

import os
import selectors
import socket
import stat
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nija.control.address import short_address
from nija.control.wire import LARGEST_REQUEST, ControlError, encode, receive
from nija.log.event_log import get_log

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    Handler = Callable[[dict[str, object]], dict[str, object]]

_OWNER_ONLY = 0o600
_ASKERS_AT_ONCE = 8
_REQUEST_SECONDS = 2.0
_ANSWER_SECONDS = 10.0
_BREATH_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class _Serving:
    """What a started server holds; closing `end` wakes the thread that waits at `ear`."""

    listener: socket.socket
    ear: socket.socket
    end: socket.socket
    thread: threading.Thread
    inode: int


class ControlServer:
    """Answers commands from the socket at `path`, which only the daemon's own user may open.

    A handler takes the request's arguments and returns what JSON can hold. A ControlError or ValueError it raises
    is told to the asker by its text; any other error only by its kind, so that no secret leaves through this door.
    """

    def __init__(self, path: Path, handlers: Mapping[str, Handler]) -> None:
        self._path = path
        self._handlers = dict(handlers)
        self._log = get_log("nija.control")
        self._askers = threading.BoundedSemaphore(_ASKERS_AT_ONCE)
        self._serving: _Serving | None = None

    def start(self) -> None:
        """Listen. Raises ControlError where another daemon serves this data folder, or the socket cannot be made."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            listener = self._listen()
        except OSError as error:
            raise ControlError(
                f"the control socket {self._path} cannot be made ({error.strerror or error}): "
                "set NIJA_DATA_DIR to a folder on a local disk"
            ) from error
        ear, end = socket.socketpair()
        thread = threading.Thread(target=self._serve, args=(listener, ear), name="control", daemon=True)
        self._serving = _Serving(listener, ear, end, thread, self._path.stat().st_ino)
        thread.start()

    def stop(self) -> None:
        """Stop listening and take the socket away; harmless when repeated or never started."""
        serving, self._serving = self._serving, None
        if serving is None:
            return
        serving.end.close()
        serving.thread.join(timeout=_REQUEST_SECONDS + 1)
        serving.ear.close()
        serving.listener.close()
        # A daemon that started meanwhile has put its own socket there.
        with suppress(OSError):
            if self._path.stat().st_ino == serving.inode:
                self._path.unlink()

    def _listen(self) -> socket.socket:
        with short_address(self._path) as address:
            self._clear_stale(address)
            listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                # Before bind, so that there is no moment in which another user could open it.
                os.fchmod(listener.fileno(), _OWNER_ONLY)
                listener.bind(address)
                self._path.chmod(_OWNER_ONLY)
                listener.listen()
            except OSError:
                listener.close()
                raise
        listener.setblocking(False)
        return listener

    def _clear_stale(self, address: str) -> None:
        """Remove what a killed daemon left behind. Raises ControlError where a daemon still answers there."""
        try:
            mode = self._path.lstat().st_mode
        except FileNotFoundError:
            return
        if not stat.S_ISSOCK(mode):
            raise ControlError(f"{self._path} is in the way and is no socket: move it away")
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.settimeout(_REQUEST_SECONDS)
            try:
                probe.connect(address)
            except (ConnectionRefusedError, FileNotFoundError):
                self._path.unlink(missing_ok=True)
                return
        raise ControlError(
            f"another NIJA already serves the data folder {self._path.parent}: stop it first, "
            "or give this one a NIJA_DATA_DIR of its own"
        )

    def _serve(self, listener: socket.socket, ear: socket.socket) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(listener, selectors.EVENT_READ)
            selector.register(ear, selectors.EVENT_READ)
            while all(key.fileobj is not ear for key, _ in selector.select()):
                self._accept(listener)

    def _accept(self, listener: socket.socket) -> None:
        if not self._askers.acquire(timeout=_REQUEST_SECONDS):
            return
        try:
            connection, _ = listener.accept()
        except OSError:
            # The asker has gone again, or no descriptor is left: worth another try in a moment.
            self._askers.release()
            time.sleep(_BREATH_SECONDS)
            return
        threading.Thread(target=self._attend, args=(connection,), name="control-answer", daemon=True).start()

    def _attend(self, connection: socket.socket) -> None:
        # An asker that goes away or says nothing is no matter of the daemon's.
        try:
            with connection, suppress(OSError):
                answer = self._answer_to(connection)
                connection.settimeout(_ANSWER_SECONDS)
                connection.sendall(answer)
        finally:
            self._askers.release()

    def _answer_to(self, connection: socket.socket) -> bytes:
        try:
            request = receive(connection, LARGEST_REQUEST, _REQUEST_SECONDS)
            return encode({"answer": self._handle(request)})
        except (ControlError, ValueError) as error:
            return encode({"error": str(error)})
        except TimeoutError:
            return encode({"error": "no whole request came in time"})
        except Exception as error:  # noqa: BLE001  reported; a broken handler must not end the listening
            self._log.exception("❌ A command of the control socket failed unexpectedly")
            return encode({"error": f"the daemon failed at this ({type(error).__name__}): look at nija.log"})

    def _handle(self, request: dict[str, object]) -> dict[str, object]:
        handler = self._handlers.get(str(request.get("command")))
        arguments = request.get("arguments")
        if handler is None:
            raise ControlError(f"this daemon does not know the command {request.get('command')!r}: restart it")
        return handler(arguments if isinstance(arguments, dict) else {})
