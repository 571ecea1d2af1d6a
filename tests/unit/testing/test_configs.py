from ottla.testing.configs import config_values


def test_keywords_become_dotted_names_and_values_text() -> None:
    named = {"num_partitions": 3, "auto_create_topics_enable": False}
    assert config_values({"log.dirs": "d", "num.partitions": 1}, named) == {
        "log.dirs": "d",
        "num.partitions": "3",
        "auto.create.topics.enable": "false",
    }


def test_nothing_given_is_nothing() -> None:
    assert config_values(None, {}) == {}
