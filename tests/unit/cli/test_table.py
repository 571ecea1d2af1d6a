from ottla.cli.table import table


def test_columns_are_aligned_and_numbers_stand_right() -> None:
    assert table(["TOPIC", "PARTITIONS"], [["a-long-one", 3], ["b", 12]]) == (
        "TOPIC       PARTITIONS\na-long-one           3\nb                   12"
    )


def test_no_rows_is_only_the_header() -> None:
    assert table(["TOPIC", "ID"], []) == "TOPIC  ID"
