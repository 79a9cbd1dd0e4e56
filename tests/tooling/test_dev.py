from __future__ import annotations

import os
import platform
import secrets
from pathlib import Path

import pytest

import dev


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep out of the environment that runs the tests."""
    monkeypatch.setattr(dev, "VENV", tmp_path)
    monkeypatch.setattr(dev, "BIN", tmp_path / "bin")


def test_a_product_is_stamped_until_a_source_changes(tmp_path: Path) -> None:
    source, product = tmp_path / "source", tmp_path / "made/product"
    product.parent.mkdir()
    source.write_text("one")
    assert not dev.stamped(product, [source])
    product.touch()
    dev.stamp(product, [source])
    assert dev.stamped(product, [source])
    source.write_text("two")
    assert not dev.stamped(product, [source])


def test_a_product_that_is_gone_is_made_again(tmp_path: Path) -> None:
    product = tmp_path / "made/product"
    dev.stamp(product, [])
    assert not dev.stamped(product, [])


@pytest.mark.parametrize(
    ("version", "place", "usable"),
    [
        pytest.param(platform.python_version(), "", True, id="made here by this Python"),
        pytest.param("3.10.1", "", False, id="made by another Python"),
        pytest.param(platform.python_version(), "elsewhere", False, id="moved here"),
    ],
)
def test_an_environment_of_another_python_or_place_is_made_again(
    tmp_path: Path, version: str, place: str, *, usable: bool
) -> None:
    assert not dev.usable()
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/uv").touch()
    (tmp_path / "bin/activate").write_text(f"VIRTUAL_ENV={place or tmp_path}\n")
    (tmp_path / "pyvenv.cfg").write_text(f"version = {version}\n")
    assert dev.usable() is usable


def test_every_distribution_decides_what_the_environment_is() -> None:
    sources = {path.relative_to(dev.ROOT).as_posix() for path in dev.environment_sources()}
    assert {"corekit/pyproject.toml", "plugins/points/pyproject.toml", "requirements/dev.txt"} <= sources


def test_a_distribution_knows_its_name() -> None:
    assert [dev.distribution_name(path) for path in ("corekit", "plugins/points")] == [
        "corekit",
        "corekit-points",
    ]


@pytest.mark.parametrize("arguments", [[], ["help"], ["deploy"]])
def test_an_unknown_command_names_the_known_ones(arguments: list[str]) -> None:
    with pytest.raises(SystemExit, match="one of: env, demo, frontend, test, fuzz, clients, check"):
        dev.main(arguments)


def test_a_python_that_is_too_old_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dev, "OLDEST", (99, 0))
    with pytest.raises(SystemExit, match=r"needs Python 99\.0 or later"):
        dev.main(["test"])


def test_a_command_that_fails_ends_with_its_code() -> None:
    with pytest.raises(SystemExit) as done:
        dev.run("sh", "-c", "exit 7")
    assert done.value.code == 7


@pytest.mark.parametrize(("given", "played"), [("7", "7"), (None, "3")])
def test_what_is_fuzzed_is_told_and_can_be_played_again(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], given: str | None, played: str
) -> None:
    monkeypatch.delenv("COREKIT_FUZZ", raising=False)
    if given is not None:
        monkeypatch.setenv("COREKIT_FUZZ", given)

    def three(_: int) -> int:
        return 3

    monkeypatch.setattr(dev, "env", three)
    monkeypatch.setattr(dev, "PYTHON", "echo")
    monkeypatch.setattr(secrets, "randbelow", three)
    dev.main(["fuzz", "-k", "hot"])
    said = capfd.readouterr()
    models = "corekit/tests/model", "plugins/stored_value/tests/test_model.py"
    more = "schema/tests/test_differential.py", "plugins/stored_value/tests/test_close_of_many.py"
    played_on = said.out.split()
    assert {*models, *more} <= {*played_on}
    assert played_on[-2:] == ["-k", "hot"]
    assert said.err == f"COREKIT_FUZZ={played} make fuzz\n"
    assert os.environ["COREKIT_FUZZ"] == played
    monkeypatch.delenv("COREKIT_FUZZ")


def test_every_command_of_the_makefile_is_one_of_dev() -> None:
    lines = (dev.ROOT / "Makefile").read_text().splitlines()
    called = {line.split("dev.py ")[1].split()[0] for line in lines if "dev.py " in line and "$(PYTHON)" in line}
    assert called <= dev.COMMANDS.keys()
    assert {
        *("env", "demo", "frontend", "test", "fuzz", "clients", "check"),
        *("bench", "docs", "requirements", "clean"),
    } == called
