"""The page as an attacker meets it, over a real socket. Every test is an attempt that must fail."""

from __future__ import annotations

import http.client
import os
import re
import socket
import time
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from starlette.routing import Route

from nija.web.guard import MOST_BODY_BYTES
from nija.web.listeners import LOOPBACK
from nija.web.owner_links import FILE_NAME
from nija.web.sessions import IDLE_SECONDS, LONGEST_SECONDS
from tests.nija.web.web_rig import DAIVON, MASTER, METRICS_TOKEN, PASSWORD, PASSWORD_HASH, WebRig, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STOP = {"account": "", "market": "", "password": PASSWORD}
FOREIGN = "https://evil.example"


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[WebRig]:
    with serving(WebRig(tmp_path)) as served:
        yield served


def nothing_was_done(rig: WebRig) -> bool:
    """Not even a journal was opened for a command."""
    return not rig.journals_of


class TestWithoutASession:
    @pytest.mark.parametrize("path", ["/", "/account/kraken/master", "/history", "/act", "/act/stop", "/owners"])
    def test_every_page_leads_to_the_login(self, rig: WebRig, path: str) -> None:
        answer = rig.browser().get(path)
        assert answer.status == 303
        assert answer.headers["Location"].startswith("/login")
        assert answer.text == ""

    @pytest.mark.parametrize("path", ["/events", "/data/equity"])
    def test_streams_and_data_are_refused(self, rig: WebRig, path: str) -> None:
        assert rig.browser().get(path).status == 401

    @pytest.mark.parametrize("path", ["/act/stop", "/act/flatten", "/owners/create", "/owners/revoke", "/logout"])
    def test_no_form_is_taken(self, rig: WebRig, path: str) -> None:
        assert rig.browser().post(path, STOP).status == 401
        assert nothing_was_done(rig)

    @pytest.mark.parametrize(
        "cookie", ["", "x", "nija_session", "../../etc/passwd", "ü".encode().decode("latin-1"), "a" * 5_000]
    )
    def test_a_made_up_session_opens_nothing(self, rig: WebRig, cookie: str) -> None:
        assert rig.browser().send("GET", "/", {"Cookie": f"nija_session={cookie}"}).status == 303
        assert len(rig.sessions) == 0

    @pytest.mark.parametrize(
        "path",
        [
            "//",
            "/%2e%2e/",
            "/static/../app.py",
            "/static/%2e%2e/app.py",
            "/static/..%2fapp.py",
            "/static/%2e%2e%2f%2e%2e%2f%2e%2e%2fpyproject.toml",
            "/static//etc/passwd",
            "/static/\\..\\app.py",
            "/login/../account/kraken/master",
            "/owner/../account/kraken/master",
            "/owner/%2e%2e%2faccount%2fkraken%2fmaster",
            "/LOGIN/../",
            "/%00",
        ],
    )
    def test_no_trick_with_the_path_leads_around_the_login(self, rig: WebRig, path: str) -> None:
        answer = rig.browser().get(path)
        assert answer.status in (303, 404)
        assert "overview for" not in answer.text
        assert "account kraken:" not in answer.text
        assert "import" not in answer.text

    def test_after_the_login_nobody_is_sent_to_another_host(self, rig: WebRig) -> None:
        for target in ("//evil.example", "/\\evil.example", FOREIGN, "/a\r\nSet-Cookie: x=y"):
            browser = rig.browser()
            token = browser.get(f"/login?next={quote(target)}").token
            answer = browser.post("/login", {"token": token, "password": PASSWORD, "next": target})
            assert answer.headers["Location"] == "/"


