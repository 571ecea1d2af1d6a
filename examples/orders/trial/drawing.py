"""Diagrams of who called whom and who told what, in Mermaid, drawn from what a running system really did."""

from collections.abc import Mapping

from ottla_examples.orders.traffic import Traffic


def draw(traffic: Mapping[str, Traffic]) -> str:
    """Services as boxes, topics as drums; numbers say how often."""
    lines = ["flowchart LR", "    buyers((buyers)) ==> orders"]
    topics = sorted({topic for each in traffic.values() for topic in (*each.read, *each.wrote)})
    lines += [f"    {_topic(topic)}[(topic {topic})]" for topic in topics]
    for service, seen in traffic.items():
        lines.append(f"    {service}[{service}]")
        lines += [
            f"    {service} -->|{times} requests| {peer}" for peer, times in sorted(seen.called.items())
        ]
        lines += [
            f"    {service} -.->|{times}| {_topic(topic)}" for topic, times in sorted(seen.wrote.items())
        ]
        lines += [
            f"    {_topic(topic)} -.->|{times}| {service}" for topic, times in sorted(seen.read.items())
        ]
    return "\n".join(lines)


def _topic(name: str) -> str:
    """A topic and a service may have the same name."""
    return f"topic-{name}"
