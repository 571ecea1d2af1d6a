"""KAFKA_… environment variables, in the convention of Apache Kafka's Docker image.

KAFKA_LOG_DIRS is log.dirs: `_` stands for a dot, `__` for an underscore, `___` for a dash.
"""

from collections.abc import Mapping

PREFIX = "KAFKA_"

NOT_CONFIGS = frozenset(
    {
        "KAFKA_CLUSTER_ID",
        "KAFKA_CLASSPATH",
        "KAFKA_DEBUG",
        "KAFKA_DIR",
        "KAFKA_GC_LOG_OPTS",
        "KAFKA_HEAP_OPTS",
        "KAFKA_HOME",
        "KAFKA_JMX_HOSTNAME",
        "KAFKA_JMX_OPTS",
        "KAFKA_JMX_PORT",
        "KAFKA_JVM_PERFORMANCE_OPTS",
        "KAFKA_LOG4J_LOGGERS",
        "KAFKA_LOG4J_OPTS",
        "KAFKA_LOG4J_ROOT_LOGLEVEL",
        "KAFKA_LOG4J_TOOLS_ROOT_LOGLEVEL",
        "KAFKA_MODE",
        "KAFKA_OPTS",
        "KAFKA_TOOLS_LOG4J_LOGLEVEL",
        "KAFKA_VERSION",
    }
)
"""Variables that steer the image, its scripts or the Java virtual machine, and are no broker configs."""


def config_name(variable: str) -> str:
    """The config that a KAFKA_… variable stands for."""
    name = variable[len(PREFIX) :].lower()
    return name.replace("___", "-").replace("__", "\0").replace("_", ".").replace("\0", "_")


def configs_of(environment: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Configs in the environment, and the variables that were passed over because they are no configs."""
    variables = sorted(variable for variable in environment if variable.startswith(PREFIX))
    passed_over = [variable for variable in variables if variable in NOT_CONFIGS]
    configs = {
        config_name(variable): environment[variable] for variable in variables if variable not in NOT_CONFIGS
    }
    return configs, passed_over
