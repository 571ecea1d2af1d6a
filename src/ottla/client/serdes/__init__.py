"""Values to the bytes of a record and back.

`serde_of(type)` infers one; these make one by hand where there is a choice to make:

    Topic("orders", key=str, value=Order)                          # JSON for a dataclass, Struct or pydantic model
    Topic("orders", key=str, value=serdes.avro(Order, registry))    # Avro, Protobuf, JSON Schema with a registry
    Topic("clicks", value=serdes.FloatSerde())                      # a width that no Python type has
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ottla.client.serdes.avro_serde import avro
    from ottla.client.serdes.errors import SerializationError
    from ottla.client.serdes.inference import serde_of
    from ottla.client.serdes.json_schema_serde import json_schema
    from ottla.client.serdes.json_serde import JsonSerde
    from ottla.client.serdes.primitives import (
        BooleanSerde,
        BytesSerde,
        DoubleSerde,
        FloatSerde,
        IntegerSerde,
        LongSerde,
        ShortSerde,
        StringSerde,
        UUIDSerde,
        VoidSerde,
    )
    from ottla.client.serdes.protobuf_serde import protobuf
    from ottla.client.serdes.registry_serde import RegistrySerde
    from ottla.client.serdes.serde import Field, Headers, Prepared, Serde, for_field

_HOMES = {
    "BooleanSerde": "primitives",
    "BytesSerde": "primitives",
    "DoubleSerde": "primitives",
    "Field": "serde",
    "FloatSerde": "primitives",
    "Headers": "serde",
    "IntegerSerde": "primitives",
    "JsonSerde": "json_serde",
    "LongSerde": "primitives",
    "Prepared": "serde",
    "RegistrySerde": "registry_serde",
    "Serde": "serde",
    "SerializationError": "errors",
    "ShortSerde": "primitives",
    "StringSerde": "primitives",
    "UUIDSerde": "primitives",
    "VoidSerde": "primitives",
    "avro": "avro_serde",
    "for_field": "serde",
    "json_schema": "json_schema_serde",
    "protobuf": "protobuf_serde",
    "serde_of": "inference",
}

__all__ = [
    "BooleanSerde",
    "BytesSerde",
    "DoubleSerde",
    "Field",
    "FloatSerde",
    "Headers",
    "IntegerSerde",
    "JsonSerde",
    "LongSerde",
    "Prepared",
    "RegistrySerde",
    "Serde",
    "SerializationError",
    "ShortSerde",
    "StringSerde",
    "UUIDSerde",
    "VoidSerde",
    "avro",
    "for_field",
    "json_schema",
    "protobuf",
    "serde_of",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
