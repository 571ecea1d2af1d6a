"""The examples in README.md and the guide, run as they stand against a broker."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ottla import Admin
from ottla.client.config.settings import AdminSettings, settings_from
from ottla.testing import BrokerProcess

REPOSITORY = Path(__file__).resolve().parents[2]
PACKAGE = REPOSITORY / "src" / "ottla"
README = (REPOSITORY / "README.md").read_text()
ADMIN_GUIDE = (REPOSITORY / "docs" / "guide" / "admin.md").read_text()
GUIDE = (REPOSITORY / "docs" / "guide" / "first-steps.md").read_text()


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def block(text: str, language: str, words: str) -> str:
    [found] = [each for each in blocks(text, language) if words in each]
    return found


def run(command: list[str], broker: BrokerProcess) -> str:
    """What a block prints, run where `ottla` is on the path, with the broker in place of the default one."""
    *head, code = command
    done = subprocess.run(
        [*head, code.replace("127.0.0.1:9092", broker.bootstrap_servers)],
        env={
            "OTTLA_BOOTSTRAP_SERVERS": broker.bootstrap_servers,
            "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_readmes_order_arrives() -> None:
    code = block(README, "python", "async for record in consumer:")
    assert len(code.splitlines()) <= 25
    with BrokerProcess() as broker:
        assert run([sys.executable, "-c", code], broker) == "alice tea 2\n"


@pytest.mark.parametrize("tool", ["kcat", "ottla"])
def test_each_tool_of_the_readme_reads_its_greeting(tool: str) -> None:
    if shutil.which(tool) is None and tool == "kcat":
        pytest.skip("kcat is not here")
    with BrokerProcess() as broker:
        code = block(README, "sh", "kcat -P" if tool == "kcat" else "ottla produce")
        assert "hello\n" in run(["bash", "-euc", code], broker)


def test_the_readmes_figures_are_the_benchmarks() -> None:
    figures = (REPOSITORY / "docs" / "reference" / "benchmarks.md").read_text()
    tables = README.partition("| Measured")[2].partition("\n\nBoth from")[0]
    cells = [cell for row in tables.splitlines() for cell in row.split("|")[2:] if cell.strip()[:1].isdigit()]
    assert len(cells) == 22
    measured = [figure for cell in cells for figure in re.findall(r"[\d.][\d.,]*\d", cell)]
    assert [figure for figure in measured if f"| {figure} " not in figures] == []


def test_the_guides_commands_about_topics_messages_and_copies() -> None:
    with BrokerProcess() as broker:
        run(["bash", "-euc", block(GUIDE, "sh", "ottla topics create")], broker)
        sending = block(GUIDE, "sh", "echo 'hello' | ottla produce").replace("< picture.png", "< /bin/sh")
        assert run(["bash", "-euc", sending], broker).startswith("orders ")
        reading = re.sub(
            r"^.*(--follow|\| jq).*\n", "", block(GUIDE, "sh", "ottla consume orders -f"), flags=re.MULTILINE
        )
        assert "alice = tea" in run(["bash", "-euc", reading], broker)
        run(["bash", "-euc", block(GUIDE, "sh", "orders-copy")], broker)
        both = [
            run(["bash", "-euc", f"ottla consume {topic} -K ="], broker)
            for topic in ("orders", "orders-copy")
        ]
        assert sorted(both[0].splitlines()) == sorted(both[1].splitlines())


def test_the_guides_python_saves_and_reads() -> None:
    code = block(GUIDE, "python", "async for record in consumer:")
    code = code.replace("record.value)\n", "record.value)\n            break\n")
    with BrokerProcess() as broker:
        printed = run([sys.executable, "-c", code], broker)
    assert printed == "saved in partition 0 at offset 0\n0 0 b'alice' b'tea'\n"


def test_the_guide_to_administering_runs() -> None:
    with BrokerProcess() as broker:
        printed = run([sys.executable, "-c", block(ADMIN_GUIDE, "python", "create_topics(")], broker)
    assert printed.splitlines() == [
        "orders: 3 partitions",
        "no spaces: INVALID_TOPIC_EXCEPTION",
        "3600000 TOPIC",
        "{TopicPartition(topic='orders', partition=0): OffsetAndMetadata(offset=0, leader_epoch=-1, metadata='')}",
        "0",
    ]


def test_the_options_of_the_guide_to_administering_are_options() -> None:
    told: dict[str, dict[str, str]] = {}
    exec(block(ADMIN_GUIDE, "python", "security_protocol"), told)
    assert settings_from(AdminSettings, told["options"]).sasl_mechanism == "SCRAM-SHA-512"


def test_the_guide_to_administering_names_every_call() -> None:
    calls = {name for name in dir(Admin) if not name.startswith("_")}
    calls -= {"close", "from_config", "now_ms"}
    assert {name for name in re.findall(r"`(\w+)`", ADMIN_GUIDE) if hasattr(Admin, name)} >= calls


@pytest.mark.parametrize("page", ["ARCHITECTURE.md", "CONTRIBUTING.md", "GLOSSARY.md"])
def test_what_pages_name_of_the_code_is_there(page: str) -> None:
    text = (REPOSITORY / page).read_text()
    floors = {path.name for path in PACKAGE.iterdir() if path.is_dir()}
    names = [each for each in re.findall(r"`(\w+(?:[./]\w+)+)`", text) if re.match(r"\w+", each)[0] in floors]
    assert len(names) > 5
    assert [
        name
        for name in names
        if not is_there(re.split("[./]", name.removesuffix(".py").removesuffix(".pyx")))
    ] == []


def is_there(words: list[str]) -> bool:
    """Rooms, then a module, then what stands in it; or what a room's own `__init__` has."""
    place = PACKAGE
    for position, word in enumerate(words):
        if (place / word).is_dir():
            place /= word
            continue
        module = next((each for each in place.glob(f"{word}.py*") if each.suffix in (".py", ".pyx")), None)
        if module is not None:
            return all(inner in module.read_text() for inner in words[position + 1 :])
        return word in (place / "__init__.py").read_text()
    return True


def test_links_between_pages_lead_somewhere() -> None:
    pages = [*REPOSITORY.glob("*.md"), *REPOSITORY.glob("docs/**/*.md")]
    missing = [
        f"{page.relative_to(REPOSITORY)}: {link}"
        for page in pages
        for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text())
        if not (page.parent / link).exists()
    ]
    assert missing == []
