"""``corekit.toml``: what it may say, and what is said about what it may not."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from corekit.declares import Unit
from corekit.errors import SettingsError
from corekit.settings import AttributeSpec, JobSettings, Settings, Source

WHOLE = """
[corekit]
database = "postgresql://shop:${PASSWORD}@db/shop"
plugins = ["points", "laurels"]
time_zone = "America/New_York"
currency = "JPY"
currency_scale = 0
development = true
secret = "${SECRET}"

[corekit.sources.till]
historical = true

[corekit.profile.shoe_size]
type = "integer"
min = 30
max = 50

[corekit.profile.colour]
type = "choice"
choices = ["red", "blue"]
required = true

[corekit.jobs.expiry]
schedule = "0 4 * * *"
most_members = 10
most_value = 20
least = 30

[plugins.points]
greeting = "welcome to ${SHOP}"
"""
ENV = {"PASSWORD": "p", "SECRET": "s3cret", "SHOP": "Shoes"}


def refusal(text: str, tmp_path: Path, env: dict[str, str] | None = None) -> str:
    file = tmp_path / "corekit.toml"
    file.write_text(text)
    with pytest.raises(SettingsError) as caught:
        Settings.load(file, env or {})
    return str(caught.value).removeprefix(f"{file}: ")


def test_everything_it_can_say(tmp_path: Path) -> None:
    file = tmp_path / "corekit.toml"
    file.write_text(WHOLE)
    settings = Settings.load(file, ENV)
    assert settings == Settings(
        database="postgresql://shop:p@db/shop",
        plugins=("points", "laurels"),
        time_zone=ZoneInfo("America/New_York"),
        currency=Unit("JPY", 0, "money"),
        development=True,
        secret="s3cret",
        sources={"till": Source(historical=True)},
        profile={
            "shoe_size": AttributeSpec(type="integer", min=30, max=50),
            "colour": AttributeSpec(type="choice", choices=("red", "blue"), required=True),
        },
        jobs={"expiry": JobSettings(schedule="0 4 * * *", most_members=10, most_value=20, least=30)},
        sections={"points": {"greeting": "welcome to Shoes"}},
    )


def test_it_may_say_nothing() -> None:
    settings = Settings.of()
    assert settings.plugins == ()
    assert settings.time_zone == ZoneInfo("UTC")
    assert settings.currency == Unit("USD", 2, "money")
    assert not settings.development
    assert settings.secret is None


def test_the_secret_is_not_shown() -> None:
    assert "s3cret" not in repr(Settings.of(secret="s3cret"))


def test_the_secret_may_be_unset_until_it_is_needed(tmp_path: Path) -> None:
    file = tmp_path / "corekit.toml"
    file.write_text('[corekit]\nsecret = "${SECRET}"')
    assert Settings.load(file, {}).secret is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "corekit: Missing data for required field"),
        ("[corekit]\ndatabse = ''", "corekit.databse: There is no such field: did you mean 'database'?"),
        ("[corekti]", "corekti: There is no such field: did you mean 'corekit'?"),
        (
            "[corekit]\nplugins = ['points', 'points']",
            "corekit.plugins: 'points' is listed twice; name each plugin once",
        ),
        ("[corekit]\nplugins = ['Points']", "corekit.plugins.0: Use lower case letters, digits and underscores"),
        ("[corekit]\ntime_zone = 'Mars/Base'", "corekit.time_zone: 'Mars/Base' is no time zone; write for example"),
        ("[corekit]\ntime_zone = 3", "corekit.time_zone: 3 is no time zone"),
        ("[corekit]\ncurrency = 'dollar'", "corekit.currency: Write a code like USD"),
        ("[corekit]\ncurrency_scale = 9", "corekit.currency_scale: Must be greater than or equal to 0 and less"),
        ("[corekit]\ndevelopment = 'yes'", "corekit.development: Not a valid boolean"),
        (
            "[corekit.sources.till]\nhistoric = true",
            "corekit.sources.till.historic: There is no such field: did you mean",
        ),
        ("[corekit.profile.size]\ntype = 'shoe'", "corekit.profile.size.type: Must be one of: string, integer"),
        ("[corekit.profile.size]\ntype = 'choice'", "corekit.profile.size.choices: A choice needs choices"),
        ("[corekit.profile.size]\ntype = 'date'\nmin = 3", "corekit.profile.size.min: Only numbers have it"),
        (
            "[corekit.profile.size]\ntype = 'date'\nmax_length = 3",
            "corekit.profile.size.max_length: Only strings have it",
        ),
        ("[corekit]\ndatabase = '${DB}'", "corekit.database needs the environment variable DB; set it"),
        (
            "[corekit]\n[plugins.points]\nlist = ['${A}']",
            "plugins.points.list.0 needs the environment variable A; set it",
        ),
        ("[corekit", "cannot be read: "),
    ],
)
def test_what_is_wrong_is_said_with_its_path(text: str, said: str, tmp_path: Path) -> None:
    assert said in refusal(text, tmp_path)


def test_everything_wrong_is_said_at_once(tmp_path: Path) -> None:
    said = refusal("[corekit]\ncurrency = 'x'\ncurrency_scale = 7\nplugin = []", tmp_path)
    assert all(path in said for path in ("corekit.currency:", "corekit.currency_scale:", "corekit.plugin:"))


def test_there_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"there is no settings file .*; write one, or name another with --config"):
        Settings.load(tmp_path / "nothing.toml")


@pytest.mark.parametrize("keys", [{"plugins": ["points"]}, {"development": True}])
def test_tests_make_settings_of_keywords(keys: dict[str, Any]) -> None:
    assert Settings.of(**keys) != Settings.of()