class TestForeignPages:
    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"Origin": FOREIGN},
            {"Origin": "null"},
            {"Origin": "http://127.0.0.1.evil.example"},
            {"Origin": FOREIGN, "Sec-Fetch-Site": "same-origin"},
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
            {"Sec-Fetch-Site": "none"},
        ],
    )
    def test_a_form_of_another_site_does_nothing_even_with_the_right_token(
        self, rig: WebRig, headers: dict[str, str]
    ) -> None:
        browser = rig.logged_in()
        token = browser.get("/act/stop").token
        assert browser.post("/act/stop", {**STOP, "token": token}, headers).status == 403
        assert browser.post("/login", {"token": token, "password": PASSWORD}, headers).status == 403
        assert nothing_was_done(rig)

    @pytest.mark.parametrize("token", ["", "x", "ü"])
    def test_a_form_without_the_sessions_own_token_does_nothing(self, rig: WebRig, token: str) -> None:
        browser = rig.logged_in()
        assert browser.post("/act/stop", {**STOP, "token": token}).status == 403
        other = rig.logged_in().get("/act/stop").token
        assert browser.post("/act/stop", {**STOP, "token": other}).status == 403
        assert nothing_was_done(rig)

    def test_the_login_form_of_one_browser_is_worth_nothing_in_another(self, rig: WebRig) -> None:
        token = rig.browser().get("/login").token
        browser = rig.browser()
        browser.get("/login")
        assert browser.post("/login", {"token": token, "password": PASSWORD}).status == 403
        assert len(rig.sessions) == 0

    def test_no_command_is_given_by_following_a_link(self, rig: WebRig) -> None:
        browser = rig.logged_in()
        for name in ("stop", "flatten", "resume"):
            browser.get(f"/act/{name}?account=kraken:master&password={quote(PASSWORD)}")
        assert browser.send("PUT", "/act/stop", {}).status == 403
        assert nothing_was_done(rig)

    def test_other_sites_cannot_load_a_page_into_theirs(self, rig: WebRig) -> None:
        browser = rig.logged_in()
        for mode in ("no-cors", "cors"):
            headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": mode}
            assert browser.send("GET", "/", headers).status == 403
        assert "Access-Control-Allow-Origin" not in browser.get("/").headers

    def test_every_answer_forbids_frames_inline_scripts_and_guessing_of_types(self, rig: WebRig) -> None:
        browser = rig.logged_in()
        for path in ("/", "/login", "/act/stop", "/no/such/page", "/static/none", "/healthz", "/broken"):
            headers = browser.get(path).headers
            policy = headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "frame-ancestors 'none'" in policy
            assert "unsafe" not in policy
            assert (headers["X-Frame-Options"], headers["X-Content-Type-Options"]) == ("DENY", "nosniff")
            assert "no-store" in headers["Cache-Control"] or path.startswith("/static")

    def test_a_name_that_leads_to_this_machine_from_elsewhere_is_refused_where_there_is_no_password(
        self, tmp_path: Path
    ) -> None:
        with serving(WebRig(tmp_path, password_hash=None)) as rig:
            for host in ("evil.example", f"evil.example:{rig.port}", "127.0.0.1.evil.example", "192.168.0.7", ""):
                assert rig.browser(Host=host).get("/").status == 403
            for host in (f"127.0.0.1:{rig.port}", "localhost:9000", "[::1]:8150"):
                assert rig.browser(Host=host).get("/").status == 200


