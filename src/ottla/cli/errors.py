"""The errors of the command line: one line each, on stderr, that names the fix."""


class CommandError(Exception):
    """The command cannot do what was asked; exit status 1."""


class UsageError(Exception):
    """The command was written wrongly; exit status 2."""
