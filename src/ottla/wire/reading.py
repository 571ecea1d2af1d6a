"""Writes the source of a reader: one straight function for one (message, version).

How it stays fast: neighbouring fixed-width fields, and the length that follows them, are one `unpack_from`;
lengths of one byte need no call; structures are read in line. How it stays safe: positions only grow, so one
comparison at the end refuses every message that ran over the end of the buffer; slices never copy more than
is there; every count of a list is checked against what is left before the list is made.
"""

from ottla.wire.fields import Array, Field, WireType, fields_of
from ottla.wire.schema import MessageType
from ottla.wire.source import Source, assign_default, smallest_size
from ottla.wire.types import Kind


class ReaderSource:
    """Collects the lines of one reader. `pending` are fixed-width values not yet unpacked: (code, target)."""

    def __init__(self, version: int, *, flexible: bool) -> None:
        self.version = version
        self.flexible = flexible
        self.source = Source()
        self.pending: list[tuple[str, str]] = []

    def message(self, cls: MessageType) -> Source:
        """The whole function for a message of this class."""
        source = self.source
        source.line("def read(view, position):")
        with source.indented():
            source.line("end = len(view)")
            self.structure(cls, "message")
            self.unpack()
            source.line("if position > end: raise past_end(position, end)")
            source.line("return message, position")
        return source

    def structure(self, cls: MessageType, target: str) -> None:
        """Make `target`, fill its fields in wire order, then its tagged section."""
        source = self.source
        source.line(f"{target} = new({source.bind(cls)})")
        tags = []
        for field in fields_of(cls):
            if not field.exists(self.version):
                assign_default(source, field, f"{target}.{field.name}")
            elif field.tag is None:
                self.field(cls, field, target)
            else:
                assign_default(source, field, f"{target}.{field.name}")
                tags.append(field)
        if self.flexible:
            self.tagged_section(cls, tags, target)
        else:
            source.line(f"{target}.unknown_tags = ()")

    def field(self, cls: MessageType, field: Field, target: str) -> None:
        """One field of the structure `target`."""
        name = f"{cls.__name__}.{field.name}"
        null = field.may_be_null(self.version)
        if null and field.tag is not None and isinstance(field.type, MessageType):
            self.nested(field.type, f"{target}.{field.name}", null=True, none="<= 0")
            return
        self.value(field.type, f"{target}.{field.name}", name, null=null)

    def value(self, wire_type: WireType, target: str, name: str, *, null: bool) -> None:
        """One value of any type into `target`. `name` is for errors."""
        if isinstance(wire_type, Array):
            self.array(wire_type, target, name, null=null)
        elif isinstance(wire_type, MessageType):
            self.nested(wire_type, target, null=null)
        elif wire_type.code:
            self.pending.append((wire_type.code, target))
        else:
            self.variable(wire_type, target, name, null=null)

    def nested(self, cls: MessageType, target: str, *, null: bool, none: str = "< 0") -> None:
        """A structure that stands alone; a nullable one is led by a byte, negative for None. In a tagged field
        that byte is an unsigned varint, 0 for None."""
        source = self.source
        inner = source.name("inner")
        if not null:
            self.structure(cls, inner)
            source.line(f"{target} = {inner}")
            return
        present = source.name("present")
        self.pending.append(("b", present))
        self.unpack()
        source.line(f"if {present} {none}: {target} = None")
        source.line("else:")
        with source.indented():
            self.structure(cls, inner)
            self.unpack()
            source.line(f"{target} = {inner}")

    def variable(self, kind: Kind, target: str, name: str, *, null: bool) -> None:
        """A string, bytes or records: length, then content."""
        length = self.length(kind, name, null=null, target=target)
        source = self.source
        stop = source.name("stop")
        content = {
            "string": f'str(view[position:{stop}], "utf-8")',
            "bytes": f"bytes(view[position:{stop}])",
            "records": f"view[position:{stop}]",
        }[kind.name]
        with source.indented():
            source.line(f"{stop} = position + {length}")
            source.line(f"{target} = {content}")
            source.line(f"position = {stop}")

    def length(self, wire_type: Kind | Array, name: str, *, null: bool, target: str) -> str:
        """Read a length, deal with null, and open the branch (an `else:`) in which the length is there."""
        source = self.source
        length = source.name("length")
        is_string = isinstance(wire_type, Kind) and wire_type.name == "string"
        if self.flexible:
            self.pending.append(("B", length))
            self.unpack()
            rest = "long_string" if is_string else "decode_rest"
            source.line(f"if {length} > 127: {length}, position = {rest}(view, position, {length})")
            source.line(f"{length} -= 1")
        else:
            self.pending.append(("h" if is_string else "i", length))
            self.unpack()
        otherwise = f"{target} = None" if null else f"raise null({name!r})"
        source.line(f"if {length} < 0: {otherwise}")
        source.line("else:")
        return length

    def array(self, array: Array, target: str, name: str, *, null: bool) -> None:
        """A count, then that many elements."""
        source = self.source
        count = self.length(array, name, null=null, target=target)
        with source.indented():
            least = smallest_size(array.element, self.version, flexible=self.flexible)
            source.line(f"if {count} > 15: check_count({name!r}, {count}, {least}, end - position)")
            if isinstance(array.element, Kind) and array.element.code:
                self.fixed_elements(array.element, target, count)
            else:
                self.elements(array.element, target, count, name)

    def fixed_elements(self, kind: Kind, target: str, count: str) -> None:
        """All of them in one unpack."""
        code = f"%d{kind.code}" if kind.size < 16 else ""
        layout = f'">{code}" % {count}' if code else f'">" + {kind.code!r} * {count}'
        self.source.line(f"{target} = list(unpack_from({layout}, view, position))")
        self.source.line(f"position += {count}" + (f" * {kind.size}" if kind.size > 1 else ""))

    def elements(self, element: WireType, target: str, count: str, name: str) -> None:
        source = self.source
        items, item = source.name("items"), source.name("item")
        source.line(f"{target} = {items} = []")
        source.line(f"for _ in range({count}):")
        with source.indented():
            if isinstance(element, MessageType):
                self.structure(element, item)
            else:
                self.value(element, item, name, null=False)
            self.unpack()
            source.line(f"{items}.append({item})")

    def tagged_section(self, cls: MessageType, fields: list[Field], target: str) -> None:
        """The tagged fields of one structure (KIP-482): nearly always none, which costs one comparison."""
        source = self.source
        count = source.name("tags")
        self.pending.append(("B", count))
        self.unpack()
        if not fields:
            source.line(
                f"if {count}: {target}.unknown_tags, position = read_unknown(view, position, {count}, end)"
            )
            source.line(f"else: {target}.unknown_tags = ()")
            return
        source.line(f"if not {count}: {target}.unknown_tags = ()")
        source.line("else:")
        with source.indented():
            self.tagged_fields(cls, fields, target, count)

    def tagged_fields(self, cls: MessageType, fields: list[Field], target: str, count: str) -> None:
        source = self.source
        unknown, tag, last, stop = (source.name(word) for word in ("unknown", "tag", "last", "stop"))
        source.line(f"{count}, position = tag_count(view, position, {count}, end)")
        source.line(f"{last} = -1")
        source.line(f"{unknown} = []")
        source.line(f"for _ in range({count}):")
        with source.indented():
            source.line(f"{tag}, position, {stop} = read_tag(view, position, {last}, end)")
            source.line(f"{last} = {tag}")
            for field in fields:
                source.line(f"if {tag} == {field.tag}:")
                with source.indented():
                    self.field(cls, field, target)
                    self.unpack()
                    source.line(f"if position != {stop}: raise wrong_size({field.name!r}, position, {stop})")
                    source.line("continue")
            source.line(f"{unknown}.append(({tag}, bytes(view[position:{stop}])))")
            source.line(f"position = {stop}")
        source.line(f"{target}.unknown_tags = tuple({unknown})")

    def unpack(self) -> None:
        """Empty `pending` with one call; a lone unsigned byte needs none."""
        if not self.pending:
            return
        source = self.source
        codes = "".join(code for code, _ in self.pending)
        targets = ", ".join(target for _, target in self.pending)
        self.pending.clear()
        if codes == "B":
            source.line(f"{targets} = view[position]")
            source.line("position += 1")
            return
        name, size = source.layout(codes)
        comma = "," if ", " not in targets else ""
        source.line(f"{targets}{comma} = {name}.unpack_from(view, position)")
        source.line(f"position += {size}")
