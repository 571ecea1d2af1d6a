"""One cap over all open files."""

from ottla.log.open_files import OpenFiles, open_files_for


class Opened:
    """A file as the cap sees it."""

    def __init__(self, files: OpenFiles) -> None:
        self.files = files
        self.used = False
        self.is_open = True
        files.opened(self)

    def close(self) -> None:
        self.files.closed(self)
        self.is_open = False


def test_there_are_never_more_than_the_limit() -> None:
    files = OpenFiles(3)
    opened = [Opened(files) for _ in range(10)]
    assert len(files) == 3
    assert sum(each.is_open for each in opened) == 3
    assert opened[-1].is_open


def test_what_is_in_use_stays_open() -> None:
    files = OpenFiles(3)
    first, second, third = Opened(files), Opened(files), Opened(files)
    for each in (first, second, third):
        each.used = False
    first.used = True
    fourth = Opened(files)
    assert [each.is_open for each in (first, second, third, fourth)] == [True, False, True, True]


def test_a_closed_file_makes_room() -> None:
    files = OpenFiles(2)
    first, second = Opened(files), Opened(files)
    first.close()
    third = Opened(files)
    assert second.is_open
    assert third.is_open


def test_the_share_of_all_descriptors() -> None:
    assert open_files_for(20_000).limit == 8000
    assert open_files_for(10).limit == 16
