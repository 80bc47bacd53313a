"""docs/configuration.md, generated from the descriptions of the settings."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, get_args, get_origin

from accounts.environment import described_variables
from accounts.variables import Part
from brokers.exchanges import descriptions
from brokers.figures import number
from nija.cli.config_example import TABLES, toml_value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pydantic import BaseModel
    from pydantic.fields import FieldInfo

_HEAD = """\
# Every setting

There are two places: **secrets, and how NIJA runs,** come from environment variables or from `.env` (real environment
variables win); **how NIJA trades** is set in `nija.toml`. Every setting is optional; without credentials NIJA runs the
demo. `./start.sh config show` lists every value in effect and where it comes from.

**What takes effect when.** A running NIJA looks at `.env` and `nija.toml` every two seconds; `./start.sh reload` makes
it look at once, and says for each account what it took up.

| change | takes effect |
|---|---|
| credentials in `.env`: added, changed, removed | at once: the account connects, connects again, or leaves |
| anything in `nija.toml` | at each account's next cycle |
| any other variable in `.env` | at the next start; `reload`, `status` and `doctor` name it |
| a variable set outside `.env` (Railway, Render, Docker, a shell) | at the next start: redeploy or restart |
| credentials in the demo, or another `NIJA_MODE` | at the next start |

An edit with a mistake is refused as a whole: the log, `status` and `doctor` name the line or the key, and the former
settings stay in force. `./start.sh config check` finds mistakes before NIJA does. An account that is removed or
switched off opens nothing new; it stays connected, and its positions protected, until they are closed. After a restart
NIJA has no key of a removed account any more: only the stops that rest on the exchange protect it then.

Both files may have Windows line endings or a byte order mark, and may be in UTF-16. In `.env`, `${NAME}` is replaced by
a variable of the environment or of a line above; `${NAME:-text}` falls back to `text`. This works inside single and
double quotes too.

`./start.sh config reference` generates this page, and a test keeps it up to date."""
_CREDENTIALS = """\
Add `_FILE` to any of these names to read the value from a file (Docker and Kubernetes secrets). `<NAME>` is the user's
name in capitals: `KRAKEN_USER_TANIA_GILBERT_API_KEY` belongs to the account `kraken:tania_gilbert`. There may be any
number of users. Spaces and line breaks around a value are removed; anything else that is wrong is reported before a
request is sent. More: [kraken-master.md](kraken-master.md), [users.md](users.md), [coinbase.md](coinbase.md)."""
_LIBRARIES = """\
Also supported, in the environment or in `.env`: `REQUESTS_CA_BUNDLE` and `SSL_CERT_FILE` (your own certificate
authorities), `HTTPS_PROXY` and `NO_PROXY` (a proxy). In the environment only: `NO_COLOR` (no colours)."""
_TOML = """\
Copy `nija.example.toml` to `nija.toml` and remove the `#` in front of what you change. Where you cannot put a file
beside NIJA, put the same text into the variable `NIJA_CONFIG_TOML`:
[my settings on Railway, Render, Docker](what-happens-when.md#my-settings-on-railway-render-docker). An unknown key is
an error. Markets are written `BTC/USD` on every exchange; `XBT/USD`, `BTC-USD` and `XXBTZUSD` are refused, with the
right spelling in the error. An account skips markets that its exchange does not have. What the rules mean:
[how-trading-decides.md](how-trading-decides.md)."""
_BOUNDS: Mapping[str, str] = MappingProxyType({"ge": "at least {}", "gt": "above {}", "le": "at most {}"})


def configuration_page() -> str:
    parts = [_HEAD, "## Environment variables", "### Credentials", "\n".join(_credentials()), _CREDENTIALS]
    parts += ["### How NIJA runs", "\n".join(_process()), _LIBRARIES, "## nija.toml", _TOML]
    for name, model in TABLES:
        parts += [f"### `[{name}]`: {_title(model)}", "\n".join(_keys(model))]
    return "\n\n".join(parts) + "\n"


def _credentials() -> Iterator[str]:
    yield from _header("variable", "holds")
    for exchange in descriptions():
        texts = (exchange.key_guide.key_text, exchange.key_guide.secret_text)
        for part, text in zip(Part, texts, strict=True):
            yield _row(f"`{exchange.prefix}_MASTER_{part}`", f"the master's {exchange.full_name} account: {text}")
        yield _row(_both(f"{exchange.prefix}_USER_<NAME>"), "the same two for a user")
        if exchange.master_without_name:
            yield _row(_both(exchange.prefix), "also accepted for the master")


def _both(front: str) -> str:
    return ", ".join(f"`{front}_{part}`" for part in Part)


def _process() -> Iterator[str]:
    yield from _header("variable", "meaning", "default")
    for variable in described_variables():
        yield _row(f"`{variable.name}`", variable.meaning, f"`{variable.default}`" if variable.default else "–")


def _keys(model: type[BaseModel]) -> Iterator[str]:
    yield from _header("key", "meaning", "unit", "default", "allowed")
    for key, field in model.model_fields.items():
        default = field.get_default(call_default_factory=True)
        shown = "–" if default is None else f"`{toml_value(default)}`"
        yield _row(f"`{key}`", str(field.description), _unit(field), shown, _allowed(field))


def _title(model: type[BaseModel]) -> str:
    return (model.__doc__ or "").partition(": ")[2].strip().rstrip(".").partition(": [")[0]


def _unit(field: FieldInfo) -> str:
    extra = field.json_schema_extra
    return str(extra.get("unit", "–")) if isinstance(extra, dict) else "–"


def _allowed(field: FieldInfo) -> str:
    if get_origin(field.annotation) is Literal:
        return ", ".join(f"`{toml_value(choice)}`" for choice in get_args(field.annotation))
    bounds = [
        text.format(number(getattr(limit, name)))
        for limit in field.metadata
        for name, text in _BOUNDS.items()
        if hasattr(limit, name)
    ]
    return ", ".join(bounds) or "–"


def _header(*names: str) -> Iterator[str]:
    yield _row(*names)
    yield "|" + "---|" * len(names)


def _row(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"
