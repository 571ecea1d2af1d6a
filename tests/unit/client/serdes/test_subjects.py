import pytest

from ottla.client.serdes.subjects import SubjectNameStrategy, subject_name


@pytest.mark.parametrize(
    ("strategy", "subject"),
    [
        ("topic", "orders-key"),
        ("record", "shop.Order"),
        ("topic_record", "orders-shop.Order"),
        (lambda topic, field, name: f"{name}.{field}@{topic}", "shop.Order.key@orders"),
    ],
)
def test_each_strategys_subject(strategy: SubjectNameStrategy, subject: str) -> None:
    assert subject_name(strategy, "orders", "key", "shop.Order") == subject


def test_a_record_without_a_name_has_only_its_topic() -> None:
    assert subject_name("topic", "orders", "value", "") == "orders-value"
    for strategy in ("record", "topic_record"):
        with pytest.raises(ValueError, match="the schema has no name"):
            subject_name(strategy, "orders", "value", "")  # type: ignore[arg-type]


def test_a_strategy_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="not 'TopicNameStrategy'"):
        subject_name("TopicNameStrategy", "orders", "value", "x")  # type: ignore[arg-type]
