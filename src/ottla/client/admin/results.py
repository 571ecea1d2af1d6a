"""What became of each thing that was asked for."""

from typing import Generic, TypeVar

from ottla.core.errors import KafkaError

Item = TypeVar("Item")
Value = TypeVar("Value")


class Results(dict[Item, Value | KafkaError], Generic[Item, Value]):
    """Each item with its result, or with the error that it met; a failure of one is none of the others."""

    @property
    def succeeded(self) -> dict[Item, Value]:
        """The results alone."""
        return {item: value for item, value in self.items() if not isinstance(value, KafkaError)}

    @property
    def failed(self) -> dict[Item, KafkaError]:
        """The errors alone."""
        return {item: value for item, value in self.items() if isinstance(value, KafkaError)}

    def checked(self) -> dict[Item, Value]:
        """All results. Raises the first error, if there is one."""
        for error in self.failed.values():
            raise error
        return self.succeeded

    def one(self, item: Item) -> Value:
        """The result of this item. Raises its error."""
        value = self[item]
        if isinstance(value, KafkaError):
            raise value
        return value
