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
        (["nonsense"], "ottla: there is no command nonsense (see ottla --help)"),
        (["topic", "list"], "there is no command topic; did you mean topics?"),
        (["topics", "lst"], "ottla topics: argument ACTION: invalid choice: 'lst'"),
        (["topics", "list", "--bootstrap-servers", "h:1"], "did you mean --bootstrap-server?"),
        (
            ["consume", "t", "--frombeginning=1"],
            "ottla consume: there is no option --frombeginning=1; did you",
        ),
        (["serve", "a", "b"], "ottla serve: 'b' is one word too many"),
        (["demo", "--port", "65536"], "65536 is no port; write a number from 1 to 65535"),
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
        (["consume", "t", "-p", "0,x"], "0,x: write numbers from 0 on"),
        (["consume", "t", "--max-wait-ms", "-1"], "fetch_max_wait_ms is -1"),
        (["produce", "t", "--linger-ms", "-1"], "linger_ms is -1"),
        (
            ["groups", "reset-offsets", "g", "--all-topics", "--to-timestamp", "x"],
            "--to-timestamp x: write ISO",
        ),
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


@pytest.mark.parametrize(
    ("words", "shown"), [([], "serve "), (["topics"], "describe "), (["groups"], "reset-")]
)
def test_who_names_no_command_is_shown_them(
    words: list[str], shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"usage: {' '.join(['ottla', *words])} ")
    assert f"    {shown}" in err


def test_help_is_a_word_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert [run("help"), run("--help")] == [0, 0]
    text = capsys.readouterr().out
    assert text == text[: len(text) // 2] * 2
    assert run("help", "topics") == 0
    assert capsys.readouterr().out.startswith("usage: ottla topics")


@pytest.mark.parametrize(("columns", "longest"), [("0", 78), ("nonsense", 78), ("100", 98), ("40", 38)])
def test_help_is_as_wide_as_the_terminal(
    columns: str, longest: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert run("consume", "--help") == 0
    text = capsys.readouterr().out
    options = text.split("what to read:")[1]
    assert longest - 16 < max(map(len, options.splitlines())) <= longest


def test_each_command_stands_on_its_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert run("--help") == 0
    text = capsys.readouterr().out
    assert all(f"\n    {name} " in text for name in COMMANDS)


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_streams_may_be_closed(closed: str) -> None:
    command = f"exec {sys.executable} -m ottla topics list -b 127.0.0.1:1 {closed}"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("" if "2>" in closed else "ottla: no broker answers: ")
    assert done.stderr.count("\n") == (0 if "2>" in closed else 1)


def test_what_is_not_installed_is_one_line() -> None:
    command = [sys.executable, "-m", "ottla", "serve", "--data", "/dev/null/data"]
    done = subprocess.run(command, env={"OTTLA_RECORDS": "fast"}, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "ottla: OTTLA_RECORDS is 'fast'; it may be «compiled» or «pure»\n"


def test_help_of_the_whole_imports_no_command() -> None:
    code = (
        "import sys; from ottla.cli.main import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "print([name for name in sys.modules if name.startswith('ottla.')], 'asyncio' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == (
        "['ottla.cli', 'ottla.cli.errors', 'ottla.cli.parser', 'ottla.cli.main'] False"
    )


@pytest.mark.parametrize("count", ["0", "-3", "x"])
def test_how_many_messages_is_a_whole_number(count: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("consume", "orders", f"--max-messages={count}") == 2
    assert f"{count} is not a whole number from 1 on" in capsys.readouterr().err
