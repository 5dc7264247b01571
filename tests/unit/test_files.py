"""Site, payer and app files are refused with file, line and rule, and never half taken."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from joserfc.jwk import ECKey

import smart_app
from smart_app.config import load_app
from smart_app.errors import ConfigError
from smart_app.payers.registry import Payers
from smart_app.sites import Sites, load_site

ROOT = Path(smart_app.__file__).resolve().parents[1]
SITE = (
    (ROOT / "launch/registrations/sandbox.toml").read_text().replace("{ehr}", "https://a.example")
)
PAYER = (ROOT / "sandbox/config/payer-az.toml").read_text().replace("{payer}", "https://p.example")
REAL_SITE = SITE.replace("stand_in = true", "stand_in = false")
REAL_PAYER = PAYER.replace("stand_in = true", "stand_in = false")
APP = 'database_url = "sqlite://"\nkey_file = "key"\nsites = "s"\npayers = "p"\n'


def written(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.toml").write_text(text)
    return folder


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


def sites(folder: Path, *, production: bool = False) -> Sites:
    return Sites.of_folder(folder, production=production, hospital_pos=("19", "22"))


def told(folder: Path, what: str = "sites", *, production: bool = False) -> str:
    with pytest.raises(ConfigError) as refused:
        if what == "sites":
            sites(folder, production=production)
        else:
            Payers.of_folder(folder, production=production)
    return refused.value.detail


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("idle_minutes = 30", 'idle_minutes = "30"', "idle_minutes is a whole number"),
        ("idle_minutes = 30", "idle_minutes = 0", "at least a minute"),
        ("idle_minutes = 30", "idel_minutes = 30", "unknown key 'idel_minutes'"),
        ('signers = "orderer"', 'signers = "anybody"', "signers is one of orderer, any_pract"),
        ('late_write = "offline_access"', 'late_write = "never"', "late_write is one of"),
        ('time_zone = "America/Phoenix"', 'time_zone = "Phoenix"', "IANA time zones"),
        ('npi = "1999999042"', 'npi = "1999999043"', "the NPI's check digit is wrong"),
        ('"1999999018" = "Z10001"', '"Z10001" = "1999999018"', "practitioner_ptans is NPI = PTAN"),
        ('issuers = ["https://a.example/fhir"]', 'issuers = "https://a"', "issuers is a list"),
        ('issuers = ["https://a.example/fhir"]', "issuers = []", "a site has an issuer"),
        ('write_ladder = ["Doc', 'write_ladder = ["Task", "Doc', "write_ladder is one of"),
        ('id = "preclear-sandbox"', 'id = "x"\nsecret = "hush"', "must be an env: or file: ref"),
        ('id = "preclear-sandbox"', 'id = "x"\nauth = "private_key_jwt"', "key 'key' is missing"),
    ],
)
def test_what_a_site_file_may_not_hold_is_named(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    assert old in SITE
    text = told(written(tmp_path, clinic=SITE.replace(old, new, 1)))
    assert text.startswith("clinic.toml:")
    line = int(text.split(":")[1])
    assert line_of(SITE, old) - 1 <= line <= line_of(SITE, old) + 1
    assert said in text
    assert "hush" not in text


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('recovery = "inquire"', 'recovery = "again"', "recovery is one of idempotent_resend"),
        ("read_seconds = 30", 'read_seconds = "30"', "read_seconds is a number"),
        ("read_seconds = 30", "read_seconds = -1", "read_seconds is a number of at least 0"),
        ("read_seconds = 30", "read_seconds = 0", "a wait is longer than nothing"),
        ('version = "2.2.1"', 'version = "2.2"', "version is one of 2.0.1, 2.1.0, 2.2.1"),
        ('state = "AZ"', 'state = "Arizona"', "state is two capital letters"),
        ('name = "Zyter"', 'nam = "Zyter"', "unknown key 'nam'"),
        ("stand_in = true", 'stand_in = "no"', "stand_in is true or false"),
    ],
)
def test_what_a_payer_file_may_not_hold_is_named(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    text = told(written(tmp_path, az=PAYER.replace(old, new, 1)), "payers")
    assert text.startswith(f"az.toml:{line_of(PAYER, old)}: ")
    assert said in text


@pytest.mark.parametrize(
    "url",
    [
        "http://ehr.example/fhir",
        "ftp://ehr.example/fhir",
        "http://127.0.0.1.ehr.example/fhir",
        "https://user:secret@ehr.example/fhir",
        "https://ehr.example/fhir?x=1",
        "https://ehr.example/fhir ",
        "https:///fhir",
        "https://ehr.example:port/fhir",
    ],
)
def test_an_ehr_or_payer_is_spoken_to_by_https_alone(tmp_path: Path, url: str) -> None:
    site = SITE.replace("https://a.example/fhir", url)
    assert "issuers is an https address" in told(written(tmp_path, clinic=site))
    for part in ("pas/2.2.1", "crd", "dtr"):
        payer = PAYER.replace(f"https://p.example/{part}", url)
        assert "base is an https address" in told(written(tmp_path, az=payer), "payers")


@pytest.mark.parametrize("host", ["127.0.0.1:9000", "localhost:9000", "[::1]:9000"])
def test_this_machine_may_be_spoken_to_in_the_clear_outside_production(
    tmp_path: Path, host: str
) -> None:
    written(tmp_path, clinic=REAL_SITE.replace("https://a.example", f"http://{host}"))
    assert sites(tmp_path).of_id("sandbox").registration.issuers == (f"http://{host}/fhir",)
    assert "issuers is an https address" in told(tmp_path, production=True)
    written(tmp_path, clinic=REAL_PAYER.replace("https://p.example", f"http://{host}"))
    assert Payers.of_folder(tmp_path, production=False).of_route("wiser", "AZ")
    assert "base is an https address" in told(tmp_path, "payers", production=True)


def test_a_stand_in_may_have_issuers_that_vary(tmp_path: Path) -> None:
    prefix = 'issuer_prefix = "https://ehr.example/sim/"'
    written(tmp_path, clinic=SITE.replace('issuers = ["https://a.example/fhir"]', prefix))
    found = sites(tmp_path).registrations
    for sound in ("https://ehr.example/sim/WzAs_-/fhir", "https://ehr.example/sim/x"):
        registered = found.of_issuer(sound)
        assert registered and registered.site == "sandbox"
    for foreign in (
        "https://ehr.example/sim/",
        "https://ehr.example/simulated",
        "https://ehr.example/sim/../fhir",
        "https://ehr.example/sim/x//y",
        "https://ehr.example/sim/x?y",
        "https://ehr.example/sim/x@evil.example",
        "https://evil.example/?https://ehr.example/sim/x",
        "",
    ):
        assert found.of_issuer(foreign) is None
    real = REAL_SITE.replace("stand_in = false", f"stand_in = false\n{prefix}")
    assert "for a stand-in alone" in told(written(tmp_path, clinic=real))
    open_end = SITE.replace("stand_in = true", f"stand_in = true\n{prefix.replace('sim/', 'sim')}")
    assert "a prefix ends with /" in told(written(tmp_path, clinic=open_end))


def test_stand_ins_are_refused_in_production(tmp_path: Path) -> None:
    written(tmp_path, clinic=SITE)
    assert "site sandbox is a stand-in" in told(tmp_path, production=True)
    written(tmp_path, clinic=REAL_SITE)
    assert sites(tmp_path, production=True).of_id("sandbox")
    written(tmp_path, clinic=PAYER)
    assert "payer wiser-az is a stand-in" in told(tmp_path, "payers", production=True)
    written(tmp_path, clinic=REAL_PAYER)
    assert Payers.of_folder(tmp_path, production=True).find("wiser-az")


def test_no_site_and_no_issuer_stands_in_two_files(tmp_path: Path) -> None:
    written(tmp_path, one=SITE, two=SITE.replace("https://a.example", "https://b.example"))
    assert told(tmp_path).startswith("two.toml:2: site sandbox stands already in one.toml")
    written(tmp_path, two=SITE.replace('site = "sandbox"', 'site = "other"'))
    text = told(tmp_path)
    assert text.startswith("two.toml:4: ")
    assert "issuer https://a.example/fhir stands already in one.toml" in text


def test_no_payer_and_no_route_stands_in_two_files(tmp_path: Path) -> None:
    written(tmp_path, one=PAYER, two=PAYER.replace('"AZ"', '"NJ"'))
    text = told(tmp_path, "payers")
    assert text.startswith("two.toml:2: payer wiser-az stands already in one.toml")
    written(tmp_path, two=PAYER.replace('id = "wiser-az"', 'id = "other"'))
    text = told(tmp_path, "payers")
    assert text.startswith("two.toml:7: ")
    assert "route wiser AZ stands already in one.toml" in text


def test_a_folder_without_a_site_and_no_folder_are_told(tmp_path: Path) -> None:
    assert "holds no file" in told(tmp_path)
    assert "is no folder" in told(tmp_path / "nowhere")
    assert "is no folder" in told(tmp_path / "nowhere", "payers")
    assert Payers.of_folder(tmp_path, production=True).of_route("wiser", "AZ") is None


def key(kid: str) -> str:
    return json.dumps(ECKey.generate_key("P-384", {"kid": kid}).as_dict(private=True))


def test_two_keys_of_one_name_are_refused(tmp_path: Path) -> None:
    for name, text in (("a", key("k1")), ("b", key("k1")), ("c", key("k2"))):
        (tmp_path / name).write_text(text)
    client = 'id = "preclear-sandbox"\nauth = "private_key_jwt"\nkey = "file:a"'
    first = SITE.replace('id = "preclear-sandbox"', client)
    other = first.replace("https://a.", "https://b.").replace('site = "sandbox"', 'site = "other"')
    written(tmp_path, one=first, two=other)
    assert sites(tmp_path).of_id("other")  # one key for two sites is sound
    written(tmp_path, two=other.replace("file:a", "file:b"))
    assert "kid k1 is the kid of another site's key" in told(tmp_path)
    written(tmp_path, two=other.replace("file:a", "file:c"))
    assert sites(tmp_path).of_id("other")


def test_a_secret_that_is_not_there_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = 'id = "preclear-sandbox"\nauth = "client_secret_basic"\nsecret = "{}"'
    text = SITE.replace('id = "preclear-sandbox"', client.format("file:nowhere"))
    said = told(written(tmp_path, clinic=text))
    assert said == "clinic.toml: client.secret: file nowhere cannot be read, FileNotFoundError"
    text = SITE.replace('id = "preclear-sandbox"', client.format("env:NOT_SET_AT_ALL"))
    assert "NOT_SET_AT_ALL is not set" in told(written(tmp_path, clinic=text))
    monkeypatch.setenv("NOT_SET_AT_ALL", "hush")
    found = load_site(tmp_path / "clinic.toml", ("19", "22"))
    assert found.registration.credentials.secret == "hush"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ('public_url = "http://preclear.example"', "app.toml:5: address"),
        ('public_url = "https://preclear.example"\nport = "80"', "app.toml:6: port is of another"),
        ('public_url = "https://preclear.example"\nprt = 80', "app.toml:6: unknown key 'prt'"),
        ("", "app.toml:1: key 'public_url' is missing"),
    ],
)
def test_the_apps_file_is_checked(tmp_path: Path, more: str, said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        load_app(written(tmp_path, app=APP + more) / "app.toml")
    assert refused.value.detail.startswith(said)


def test_a_public_url_in_the_clear_is_for_trials_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path, app=APP + 'public_url = "http://localhost:8000"')
    monkeypatch.delenv("PRECLEAR_ENV", raising=False)
    assert load_app(tmp_path / "app.toml").public_url == "http://localhost:8000"
    monkeypatch.setenv("PRECLEAR_ENV", "production")
    with pytest.raises(ConfigError):
        load_app(tmp_path / "app.toml")
