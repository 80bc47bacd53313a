from __future__ import annotations

import base64
import json

import pytest
from coinbase import jwt_generator
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from brokers.coinbase.keys import InvalidKey, check_key_name, normalise_secret

NAME = "organizations/0f0e0d0c-0000-4000-8000-000000000001/apiKeys/0f0e0d0c-0000-4000-8000-000000000002"

_EC = ec.generate_private_key(ec.SECP256R1())
EC_PEM = _EC.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
EC_PKCS8 = _EC.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
_ED = ed25519.Ed25519PrivateKey.generate()
ED_PEM = _ED.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
ED_SEED = base64.b64encode(_ED.private_bytes_raw()).decode()
ED_SEED_AND_PUBLIC = base64.b64encode(_ED.private_bytes_raw() + _ED.public_key().public_bytes_raw()).decode()

SPELLINGS = {
    "with real newlines": EC_PEM,
    "on one line with escapes": EC_PEM.replace("\n", "\\n"),
    "with doubled escapes": EC_PEM.replace("\n", "\\\\n"),
    "with Windows line ends": EC_PEM.replace("\n", "\r\n"),
    "with escaped Windows line ends": EC_PEM.replace("\n", "\\r\\n"),
    "with blanks for newlines": EC_PEM.replace("\n", " "),
    "with its newlines lost": EC_PEM.replace("\n", ""),
    "with every blank lost": "".join(EC_PEM.split()),
    "with the letter n for newlines": EC_PEM.replace("\n", "n"),
    "with the letters rn for newlines": EC_PEM.replace("\n", "rn"),
    "with the letter n for newlines, but none at its end": EC_PEM.strip().replace("\n", "n"),
    "with the letter n for newlines and blanks lost": "".join(EC_PEM.replace("\n", "n").split()),
    "with a backslash for newlines": EC_PEM.replace("\n", "\\ "),
    "with quotes around each line": "\n".join(f'"{line}"' for line in EC_PEM.splitlines()),
    "on one line with escapes in doubled quotes": "'" + '"' + EC_PEM.replace("\n", "\\n") + '"' + "'",
    "in double quotes": f'"{EC_PEM}"',
    "in single quotes with blanks": f"  ' {EC_PEM} '\n",
    "with a lone backslash at its end": EC_PEM.strip() + "\\",
    "as a key file": json.dumps({"name": NAME, "privateKey": EC_PEM}),
    "as a quoted key file with an id": "'" + json.dumps({"id": NAME, "privateKey": EC_PEM}) + "'",
}


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS.keys())
def test_every_spelling_of_a_pem_becomes_the_same_key(spelling: str) -> None:
    assert normalise_secret(spelling) == EC_PEM


@pytest.mark.parametrize("kind", [EC_PEM, EC_PKCS8, ED_PEM], ids=["EC", "EC in PKCS8", "Ed25519"])
@pytest.mark.parametrize("lost_to", [" ", "", "n", "rn", "\\n", "\\\\n"], ids=repr)
def test_line_breaks_lost_in_any_usual_way_are_put_back(kind: str, lost_to: str) -> None:
    assert normalise_secret(kind.replace("\n", lost_to)) == kind


def test_a_key_with_the_letter_n_in_every_place_is_still_read() -> None:
    for _ in range(20):
        pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(
            Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()
        )
        assert normalise_secret(pem.decode().replace("\n", "n")) == pem.decode()


@pytest.mark.parametrize(
    "secret",
    [EC_PEM, EC_PKCS8, ED_PEM, ED_SEED, ED_SEED_AND_PUBLIC],
    ids=["EC", "EC in PKCS8", "Ed25519", "Ed25519 seed", "Ed25519 seed and public key"],
)
def test_the_normalised_secret_is_one_the_client_library_signs_with(secret: str) -> None:
    taken = normalise_secret(secret).encode().decode("unicode_escape")

    assert jwt_generator.build_rest_jwt("GET localhost/time", NAME, taken).count(".") == 2


def _without_one(pem: str) -> str:
    return pem[:60] + pem[61:]


def _changed(pem: str) -> str:
    """Still a key, but not the one that its public part belongs to."""
    at = pem.index("\n") + 20
    return pem[:at] + ("A" if pem[at] != "A" else "B") + pem[at + 1 :]


def _broken() -> dict[str, tuple[str, str]]:
    rsa_pem = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    p384 = ec.generate_private_key(ec.SECP384R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = _EC.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    locked = _EC.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"word"))
    body = EC_PEM.splitlines()
    return {
        "empty": ('" "', "empty"),
        "a public key": (public.decode(), "public key"),
        "an RSA key": (rsa_pem.decode(), "another kind"),
        "another curve": (p384.decode(), "another kind"),
        "locked": (locked.decode(), "password"),
        "a certificate": ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "certificate"),
        "cut off": ("\n".join(body[:-1]), "cut off"),
        "only its first line": (body[0], "cut off"),
        "with a line missing": ("\n".join([body[0], *body[2:]]), "damaged"),
        "with its line breaks and a letter lost": (_without_one(EC_PEM.replace("\n", "")), "line breaks were lost"),
        "with n for line breaks and a letter lost": (_without_one(EC_PEM.replace("\n", "n")), "line breaks were lost"),
        "with another letter in its private part": (_changed(EC_PEM), "damaged"),
        "not ASCII": (EC_PEM.replace("M", "М", 1), "characters"),
        "another exchange's secret": (base64.b64encode(bytes(range(64))).decode(), "neither a PEM nor base64"),
        "a legacy secret": ("AbCdEfGhIjKlMnOpQrStUvWxYz012345", "neither a PEM nor base64"),
        "some other JSON": ('{"name": "x"}', "privateKey"),
        "broken JSON": ('{"name"', "privateKey"),
    }


BROKEN = _broken()


@pytest.mark.parametrize(("secret", "said"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_secret_is_refused_with_its_fault_and_none_of_its_text(secret: str, said: str) -> None:
    with pytest.raises(InvalidKey) as caught:
        normalise_secret(secret)

    assert said in str(caught.value)
    assert caught.value.__cause__ is None
    parts = [part for part in secret.split() if len(part) > 12 and "-----" not in part]
    assert not any(part[:12] in str(caught.value) for part in parts)


@pytest.mark.parametrize("name", [NAME, "0f0e0d0c-0000-4000-8000-000000000002"])
def test_a_key_name_may_be_the_whole_path_or_the_bare_id(name: str) -> None:
    check_key_name(name)


@pytest.mark.parametrize(
    "name",
    ["", "my key", f" {NAME}", "K" * 56, EC_PEM, NAME.replace("apiKeys", "keys")],
    ids=["empty", "words", "blank in front", "a Kraken key", "a private key", "another path"],
)
def test_any_other_key_name_is_refused_without_being_shown(name: str) -> None:
    with pytest.raises(InvalidKey, match=r"organizations/…/apiKeys/…") as caught:
        check_key_name(name)

    assert not name or name not in str(caught.value)
