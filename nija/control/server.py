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
_MAX_CONNECTIONS = 8
_REQUEST_SECONDS = 2.0
_ANSWER_SECONDS = 10.0
_ACCEPT_RETRY_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class _RunningServer:
    """A started server. Closing `wake_sender` ends the thread, which selects on `wake_receiver`: a self-pipe."""

    listener: socket.socket
    wake_receiver: socket.socket
    wake_sender: socket.socket
    thread: threading.Thread
    inode: int


class ControlServer:
    """Answers commands from the socket at `path`, which only the daemon's own user may open.

    A handler takes the request's arguments and returns a JSON-compatible dict. The client gets the text of a
    ControlError or ValueError that it raises; of any other error only the type, so that no secret leaks.
    """

    def __init__(self, path: Path, handlers: Mapping[str, Handler]) -> None:
        self._path = path
        self._handlers = dict(handlers)
        self._log = get_log("nija.control")
        self._free_connections = threading.BoundedSemaphore(_MAX_CONNECTIONS)
        self._running: _RunningServer | None = None

    def start(self) -> None:
        """Listen. Raises ControlError if another daemon serves this data folder or the socket cannot be created."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            listener = self._listen()
        except OSError as error:
            raise ControlError(
                f"the control socket {self._path} cannot be created ({error.strerror or error}): "
                "set NIJA_DATA_DIR to a folder on a local disk"
            ) from error
        wake_receiver, wake_sender = socket.socketpair()
        thread = threading.Thread(target=self._serve, args=(listener, wake_receiver), name="control", daemon=True)
        self._running = _RunningServer(listener, wake_receiver, wake_sender, thread, self._path.stat().st_ino)
        thread.start()

    def stop(self) -> None:
        """Stop listening and remove the socket. Safe to call twice, or without `start`."""
        running, self._running = self._running, None
        if running is None:
            return
        running.wake_sender.close()
        running.thread.join(timeout=_REQUEST_SECONDS + 1)
        running.wake_receiver.close()
        running.listener.close()
        # A daemon that started in the meantime has its own socket there.
        with suppress(OSError):
            if self._path.stat().st_ino == running.inode:
                self._path.unlink()

    def _listen(self) -> socket.socket:
        with short_address(self._path) as address:
            self._clear_stale(address)
            listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                # Before bind: another user must not be able to open it even for a moment.
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
        """Remove a killed daemon's socket. Raises ControlError if a daemon still answers on it."""
        try:
            mode = self._path.lstat().st_mode
        except FileNotFoundError:
            return
        if not stat.S_ISSOCK(mode):
            raise ControlError(f"{self._path} is not a socket: move it out of the way")
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

    def _serve(self, listener: socket.socket, wake_receiver: socket.socket) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(listener, selectors.EVENT_READ)
            selector.register(wake_receiver, selectors.EVENT_READ)
            while all(key.fileobj is not wake_receiver for key, _ in selector.select()):
                self._accept(listener)

    def _accept(self, listener: socket.socket) -> None:
        if not self._free_connections.acquire(timeout=_REQUEST_SECONDS):
            return
        try:
            connection, _ = listener.accept()
        except OSError:
            # The client has disconnected, or the process is out of file descriptors: try again in a moment.
            self._free_connections.release()
            time.sleep(_ACCEPT_RETRY_SECONDS)
            return
        threading.Thread(target=self._serve_connection, args=(connection,), name="control-answer", daemon=True).start()

    def _serve_connection(self, connection: socket.socket) -> None:
        # A client that disconnects or sends nothing is not the daemon's problem.
        try:
            with connection, suppress(OSError):
                answer = self._answer_to(connection)
                connection.settimeout(_ANSWER_SECONDS)
                connection.sendall(answer)
        finally:
            self._free_connections.release()

    def _answer_to(self, connection: socket.socket) -> bytes:
        try:
            request = receive(connection, LARGEST_REQUEST, _REQUEST_SECONDS)
            return encode({"answer": self._handle(request)})
        except (ControlError, ValueError) as error:
            return encode({"error": str(error)})
        except TimeoutError:
            return encode({"error": "the request was not complete in time"})
        except Exception as error:  # noqa: BLE001  reported; a broken handler must not stop the server
            self._log.exception("❌ A command of the control socket failed unexpectedly")
            return encode({"error": f"the daemon failed to do this ({type(error).__name__}): look at nija.log"})

    def _handle(self, request: dict[str, object]) -> dict[str, object]:
        handler = self._handlers.get(str(request.get("command")))
        arguments = request.get("arguments")
        if handler is None:
            raise ControlError(f"this daemon does not know the command {request.get('command')!r}: restart it")
        return handler(arguments if isinstance(arguments, dict) else {})
