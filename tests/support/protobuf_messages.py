"""Message classes as protoc would make them: a file that imports another one and a well-known one."""

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, timestamp_pb2

_FIELD = descriptor_pb2.FieldDescriptorProto


def _field(name: str, number: int, kind: int, type_name: str = "", repeated: bool = False) -> Any:
    label = _FIELD.LABEL_REPEATED if repeated else _FIELD.LABEL_OPTIONAL
    return _FIELD(name=name, number=number, type=kind, type_name=type_name or None, label=label)  # type: ignore[arg-type]


def _files() -> list[descriptor_pb2.FileDescriptorProto]:
    money = descriptor_pb2.FileDescriptorProto(name="shop/money.proto", package="shop", syntax="proto3")
    amount = money.message_type.add(name="Money")
    amount.field.extend([_field("cents", 1, _FIELD.TYPE_INT64), _field("currency", 2, _FIELD.TYPE_STRING)])
    orders = descriptor_pb2.FileDescriptorProto(name="shop/orders.proto", package="shop", syntax="proto3")
    orders.dependency.extend([money.name, timestamp_pb2.DESCRIPTOR.name])
    orders.message_type.add(name="Unrelated")
    order = orders.message_type.add(name="Order")
    order.nested_type.add(name="Empty")
    line = order.nested_type.add(name="Line")
    line.field.extend([_field("product", 1, _FIELD.TYPE_STRING), _field("count", 2, _FIELD.TYPE_INT32)])
    order.field.extend(
        [
            _field("id", 1, _FIELD.TYPE_STRING),
            _field("price", 2, _FIELD.TYPE_MESSAGE, ".shop.Money"),
            _field("at", 3, _FIELD.TYPE_MESSAGE, ".google.protobuf.Timestamp"),
            _field("lines", 4, _FIELD.TYPE_MESSAGE, ".shop.Order.Line", repeated=True),
        ]
    )
    return [money, orders]


_POOL = descriptor_pool.Default()
for _file in _files():
    _POOL.AddSerializedFile(_file.SerializeToString())

Money: Any = message_factory.GetMessageClass(_POOL.FindMessageTypeByName("shop.Money"))
Unrelated: Any = message_factory.GetMessageClass(_POOL.FindMessageTypeByName("shop.Unrelated"))
Order: Any = message_factory.GetMessageClass(_POOL.FindMessageTypeByName("shop.Order"))
Line: Any = message_factory.GetMessageClass(_POOL.FindMessageTypeByName("shop.Order.Line"))
