"""What an import brings in: nothing that is not used."""

import subprocess
import sys


def imported_by(statement: str) -> set[str]:
    program = f"import sys; {statement}; print(*sys.modules)"
    output = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)
    return set(output.stdout.split())


def test_the_registry_imports_no_message_and_no_compiler() -> None:
    modules = imported_by("import ottla.wire.registry")
    assert not any(name.startswith("ottla.wire.messages.") for name in modules)
    assert not modules & {"ottla.wire.compiler", "ottla.wire.fields", "json", "dataclasses", "inspect"}


def test_a_message_imports_no_other_and_no_compiler() -> None:
    modules = imported_by("import ottla.wire.messages.produce")
    assert {name for name in modules if name.startswith("ottla.wire.messages.")} == {
        "ottla.wire.messages.produce"
    }
    assert "ottla.wire.compiler" not in modules


def test_asking_for_one_class_imports_one_module() -> None:
    modules = imported_by("from ottla.wire.registry import api; api(1).request")
    assert {name for name in modules if name.startswith("ottla.wire.messages.")} == {
        "ottla.wire.messages.fetch"
    }
