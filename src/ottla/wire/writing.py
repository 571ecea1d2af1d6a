"""Writes the source of a writer: one straight function for one (message, version).

Neighbouring fixed-width fields, and an old-style length after them, are one `pack`. Small pieces gather in
`chunks` and are joined once; only records stand as parts of their own, passed on without a copy.
"""

from ottla.wire.fields import Array, Field, WireType, fields_of
from ottla.wire.schema import MessageType
from ottla.wire.source import Source, differs
from ottla.wire.types import Kind


class WriterSource:
    """Collects the lines of one writer. `pending` are fixed-width values not yet packed: (code, value)."""

    def __init__(self, version: int, *, flexible: bool) -> None:
        self.version = version
        self.flexible = flexible
        self.source = Source()
        self.pending: list[tuple[str, str]] = []
        self.add = "add"
        """What takes the next piece: something else within a tagged field, whose size must be known first."""

    def message(self, cls: MessageType) -> Source:
        """The whole function for a message of this class."""
        source = self.source
        source.line("def write(message):")
        with source.indented():
            source.line("parts = []")
            source.line("chunks = []")
            source.line("add = chunks.append")
            self.structure(cls, "message")
            self.pack()
            source.line('parts.append(b"".join(chunks))')
            source.line("return parts")
        return source

    def structure(self, cls: MessageType, value: str) -> None:
        """The fields of `value` in wire order, then its tagged section."""
        source = self.source
        tags = []
        for field in fields_of(cls):
            if not field.exists(self.version):
                if not field.ignorable:
                    condition = differs(field, f"{value}.{field.name}")
                    source.line(f"if {condition}: raise lacking('{cls.__name__}.{field.name}')")
            elif field.tag is None:
                self.field(cls, field, value)
            else:
                tags.append(field)
        if self.flexible:
            self.tagged_section(cls, tags, value)
        else:
            source.line(f"if {value}.unknown_tags: raise lacking('{cls.__name__}.unknown_tags')")

    def field(self, cls: MessageType, field: Field, value: str) -> None:
        """One field of the structure `value`."""
        name = f"{cls.__name__}.{field.name}"
        null = field.may_be_null(self.version)
        if null and field.tag is not None and isinstance(field.type, MessageType):
            self.nested(field.type, f"{value}.{field.name}", null=True, none=0)
            return
        self.value(field.type, f"{value}.{field.name}", name, null=null)

    def value(self, wire_type: WireType, value: str, name: str, *, null: bool) -> None:
        """One value of any type."""
        if isinstance(wire_type, Array):
            self.array(wire_type, value, name, null=null)
        elif isinstance(wire_type, MessageType):
            self.nested(wire_type, value, null=null)
        elif wire_type.code:
            if wire_type.name == "uuid":
                self.source.line(f"if len({value}) != 16: raise wrong_uuid({name!r})")
            self.pending.append((wire_type.code, value))
        else:
            self.variable(wire_type, value, name, null=null)

    def nested(self, cls: MessageType, value: str, *, null: bool, none: int = 0xFF) -> None:
        """A structure that stands alone; a nullable one is led by a byte, `none` for None: -1, or 0 where it is
        the unsigned varint of a tagged field."""
        source = self.source
        inner = source.name("inner")
        source.line(f"{inner} = {value}")
        if not null:
            self.structure(cls, inner)
            return
        self.pack()
        source.line(f"if {inner} is None: {self.add}(b'\\x{none:02x}')")
        source.line("else:")
        with source.indented():
            source.line(f"{self.add}(b'\\x01')")
            self.structure(cls, inner)
            self.pack()

    def variable(self, kind: Kind, value: str, name: str, *, null: bool) -> None:
        """A string, bytes or records: length, then content."""
        source = self.source
        content, size = source.name("content"), source.name("size")
        source.line(f"{content} = {value}")
        self.null_or(content, size, name, null=null)
        with source.indented():
            if kind.name == "string":
                source.line(f"{content} = {content}.encode()")
            source.line(f"{size} = len({content})")
            if self.flexible:
                self.compact_length(
                    size, "encode_string_length" if kind.name == "string" else "encode_length"
                )
        if not self.flexible:
            self.pending.append(("h" if kind.name == "string" else "i", size))
            self.pack()
        if kind.name == "records" and self.add == "add":
            source.line(f"if {content}:")
            with source.indented():
                source.line('parts.append(b"".join(chunks))')
                source.line("chunks.clear()")
                source.line(f"parts.append({content})")
        else:
            source.line(f"if {content}: {self.add}({content})")

    def null_or(self, value: str, size: str, name: str, *, null: bool) -> None:
        """The branch for None, and the `else:` of the branch for all others."""
        source = self.source
        if self.flexible:
            self.pack()
        if not null:
            source.line(f"if {value} is None: raise null({name!r})")
        elif self.flexible:
            source.line(f"if {value} is None: {self.add}(b'\\0')")
        else:
            source.line(f"if {value} is None: {size} = -1")
        source.line("else:")

    def compact_length(self, size: str, longer: str) -> None:
        self.source.line(f"{self.add}(ONE_BYTE[{size} + 1] if {size} < 127 else {longer}({size}))")

    def array(self, array: Array, value: str, name: str, *, null: bool) -> None:
        """A count, then the elements."""
        source = self.source
        items, count = source.name("items"), source.name("count")
        source.line(f"{items} = {value}")
        self.null_or(items, count, name, null=null)
        with source.indented():
            source.line(f"{count} = len({items})")
            if self.flexible:
                self.compact_length(count, "encode_length")
        if not self.flexible:
            self.pending.append(("i", count))
            self.pack()
        self.elements(array.element, items, name)

    def elements(self, element: WireType, items: str, name: str) -> None:
        source = self.source
        if isinstance(element, Kind) and element.code and element.size < 16:
            source.line(f"if {items}: {self.add}(pack('>%d{element.code}' % len({items}), *{items}))")
            return
        item = source.name("item")
        source.line(f"for {item} in {items} or ():")
        with source.indented():
            if isinstance(element, MessageType):
                self.structure(element, item)
            else:
                self.value(element, item, name, null=False)
            self.pack()

    def tagged_section(self, cls: MessageType, fields: list[Field], value: str) -> None:
        """The tagged fields that are not their defaults, and the unknown ones: nearly always none."""
        source = self.source
        self.pack()
        unknown = f"{value}.unknown_tags"
        if not fields:
            source.line(f"{self.add}(encode_tags({unknown}) if {unknown} else b'\\0')")
            return
        conditions = [differs(field, f"{value}.{field.name}") for field in fields]
        source.line(f"if not ({' or '.join([unknown, *conditions])}): {self.add}(b'\\0')")
        source.line("else:")
        with source.indented():
            tags = source.name("tags")
            source.line(f"{tags} = list({unknown})")
            for field, condition in zip(fields, conditions, strict=True):
                source.line(f"if {condition}:")
                with source.indented():
                    self.tagged_field(cls, field, value, tags)
            source.line(f"{self.add}(encode_tags({tags}))")

    def tagged_field(self, cls: MessageType, field: Field, value: str, tags: str) -> None:
        source = self.source
        chunks, outer = source.name("chunks"), self.add
        self.add = source.name("add")
        source.line(f"{chunks} = []")
        source.line(f"{self.add} = {chunks}.append")
        self.field(cls, field, value)
        self.pack()
        source.line(f"{tags}.append(({field.tag}, b''.join({chunks})))")
        self.add = outer

    def pack(self) -> None:
        """Empty `pending` with one call."""
        if not self.pending:
            return
        name, _ = self.source.layout("".join(code for code, _ in self.pending))
        values = ", ".join(value for _, value in self.pending)
        self.source.line(f"{self.add}({name}.pack({values}))")
        self.pending.clear()
