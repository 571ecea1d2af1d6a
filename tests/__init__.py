"""The tests. A package so that suites share `tests.support`."""
