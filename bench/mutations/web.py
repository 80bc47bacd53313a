"""Safeguards of the page: who may reach it, and what it takes."""

from __future__ import annotations

from bench.mutations.mutation import Mutation

_ATTACKS = "tests/nija/web/test_web_attacks.py"
_SERVER = "tests/nija/web/test_web_server.py"
_ACTIONS = "tests/nija/web/test_web_actions.py"
_TRADER = "tests/nija/trader/test_trader.py"
_THROTTLE = "tests/nija/web/test_login_throttle.py"
_CALLER = "tests/nija/web/test_caller.py"

WEB_MUTATIONS = (
    Mutation(
        "an owner reads in a filter which markets others trade",
        "nija/web/pages/history.py",
        "if one.id in visible for market",
        "for market",
        ("tests/nija/web/test_history_page.py",),
    ),
    Mutation(
        "a form of another site is taken",
        "nija/web/guard.py",
        "        if not is_from_own_page(headers, host, is_encrypted=caller.is_encrypted):\n",
        "        if False:\n",
        (f"{_ATTACKS}::TestForeignPages",),
    ),
    Mutation(
        "a form without the session's token is taken",
        "nija/web/gate.py",
        '    if method not in ("GET", "HEAD") and not hmac.compare_digest(\n',
        "    if False and not hmac.compare_digest(\n",
        (f"{_ATTACKS}::TestForeignPages",),
    ),
    Mutation(
        "a name from elsewhere reaches the page without a password",
        "nija/web/guard.py",
        "        if not self._site.needs_login and not (caller.is_local and is_loopback_name(host)):\n",
        "        if not self._site.needs_login and not caller.is_local:\n",
        (f"{_ATTACKS}::TestForeignPages",),
    ),
    Mutation(
        "a body of any size is read",
        "nija/web/guard.py",
        "            if len(body) > MOST_BODY_BYTES:\n",
        "            if False:\n",
        (f"{_ATTACKS}::TestSize",),
    ),
    Mutation(
        "an owner's link reaches other accounts",
        "nija/web/gate.py",
        "(_is_below(path, _OWNERS) or not _sees_accounts_in(request, viewer))",
        "_is_below(path, _OWNERS)",
        (f"{_ATTACKS}::TestOwnersLinks",),
    ),
    Mutation(
        "an owner's link reaches the actions",
        "nija/web/gate.py",
        "(_is_below(path, _OWNERS) or not _sees_accounts_in(request, viewer))",
        "not _sees_accounts_in(request, viewer)",
        (f"{_ATTACKS}::TestOwnersLinks",),
    ),
    Mutation(
        "a revoked link's sessions go on",
        "nija/web/owners.py",
        "        self._site.sessions.close_link(link)\n",
        "",
        (f"{_ATTACKS}::TestOwnersLinks",),
    ),
    Mutation(
        "a login keeps the session that was there before",
        "nija/web/login.py",
        "site.sessions.close(read_cookie(request, SESSION, caller))\n    response = RedirectResponse(target, 303)\n",
        "response = RedirectResponse(target, 303)\n",
        (f"{_ATTACKS}::TestSessions",),
    ),
    Mutation(
        "a session never ends",
        "nija/web/sessions.py",
        "        return now - session.seen >= IDLE_SECONDS or now - session.opened >= LONGEST_SECONDS\n",
        "        return now - session.seen >= IDLE_SECONDS\n",
        (f"{_ATTACKS}::TestSessions",),
    ),
    Mutation(
        "wrong passwords cost no time",
        "nija/web/login_throttle.py",
        "        if now < tries.until:\n",
        "        if False:\n",
        (f"{_ATTACKS}::TestGuessing", _THROTTLE),
    ),
    Mutation(
        "many addresses may guess at once",
        "nija/web/login_throttle.py",
        "        if not browser and (wait := self._wait_for_all(now)) > 0:\n",
        "        if not browser and (wait := 0.0) > 0:\n",
        (_THROTTLE,),
    ),
    Mutation(
        "whoever claims to be a known browser is believed",
        "nija/web/login.py",
        '    return name if name and is_ours else ""\n',
        "    return name\n",
        (f"{_ATTACKS}::TestGuessing",),
    ),
    Mutation(
        "a header names the caller, whoever sends it",
        "nija/web/caller.py",
        "        if proxy is None or not is_passed_on:\n",
        "        if not is_passed_on:\n",
        (_CALLER,),
    ),
    Mutation(
        "an action does not ask for the password",
        "nija/web/actions.py",
        "        if self._site.needs_login:\n",
        "        if False:\n",
        (_ACTIONS,),
    ),
    Mutation(
        "without a password real money is moved",
        "nija/web/actions.py",
        "        if not self._may_act or not viewer_of(request).may_act:\n",
        "        if not viewer_of(request).may_act:\n",
        (_ACTIONS,),
    ),
    Mutation(
        "the health pages show names to everybody",
        "nija/web/app.py",
        "    return site.needs_login and viewer_of(request).may_act\n",
        "    return True\n",
        (_SERVER,),
    ),
    Mutation(
        "a decision to sell is undone by an older memory",
        "nija/journal/plans.py",
        'func.coalesce(positions.c.exit_reason, bindparam("exit_reason"))',
        'bindparam("exit_reason")',
        (_TRADER,),
    ),
)
