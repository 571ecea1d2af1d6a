import pytest

from ottla.client.brokers.address import Address, parse_addresses


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("127.0.0.1:9092", [("127.0.0.1", 9092)]),
        ("a:1, b:2,", [("a", 1), ("b", 2)]),
        ("localhost", [("localhost", 9092)]),
        ("[::1]:9192,[fe80::2]", [("::1", 9192), ("fe80::2", 9092)]),
    ],
)
def test_addresses_are_read(text: str, expected: list[tuple[str, int]]) -> None:
    assert parse_addresses(text) == expected


@pytest.mark.parametrize("text", ["", " , ", "a:b", "a:0", "a:65536", ":9092", "::1", "a:-1"])
def test_a_bad_address_is_refused_by_name(text: str) -> None:
    with pytest.raises(ValueError, match="address"):
        parse_addresses(text)


def test_a_configuration_is_told_from_an_address() -> None:
    with pytest.raises(ValueError, match=r"a dict is no broker address; .* is for from_config"):
        parse_addresses({"bootstrap.servers": "a:1"})  # type: ignore[arg-type]  # as confluent-kafka takes it


def test_an_address_reads_back() -> None:
    assert str(Address("h", 1)) == "h:1"
    assert parse_addresses(str(Address("::1", 9))) == [("::1", 9)]