class TestSessions:
    def test_a_session_known_before_the_login_is_not_the_one_after_it(self, rig: WebRig) -> None:
        browser = rig.browser()
        browser.cookies["nija_session"] = "fixed-by-an-attacker"
        browser.log_in(PASSWORD)
        assert browser.cookies["nija_session"] != "fixed-by-an-attacker"
        assert rig.browser().send("GET", "/", {"Cookie": "nija_session=fixed-by-an-attacker"}).status == 303
        first = browser.cookies["nija_session"]
        browser.log_in(PASSWORD)
        assert rig.browser().send("GET", "/", {"Cookie": f"nija_session={first}"}).status == 303

    def test_a_session_ends_when_it_is_idle_and_after_a_week_in_any_case(self, rig: WebRig) -> None:
        idle, busy = rig.logged_in(), rig.logged_in()
        for _ in range(int(LONGEST_SECONDS / (IDLE_SECONDS - 60))):
            rig.clock.advance(IDLE_SECONDS - 60)
            assert busy.get("/").status == 200
        assert idle.get("/").status == 303
        rig.clock.advance(IDLE_SECONDS - 60)
        assert busy.get("/").status == 303
        assert len(rig.sessions) == 0

    def test_a_stolen_cookie_is_worth_nothing_after_the_log_out(self, rig: WebRig) -> None:
        browser = rig.logged_in()
        stolen = dict(browser.cookies)
        answer = browser.post("/logout", {"token": browser.get("/act/stop").token})
        assert (answer.status, "nija_session" in browser.cookies) == (303, False)
        thief = rig.browser()
        thief.cookies |= stolen
        assert thief.get("/").status == 303

    def test_a_stream_ends_with_its_session(self, rig: WebRig, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("nija.web.gate.SESSION_LOOK_SECONDS", 0.02)
        browser = rig.logged_in()
        with closing(http.client.HTTPConnection(LOOPBACK, rig.port, timeout=5)) as connection:
            cookie = f"nija_session={browser.cookies['nija_session']}"
            connection.request("GET", "/events", headers={"Host": browser.headers["Host"], "Cookie": cookie})
            response = connection.getresponse()
            assert response.read1() == b"data: first\n\n"
            rig.clock.advance(IDLE_SECONDS)
            assert response.read() == b""

    def test_scripts_cannot_read_a_cookie_and_other_sites_do_not_send_it(self, rig: WebRig) -> None:
        browser = rig.browser()
        answer = browser.log_in(PASSWORD)
        lines = [line for line in browser.seen[-1].splitlines() if line.lower().startswith("set-cookie")]
        assert answer.status == 303
        assert len(lines) == 3
        for line in lines:
            assert "HttpOnly" in line
            assert "SameSite=strict" in line
            assert "Path=/" in line
            assert "Domain" not in line

    def test_however_many_log_in_the_memory_of_sessions_is_bounded(self, rig: WebRig) -> None:
        for number in range(60):
            rig.sessions.open()
            rig.sessions.open(DAIVON, f"link {number % 2}")
        assert len(rig.sessions) == 60


class TestGuessing:
    def test_one_address_must_wait_longer_and_longer(self, rig: WebRig) -> None:
        browser = rig.browser()
        statuses = [browser.log_in(f"guess {number}").status for number in range(6)]
        assert statuses == [403] * 5 + [429]
        assert "Try again in 30 s" in browser.log_in(PASSWORD).text
        rig.clock.advance(30)
        assert browser.log_in("another guess").status == 403
        rig.clock.advance(30)
        assert "Try again in 30 s" in browser.log_in(PASSWORD).text
        rig.clock.advance(30)
        assert browser.log_in(PASSWORD).status == 303

    def test_whoever_guesses_cannot_lock_out_a_browser_that_has_logged_in_before(self, rig: WebRig) -> None:
        owner = rig.logged_in()
        del owner.cookies["nija_session"]
        guesser = rig.browser()
        for _ in range(10):
            guesser.log_in("guess")
        assert guesser.log_in(PASSWORD).status == 429
        assert owner.log_in(PASSWORD).status == 303

    def test_nobody_can_claim_to_be_such_a_browser(self, rig: WebRig) -> None:
        guesser = rig.browser()
        for number in range(6):
            guesser.cookies["nija_browser"] = f"name{number}.{'0' * 64}"
            last = guesser.log_in("guess")
        assert last.status == 429

    def test_guesses_where_the_password_is_asked_for_again_count_too(self, rig: WebRig) -> None:
        browser = rig.logged_in()
        token = browser.get("/act/stop").token
        wrong = {**STOP, "token": token, "password": "guess"}
        assert [browser.post("/act/stop", wrong).status for _ in range(6)] == [403] * 5 + [429]
        assert browser.post("/act/stop", {**STOP, "token": token}).status == 429
        assert nothing_was_done(rig)

    def test_a_very_long_password_is_only_wrong(self, rig: WebRig) -> None:
        assert rig.browser().log_in("x" * 5_000).status == 403


class TestSize:
    def test_a_form_that_is_too_large_is_refused_unread(self, rig: WebRig) -> None:
        browser = rig.browser()
        assert browser.log_in("x" * MOST_BODY_BYTES).status == 413
        headers = {"Origin": f"http://{browser.headers['Host']}", "Content-Length": str(10**12)}
        assert browser.send("POST", "/login", headers).status == 413

    def test_one_that_hides_its_size_is_refused_once_it_is_too_large(self, rig: WebRig) -> None:
        chunk = b"400\r\n" + b"x" * 0x400 + b"\r\n"
        with closing(socket.create_connection((LOOPBACK, rig.port), timeout=5)) as caller:
            caller.sendall(
                b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: http://127.0.0.1\r\n"
                b"Transfer-Encoding: chunked\r\n\r\n" + chunk * 20
            )
            assert caller.recv(64).startswith(b"HTTP/1.1 413")

    def test_a_form_of_a_thousand_fields_or_of_no_fields_is_refused(self, rig: WebRig) -> None:
        browser = rig.browser()
        own = {"Origin": f"http://{browser.headers['Host']}"}
        assert browser.send("POST", "/login", own, "&".join(f"a{n}=1" for n in range(1_000))).status == 400
        assert browser.send("POST", "/login", own, "\xff\xfe").status == 400
        assert browser.post("/login", {}).status == 403

    @pytest.mark.parametrize(
        "sent",
        [
            b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n",
            b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: http://127.0.0.1\r\nContent-Length: 100\r\n\r\ntoken=",
            b"",
        ],
        ids=["slow head", "slow body", "silence"],
    )
    def test_a_request_that_does_not_arrive_is_not_waited_for(
        self, rig: WebRig, monkeypatch: pytest.MonkeyPatch, sent: bytes
    ) -> None:
        monkeypatch.setattr("nija.web.server.REQUEST_SECONDS", 0.1)
        with closing(socket.create_connection((LOOPBACK, rig.port), timeout=5)) as caller:
            caller.sendall(sent)
            began = time.monotonic()
            assert caller.recv(64) == b""
            assert time.monotonic() - began < 3


class TestOwnersLinks:
    OTHERS = (
        "/account/kraken/master",
        "/account/KRAKEN/master",
        "/account/kraken/daivon_frazier/../master",
        "/data/kraken/master/equity",
        "/history?account=kraken:master",
        "/events?account=kraken%3Amaster",
        "/act",
        "/act/stop",
        "/act/flatten?account=kraken:daivon_frazier",
        "/owners",
        "/owners/create",
    )

    def test_a_link_shows_one_account(self, rig: WebRig) -> None:
        browser = rig.owner_of(DAIVON)
        assert browser.get("/").text == "overview for kraken:daivon_frazier"
        assert browser.get("/account/kraken/daivon_frazier").status == 200

    @pytest.mark.parametrize("path", OTHERS)
    def test_it_shows_no_other_account_and_no_page_to_act(self, rig: WebRig, path: str) -> None:
        answer = rig.owner_of(DAIVON).get(path)
        assert (answer.status, "master" in answer.text) == (404, False)

    @pytest.mark.parametrize("path", ["/act/stop", "/act/flatten", "/act/close", "/owners/create", "/owners/revoke"])
    def test_it_gives_no_command_not_even_for_its_own_account(self, rig: WebRig, path: str) -> None:
        browser = rig.owner_of(DAIVON)
        (session,) = rig.sessions._sessions.values()
        form = {**STOP, "account": str(DAIVON), "market": "BTC/USD", "token": session.viewer.token}
        assert browser.post(path, form).status == 404
        assert nothing_was_done(rig)
        assert len(rig.links.all()) == 1

    def test_it_reads_no_figures_from_the_health_pages(self, rig: WebRig) -> None:
        browser = rig.owner_of(DAIVON)
        browser.headers["Host"] = "nija.example"
        assert "kraken" not in browser.get("/metrics").text.replace('exchange="kraken"', "")
        assert "accounts" not in browser.get("/readyz").text

    def test_revoking_it_ends_its_sessions_and_no_others(self, rig: WebRig) -> None:
        daivon, master = rig.owner_of(DAIVON), rig.owner_of(MASTER)
        owner = rig.logged_in()
        link = next(one for one in rig.links.all() if one.account == DAIVON)
        token = owner.get("/owners").token
        assert owner.post("/owners/revoke", {"token": token, "id": link.id}).status == 200
        assert daivon.get("/").status == 303
        assert master.get("/").status == 200
        assert owner.get("/").status == 200

    @pytest.mark.parametrize("token", ["x", "", "%00", "a" * 5_000])
    def test_a_guessed_link_opens_nothing(self, rig: WebRig, token: str) -> None:
        rig.links.create(DAIVON)
        assert rig.browser().get(f"/owner/{token}").status == 404
        assert len(rig.sessions) == 0

    def test_it_does_not_replace_the_session_of_nijas_owner(self, rig: WebRig) -> None:
        owner = rig.logged_in()
        owner.get(f"/owner/{rig.links.create(DAIVON)}")
        assert owner.get("/").text == "overview for everybody"

    def test_the_file_holds_no_token_and_is_nobody_elses_business(self, rig: WebRig) -> None:
        token = rig.links.create(DAIVON)
        path = rig.folder / FILE_NAME
        assert token not in path.read_text()
        assert os.stat(path).st_mode & 0o777 == 0o600  # noqa: PTH116  the mode of the file itself


class TestEveryPage:
    """NIJA's own pages, each with its address filled in for an account that is not the viewer's."""

    @pytest.fixture
    def rig(self, tmp_path: Path) -> Iterator[WebRig]:
        with serving(WebRig(tmp_path, has_real_pages=True)) as served:
            for account in (MASTER, DAIVON):
                served.journal(account)
            yield served

    def paths(self, rig: WebRig) -> list[str]:
        values = {"exchange": "kraken", "owner": "master", "base": "BTC", "quote": "USD"}
        routes = [route.path.format(**values) for route in rig.server._make_pages() if isinstance(route, Route)]
        return [*routes, "/events?page=/", "/events?page=/account/kraken/master", "/history?account=kraken:master"]

    def test_a_stranger_gets_nothing_of_any(self, rig: WebRig) -> None:
        for path in self.paths(rig):
            answer = rig.browser().get(path)
            assert answer.status in (303, 401), path
            assert "kraken" not in answer.text, path

    def test_an_owners_link_names_no_other_account_on_any(self, rig: WebRig) -> None:
        browser = rig.owner_of(DAIVON)
        for path in self.paths(rig):
            if path != "/events?page=/":
                answer = browser.get(path)
                assert "kraken:master" not in answer.text, path
                assert "MASTER" not in answer.text, path
                assert answer.status == 404 or "master" not in path, path

    def test_an_owner_sees_the_own_account_and_no_way_to_act(self, rig: WebRig) -> None:
        browser = rig.owner_of(DAIVON)
        assert browser.get("/").headers["Location"] == "/account/kraken/daivon_frazier"
        for path in ("/account/kraken/daivon_frazier", "/history", "/health"):
            answer = browser.get(path)
            assert (answer.status, 'href="/act' in answer.text, 'href="/owners' in answer.text) == (200, False, False)
        assert "daivon_frazier" in browser.get("/account/kraken/daivon_frazier").text

    def test_no_page_has_an_inline_script_or_style_or_names_another_host(self, rig: WebRig) -> None:
        browser = rig.logged_in()
        for path in ("/", "/account/kraken/master", "/history", "/health", "/act", "/act/flatten", "/owners", "/login"):
            text = browser.get(path).text
            assert not re.search(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=|javascript:", text), path
            assert not re.search(r"(src|href|action)=.(https?:)?//", text), path


class TestProxies:
    @pytest.mark.parametrize(
        "headers",
        [
            {"X-Forwarded-For": "127.0.0.1"},
            {"X-Forwarded-Proto": "https"},
            {"X-Real-IP": "127.0.0.1"},
            {"Forwarded": "for=127.0.0.1"},
        ],
    )
    def test_nobody_becomes_another_by_saying_so(self, rig: WebRig, headers: dict[str, str]) -> None:
        answer = rig.browser(**headers).get("/")
        assert (answer.status, "NIJA_WEB_TRUSTED_PROXIES" in answer.text) == (403, True)
        assert "kraken" not in rig.browser(**headers).get("/metrics").text

    def test_behind_a_trusted_proxy_each_caller_is_counted_by_itself(self, tmp_path: Path) -> None:
        with serving(WebRig(tmp_path, proxies=(LOOPBACK,))) as rig:

            def caller(address: str) -> str:
                return f"198.51.100.7, {address}"

            tls = {"X-Forwarded-Proto": "https"}
            guesser = rig.browser(**tls, **{"X-Forwarded-For": caller("203.0.113.66")})
            guesser.headers["Host"] = "nija.example"
            other = rig.browser(**tls, **{"X-Forwarded-For": caller("203.0.113.7")})
            other.headers["Host"] = "nija.example"
            own = {"Origin": "https://nija.example"}
            for _ in range(6):
                form = {"token": guesser.get("/login").token, "password": "guess"}
                last = guesser.post("/login", form, own)
            assert last.status == 429
            answer = other.post("/login", {"token": other.get("/login").token, "password": PASSWORD}, own)
            assert answer.status == 303
            assert "__Host-nija_session" in other.cookies
            cookies = [line for line in other.seen[-1].splitlines() if line.lower().startswith("set-cookie")]
            assert all("Secure" in line for line in cookies)
            assert "max-age" in answer.headers["Strict-Transport-Security"]

    def test_the_password_is_never_asked_for_in_the_clear_across_the_internet(self, tmp_path: Path) -> None:
        with serving(WebRig(tmp_path, proxies=(LOOPBACK,))) as rig:
            plain = {"X-Forwarded-For": "203.0.114.7", "X-Forwarded-Proto": "http"}
            answer = rig.browser(**plain).get("/login")
        assert (answer.status, "encryption" in answer.text) == (403, True)


class TestText:
    NASTY = "<script>alert(1)</script>\"'>&{{7*7}}"

    def test_html_in_names_stays_text(self, rig: WebRig) -> None:
        browser = rig.logged_in()
        held = replace(rig.accounts[0].positions[0], market=self.NASTY)
        rig.accounts = (replace(rig.accounts[0], id=self.NASTY, positions=(held,)),)
        pages = [
            browser.get("/act"),
            browser.get("/act/flatten"),
            browser.get(f"/act/flatten?account={quote(self.NASTY)}"),
            browser.get(f"/act/close?account={quote(self.NASTY)}&market={quote(self.NASTY)}"),
            browser.get("/owners"),
        ]
        assert all(page.status == 200 for page in pages)
        assert all("<script>alert" not in page.text and "49" not in page.text for page in pages)
        assert all("&lt;script&gt;" in page.text for page in pages)

    def test_html_in_an_address_or_a_form_stays_text(self, rig: WebRig) -> None:
        nasty = quote(self.NASTY)
        browser = rig.browser()
        login = browser.get(f"/login?next=/{nasty}")
        assert "<script>alert" not in login.text
        owner = rig.logged_in()
        for path in (f"/{nasty}", f"/act/{nasty}", f"/act/stop?account={nasty}", f"/owner/{nasty}"):
            assert "<script>alert" not in owner.get(path).text

    def test_an_error_of_a_page_says_nothing_of_itself(self, rig: WebRig) -> None:
        answer = rig.logged_in().get("/broken")
        assert answer.status == 500
        assert "hunter2" not in answer.text
        assert "Traceback" not in answer.text


def test_no_byte_that_is_served_holds_a_secret(rig: WebRig) -> None:
    browser = rig.logged_in()
    token = browser.get("/act/stop").token
    browser.post("/act/stop", {**STOP, "token": token})
    browser.post("/owners/create", {"token": token, "account": str(DAIVON), "password": PASSWORD})
    for path in ("/", "/act", "/owners", "/healthz", "/readyz", "/metrics", "/nothing", "/broken"):
        browser.get(path)
    browser.log_in("a wrong password of mine")
    served = "".join(browser.seen)
    secrets = (PASSWORD, PASSWORD_HASH, METRICS_TOKEN, "a wrong password of mine", rig.site.key.hex())
    assert not [secret for secret in secrets if secret in served]
    assert PASSWORD not in repr(rig.site)
    assert PASSWORD_HASH not in repr(rig.site)
    assert METRICS_TOKEN not in repr(rig.site)
