"""Apache Kafka itself says which error codes there are, what they are called, and which may be tried again."""

from pathlib import Path

import pytest
from tests.support import apache

from ottla.core.errors import ErrorCode

PROGRAM = """
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.protocol.Errors;

public class PrintErrors {
    public static void main(String[] arguments) {
        for (Errors error : Errors.values()) {
            boolean retriable = error.exception() instanceof RetriableException;
            System.out.println(error.code() + " " + error.name() + " " + retriable);
        }
    }
}
"""


@pytest.mark.java
@pytest.mark.compat
def test_codes_names_and_what_is_retriable(tmp_path: Path) -> None:
    source = tmp_path / "PrintErrors.java"
    source.write_text(PROGRAM)
    theirs = [line.split() for line in apache.run_tool(str(source)).decode().splitlines()]
    ours = [[str(int(code)), code.name, str(code.retriable).lower()] for code in ErrorCode]
    assert ours == theirs
