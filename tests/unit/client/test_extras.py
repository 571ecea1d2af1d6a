import pytest

from ottla.client.config.extras import require_extra


def test_what_is_here_is_here() -> None:
    require_extra("json", "none")
    require_extra("json.decoder", "none")


@pytest.mark.parametrize("module", ["no_such_library", "no_such_library.inner", "json.inner"])
def test_what_is_missing_is_said_with_the_command(module: str) -> None:
    with pytest.raises(ImportError, match=rf"{module} is not installed; .*pip install 'ottla\[avro\]'"):
        require_extra(module, "avro")
