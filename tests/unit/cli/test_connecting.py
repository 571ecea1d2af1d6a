"""What every command is told about the way to a cluster."""

import argparse
from pathlib import Path

import pytest

from ottla.cli.connecting import add_bootstrap_server, client_options
from ottla.cli.errors import UsageError
from ottla.client.config.settings import AdminSettings, ConsumerSettings


def parsed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_bootstrap_server(parser)
    return parser.parse_args(words)


def test_no_file_is_no_option() -> None:
    assert client_options(parsed(), AdminSettings) == {}


def test_a_file_of_a_java_client(tmp_path: Path) -> None:
    file = tmp_path / "client.properties"
    file.write_text(
        "# of the operations team\nbootstrap.servers=elsewhere:1\nsecurity.protocol=SASL_SSL\n"
        "sasl.mechanism=PLAIN\nsasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required \\\n"
        '  username="alice" password="secret";\n'
    )
    assert client_options(parsed("--command-config", str(file)), ConsumerSettings) == {
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": "PLAIN",
        "sasl_plain_username": "alice",
        "sasl_plain_password": "secret",
    }


def test_a_file_for_everyone_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "client.properties"
    file.write_text("client.id=ops\n")
    monkeypatch.setenv("OTTLA_COMMAND_CONFIG", str(file))
    assert client_options(parsed(), AdminSettings) == {"client_id": "ops"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("securty.protocol=SSL", "did you mean security.protocol"),
        ("security.protocol=SASL_SSL", "sasl_mechanism must say which"),
        ("request.timeout.ms=soon", "must be a whole number"),
    ],
)
def test_what_is_wrong_in_it_is_named_with_the_file(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "client.properties"
    file.write_text(text)
    with pytest.raises(UsageError, match=f"--command-config .*client.properties: .*{message}"):
        client_options(parsed("--command-config", str(file)), AdminSettings)


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(UsageError, match=r"nowhere\.properties: No such file"):
        client_options(parsed("--command-config", "nowhere.properties"), AdminSettings)
