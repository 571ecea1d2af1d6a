"""A real Apache Kafka, as the reference and as the benchmarks' peer, and its command-line tools.

The jars come from Maven Central once (`python -m tests.support.apache fetch`, about 110 MB) into
`.kafka/lib` in the repository root; the variable OTTLA_KAFKA_JARS names another folder that has them.
A run against Apache Kafka says what is right; a run against Ottla says whether it is.
"""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from tests.support.process import BrokerProcess, free_port

REPOSITORY = Path(__file__).resolve().parents[2]
RECIPE = REPOSITORY / "tests" / "compat" / "kafka"
CLUSTER_ID = "T3R0bGFSZWZlcmVuY2U0Mg"
HEAP = "-Xmx1g"
TOOL_TIMEOUT_SECONDS = 90.0

# Kafka's defaults are for clusters of three; one broker needs its internal topics with one replica.
SINGLE_BROKER = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAINTEXT",
    "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "4",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "group.initial.rebalance.delay.ms": "0",
}


def jars_directory() -> Path:
    """Where the jars are, or would be."""
    return Path(os.environ.get("OTTLA_KAFKA_JARS") or REPOSITORY / ".kafka" / "lib")


def missing() -> str | None:
    """Why Apache Kafka cannot run here, in a few words; None when it can."""
    if shutil.which("java") is None:
        return "no java on the PATH"
    if not any(jars_directory().glob("kafka_2.13-*.jar")):
        return f"no Apache Kafka jars in {jars_directory()} (python -m tests.support.apache fetch)"
    return None


def fetch() -> None:
    """Download the jars with Maven; CalledProcessError or FileNotFoundError when it cannot be done."""
    target = jars_directory()
    goal = ["dependency:copy-dependencies", f"-DoutputDirectory={target}"]
    subprocess.run(["mvn", "-q", "-B", "-f", str(RECIPE / "pom.xml"), *goal], check=True)


def java(*arguments: str, heap: str = "-Xmx256m") -> list[str]:
    """A Java command line with Kafka's classes and a quiet log."""
    # Two cores and short runs: the client compiler alone starts a tool in two thirds of the time.
    tuning = [heap, "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"] if heap != HEAP else [heap]
    log = f"-Dlog4j2.configurationFile=file:{RECIPE / 'log4j2.properties'}"
    return ["java", *tuning, log, "-cp", f"{jars_directory()}/*", *arguments]


def run_tool(tool: str, *arguments: str, stdin: bytes = b"") -> bytes:
    """Run one of Kafka's tools by class name; what it printed. Fails with its words when it fails."""
    done = subprocess.run(
        java(tool, *arguments), input=stdin, capture_output=True, timeout=TOOL_TIMEOUT_SECONDS, check=False
    )
    assert done.returncode == 0, (
        f"{tool} {arguments}: {(done.stdout + done.stderr).decode(errors='replace')[-3000:]}"
    )
    return done.stdout


class ApacheBroker(BrokerProcess):
    """One combined broker and controller with Kafka's defaults and a 1 GB heap."""

    kind = "apache"
    clean_exit = 128 + signal.SIGTERM

    @property
    def properties(self) -> Path:
        return self.directory / "server.properties"

    def prepare(self) -> None:
        if not self.properties.exists():
            self._write_properties()
        if not (self.data / "meta.properties").exists():
            self.format()

    def _write_properties(self) -> None:
        controller = free_port()
        settings = {
            **SINGLE_BROKER,
            "controller.quorum.voters": f"1@127.0.0.1:{controller}",
            "listeners": f"PLAINTEXT://{self.bootstrap},CONTROLLER://127.0.0.1:{controller}",
            "advertised.listeners": f"PLAINTEXT://{self.bootstrap}",
            "log.dirs": str(self.data),
            **self.settings,
        }
        self.properties.write_text("".join(f"{key}={value}\n" for key, value in settings.items()))

    def format(self, cluster_id: str = CLUSTER_ID) -> None:
        """Give the data directory its identity, as `kafka-storage format` does."""
        run_tool("kafka.tools.StorageTool", "format", "-t", cluster_id, "-c", str(self.properties))

    def command(self) -> list[str]:
        return java("kafka.Kafka", str(self.properties), heap=HEAP)


if __name__ == "__main__":
    if sys.argv[1:] != ["fetch"]:
        sys.exit("usage: python -m tests.support.apache fetch")
    if missing() is not None:
        fetch()
    print(jars_directory())
