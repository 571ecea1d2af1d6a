"""The version of the whole distribution, the same as in pyproject.toml."""

VERSION = "0.1.0"
