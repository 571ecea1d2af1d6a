"""Every test of this floor runs with both implementations."""

from tests.support.twins import implementation, parametrize

__all__ = ["implementation"]

pytest_generate_tests = parametrize
