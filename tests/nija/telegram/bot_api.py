"""A stand-in for Telegram's Bot API on loopback, as strict as the real one where it matters here."""

from __future__ import annotations

import json
import re
import threading
from collections import defaultdict, deque
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKEN = "123456789:" + "hidden-token-" * 3
OWNER, STRANGER, TANIAS, DAIVONS, GROUP = 1001, 666, 2002, 2003, -100500
PATIENCE = 10.0
_TAGS = {"b", "i", "pre", "code", "a", "u", "s"}


@dataclass
class Fault:
    """What one request gets instead of its answer: a status with this JSON, this page, or nothing at all."""

    status: int = 500
    content: dict[str, Any] = field(default_factory=dict)
    page: str = ""
    drop: bool = False


def refused(status: int, description: str, **parameters: int) -> Fault:
    more = {"parameters": parameters} if parameters else {}
    return Fault(status, {"ok": False, "error_code": status, "description": description, **more})


class BotApiStandIn:
    """`calls` are all requests with their parameters. Without `hold`, a poll is answered at once."""

    def __init__(self, port: int) -> None:
        self.address = f"http://127.0.0.1:{port}"
        self.token = TOKEN
        self.hold = False
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.faults: defaultdict[str, deque[Fault]] = defaultdict(deque)
        self.news = threading.Condition()
        self._updates: list[dict[str, Any]] = []
        self._repeated: list[dict[str, Any]] = []
        self._last_update: dict[str, Any] = {}
        self._questions: list[tuple[int, dict[str, Any]]] = []
        self._next_update = 700
        self._next_message = 50

    # What people do.

    def write(self, text: str, *, chat: int = OWNER, sender: int | None = None, name: str = "me", date: float) -> None:
        person = {"id": sender or chat, "is_bot": False, "first_name": name}
        message = {"message_id": self._message_id(), "from": person, "chat": {"id": chat}, "date": int(date)}
        self.deliver({"message": {**message, "text": text}})

    def press(self, data: str, message: int, *, chat: int = OWNER, sender: int | None = None, name: str = "me") -> None:
        person = {"id": sender or chat, "is_bot": False, "first_name": name}
        shown = {"message_id": message, "chat": {"id": chat}, "date": 1}
        self.deliver({"callback_query": {"id": f"press-{message}", "from": person, "message": shown, "data": data}})

    def deliver(self, update: dict[str, Any]) -> None:
        with self.news:
            self._updates.append({"update_id": self._next_update, **update})
            self._next_update += 1
            self.news.notify_all()

    def deliver_again(self) -> None:
        """As if its confirmation had been lost: the last update comes a second time, whatever the offset."""
        with self.news:
            self._repeated.append(self._last_update)
            self.news.notify_all()

    # What the bot did.

    def of(self, method: str) -> list[dict[str, Any]]:
        return [parameters for called, parameters in self.calls if called == method]

    @property
    def said(self) -> list[str]:
        """The texts that were sent or put in place of another, without their markup."""
        return [text for _, text in self._sent_texts()]

    def said_to(self, chat: int) -> list[str]:
        return [text for receiver, text in self._sent_texts() if receiver == chat]

    def _sent_texts(self) -> Iterator[tuple[int, str]]:
        for method, parameters in self.calls:
            if method in ("sendMessage", "editMessageText"):
                yield parameters["chat_id"], re.sub(r"</?b>", "", parameters["text"])

    @property
    def button(self) -> tuple[int, str, str]:
        """The last question: the id of its message, and the data of yes and no."""
        with self.news:
            assert self.news.wait_for(lambda: self._questions, PATIENCE), self.calls
            message, markup = self._questions[-1]
        (yes, no) = markup["inline_keyboard"][0]
        return message, yes["callback_data"], no["callback_data"]

    def wait_for(self, method: str, count: int) -> None:
        with self.news:
            assert self.news.wait_for(lambda: len(self.of(method)) >= count, PATIENCE), self.calls

    # How it answers.

    def answer(self, path: str, parameters: dict[str, Any]) -> Fault:
        token, _, method = path.removeprefix("/bot").rpartition("/")
        with self.news:
            self.calls.append((method, parameters))
            self.news.notify_all()
            if self.faults[method]:
                return self.faults[method].popleft()
        if token != self.token:
            return refused(401, "Unauthorized")
        result = self._result(method, parameters)
        return result if isinstance(result, Fault) else Fault(200, {"ok": True, "result": result})

    def _result(self, method: str, parameters: dict[str, Any]) -> Any:  # noqa: ANN401  JSON
        match method:
            case "getMe":
                return {"id": 1, "is_bot": True, "username": "nija_bot"}
            case "getUpdates":
                return self._wait_for_updates(parameters)
            case "setMyCommands" | "answerCallbackQuery":
                return True
            case "sendMessage" | "editMessageText":
                problem = problem_with(parameters["text"])
                if problem:
                    return refused(400, f"Bad Request: {problem}")
                return {"message_id": parameters.get("message_id") or self._sent(parameters)}
        return refused(404, "Not Found")

    def _wait_for_updates(self, parameters: dict[str, Any]) -> list[dict[str, Any]]:
        with self.news:
            self._updates = [one for one in self._updates if one["update_id"] >= parameters["offset"]]
            if self.hold:
                self.news.wait_for(lambda: self._updates or not self.hold, parameters["timeout"])
            found, self._repeated = [*self._repeated, *self._updates], []
            self._last_update = found[-1] if found else self._last_update
            return found

    def _sent(self, parameters: dict[str, Any]) -> int:
        with self.news:
            message = self._message_id()
            if "reply_markup" in parameters:
                self._questions.append((message, parameters["reply_markup"]))
            self.news.notify_all()
        return message

    def _message_id(self) -> int:
        self._next_message += 1
        return self._next_message - 1


class _Markup(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.text = ""
        self.problem = ""

    def handle_starttag(self, tag: str, _attributes: object) -> None:
        self.open.append(tag)
        if tag not in _TAGS:
            self.problem = f"can't parse entities: Unsupported start tag {tag}"

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.problem = f"can't parse entities: Unmatched end tag {tag}"

    def handle_data(self, data: str) -> None:
        self.text += data


def problem_with(text: str) -> str:
    markup = _Markup()
    markup.feed(text)
    markup.close()
    if markup.problem or markup.open:
        return markup.problem or f"can't parse entities: Can't find end tag {markup.open[-1]}"
    if not markup.text.strip():
        return "message text is empty"
    return "message is too long" if len(markup.text.encode("utf-16-le")) // 2 > 4096 else ""


@contextmanager
def bot_api() -> Iterator[BotApiStandIn]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            fault = found.answer(self.path, json.loads(body))
            if fault.drop:
                self.close_connection = True
                return
            page = (fault.page or json.dumps(fault.content)).encode()
            # A poller that ends does not wait for its answer.
            with suppress(OSError):
                self.send_response(fault.status)
                self.send_header("Content-Length", str(len(page)))
                self.end_headers()
                self.wfile.write(page)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found = BotApiStandIn(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield found
    finally:
        with found.news:
            found.hold = False
            found.news.notify_all()
        server.shutdown()
        thread.join()
        server.server_close()
