"""What the command line says about itself, and about what is written wrongly."""

import subprocess
import sys

import pytest

import ottla
from ottla.cli.main import COMMANDS, main


def run(*words: str) -> int:
    """The status, as the shell sees it."""
    try:
        return main(words)
    except SystemExit as ended:
        return int(ended.code or 0)


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--version") == 0
    assert capsys.readouterr().out == f"ottla {ottla.__version__}\n"


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--help") == 0
    text = capsys.readouterr().out
    for name, command in COMMANDS.items():
        assert f"    {name}" in text
        assert command.summary in " ".join(text.split())


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_help_with_examples(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(command, "--help") == 0
    text = capsys.readouterr().out
    assert "examples:" in text
    assert f"ottla {command}" in text.split("examples:")[1]
    assert max(map(len, text.split("examples:")[1].splitlines())) <= 110


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ([], "ottla: the following arguments are required: COMMAND"),
        (["nonsense"], "invalid choice: 'nonsense'"),
        (["topics"], "ottla topics: the following arguments are required: ACTION"),
        (["topics", "create"], "ottla topics create: the following arguments are required: TOPIC"),
        (["topics", "create", "t", "--partitions", "x"], "invalid int value: 'x'"),
        (["topics", "create", "t", "--config", "retention.ms"], "write NAME=VALUE"),
        (["topics", "alter", "t", "-b", "host:port"], "'host:port' is not a broker address"),
        (["produce", "t", "--acks", "2"], "invalid choice: '2'"),
        (["produce", "t", "-b", "host:port"], "'host:port' is not a broker address"),
        (["produce", "t", "--delimiter", r"\q"], r"unknown escape \q"),
        (["produce", "t", "--json", "-K", ":"], "with --json, keys, nulls and headers are in the lines"),
        (["produce", "t", "--keep-partitions"], "--keep-partitions needs --json"),
        (["produce", "t", "-H", "novalue"], "--header novalue: write NAME=VALUE"),
        (["consume"], "the following arguments are required: TOPIC"),
        (["consume", "t", "--offset", "soon"], "--offset soon: write a number"),
        (["consume", "t", "--timestamp", "tomorrow"], "--timestamp tomorrow: write ISO 8601"),
        (["consume", "t", "-c", "0"], "-c/--max-messages"),
        (["consume", "t", "-p", "-1"], "-p/--partition"),
        (["consume", "t", "--from-beginning", "--offset", "1"], "not allowed with argument"),
        (["consume", "t", "-f", "%x"], "unknown %x in the format"),
        (["consume", "t", "--json", "-f", "%s"], "--json is a format of its own"),
    ],
)
def test_wrong_usage_is_one_line_and_status_2(
    words: list[str], problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("ottla")
    assert err.count("\n") == 1
    assert problem in err


def test_help_of_the_whole_imports_no_command() -> None:
    code = (
        "import sys; from ottla.cli.main import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "print([name for name in sys.modules if name.startswith('ottla.')], 'asyncio' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "['ottla.cli', 'ottla.cli.errors', 'ottla.cli.main'] False"


@pytest.mark.parametrize("count", ["0", "-3", "x"])
def test_how_many_messages_is_a_whole_number(count: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("consume", "orders", f"--max-messages={count}") == 2
    assert f"{count} is not a whole number from 1 on" in capsys.readouterr().err
