"""queued.max.request.bytes: who waits, and who is woken."""

from ottla.net.memory import RequestMemory


def test_it_is_full_at_its_limit_and_may_go_over_by_what_is_under_way() -> None:
    memory = RequestMemory(100)
    memory.change(99)
    assert not memory.full
    memory.change(50)
    assert memory.full
    assert memory.held_bytes == 149


def test_those_who_wait_are_woken_once_when_there_is_room() -> None:
    memory = RequestMemory(100)
    memory.change(150)
    woken: list[str] = []
    memory.wait(lambda: woken.append("first"))
    memory.wait(lambda: woken.append("second"))
    memory.change(-50)
    assert woken == []  # exactly full
    memory.change(-1)
    assert woken == ["first", "second"]
    memory.change(-1)
    assert woken == ["first", "second"]
