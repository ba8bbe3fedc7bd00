"""What the documents name is there: targets, paths, suites, tests, images, libraries and their licences."""

import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

import pytest
import yaml

from stack.paths import ROOT

DOCUMENTS = [
    file
    for folder in (".", "docs", "docs/decisions", "docs/runbooks", "images")
    for file in sorted((ROOT / folder).glob("*.md"))
]
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text()
THIRD_PARTY = (ROOT / "THIRD-PARTY.md").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()
TARGETS = set(re.findall(r"^([a-z0-9-]+):", MAKEFILE, re.MULTILINE))
SUITES = {folder.name for folder in (ROOT / "tests").iterdir() if any(folder.glob("**/test_*.py"))}
# Written by `make up` or by the tools, and never committed.
MADE_HERE = (".env", ".venv", ".build", "backups/", "docker-compose.override.yml")
PATH = re.compile(r"[\w.-]+(/[\w.-]+)*(/|\.(py|md|ya?ml|json|toml|lock|env|ini))|[\w-]+(/[\w.-]+)+|Makefile|LICENSE")


def code(document: Path) -> list[str]:
    """Every command or name that is set as code: a line of a block, or a span."""
    text = document.read_text()
    blocks = re.findall(r"```\w*\n(.*?)```", text, re.DOTALL)
    spans = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    return [line for block in blocks for line in block.splitlines()] + spans


def table_after(heading: str, text: str) -> list[list[str]]:
    """The cells of the first table below a heading, without its head."""
    section = text.split(f"\n{heading}\n", 1)[1].split("\n## ", 1)[0]
    rows = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[2:]]


def collected(*arguments: str) -> subprocess.CompletedProcess[str]:
    """What pytest would run; it fails when that is nothing."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def pinned(lock: Path) -> set[str]:
    """The distributions that a lock file names."""
    return set(re.findall(r"^([a-z0-9-]+)==", lock.read_text(), re.MULTILINE))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_target_exists(document: Path) -> None:
    named = {target for text in code(document) for target in re.findall(r"\bmake ([a-z][a-z0-9-]*)", text)}

    assert named <= TARGETS


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_path_exists(document: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text())
    spans = [text for text in code(document) if PATH.fullmatch(text) and not text.startswith(MADE_HERE)]
    folders = {path.name for path in ROOT.iterdir()}
    named = [text for text in spans if "/" not in text or text.split("/")[0] in folders]
    named = [text for text in named if text not in images()]

    missing = {text for text in named if not (ROOT / text).exists() and not (document.parent / text).exists()}
    missing |= {link for link in links if not (document.parent / link).exists()}

    assert not missing


def test_the_table_of_suites_is_complete() -> None:
    named = [row[0].strip("`") for row in table_after("## Which suites there are", CONTRIBUTING)]

    assert sorted(named) == sorted(SUITES)


def test_every_single_test_that_is_named_can_be_collected() -> None:
    commands = [text for text in code(ROOT / "CONTRIBUTING.md") if text.startswith(".venv/bin/pytest ")]

    assert commands
    for command in commands:
        answer = collected(*command.split()[1:])
        assert answer.returncode == 0, command + answer.stdout + answer.stderr


def test_every_choice_of_a_suite_finds_tests() -> None:
    choices = re.findall(r"make test SUITE=(\w+) ARGS='-k (\w+)'", CONTRIBUTING)

    assert choices
    for suite, word in choices:
        answer = collected(f"tests/{suite}", "-k", word)
        assert answer.returncode == 0, suite + word + answer.stdout + answer.stderr


def test_every_image_of_the_compose_files_is_named() -> None:
    named = {row[1].strip("`") for row in table_after("## Programs in containers", THIRD_PARTY)}

    assert named == images()


def images() -> set[str]:
    """The images that come from elsewhere, of all Compose files, without their tags."""
    files = "\n".join(file.read_text() for file in ROOT.glob("docker-compose*.yml"))
    named = re.findall(r"(?:image|PYTHON_IMAGE): \"?([\w./-]+):", files)
    return {image for image in named if not image.startswith("integr8scode/")}


def test_every_library_is_named_in_its_set() -> None:
    application = pinned(ROOT / "requirements.lock")
    others = {name for lock in ROOT.glob("requirements-*.lock") for name in pinned(lock)} - application

    assert libraries("## Libraries of the application").keys() == application
    assert libraries("## Libraries of the tools, the tests and the benchmarks").keys() == others


@pytest.mark.parametrize(
    "heading", ["## Libraries of the application", "## Libraries of the tools, the tests and the benchmarks"]
)
def test_every_licence_is_the_one_that_the_library_states(heading: str) -> None:
    stated = {name: expression for name in libraries(heading) if (expression := licence_expression(name))}

    assert stated
    assert {name: licence for name, licence in libraries(heading).items() if name in stated} == stated


def libraries(heading: str) -> dict[str, str]:
    """Each library's licence, as THIRD-PARTY.md has it."""
    return {name: licence for licence, names in table_after(heading, THIRD_PARTY) for name in names.split(", ")}


def licence_expression(name: str) -> str | None:
    """The SPDX expression of an installed distribution, where it has one."""
    try:
        stated = metadata(name).get_all("License-Expression", [])
    except PackageNotFoundError:
        return None
    return str(stated[0]) if stated else None


def test_the_hooks_are_those_of_make_lint() -> None:
    recipe = re.search(r"^lint:.*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)
    assert recipe
    linted = re.findall(r"^\t@?\$\(BIN\)/(.+)$", recipe[1], re.MULTILINE)
    repositories = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]

    hooks = [hook["entry"] for repository in repositories for hook in repository["hooks"]]

    assert hooks == [f".venv/bin/{command}" for command in linted]
