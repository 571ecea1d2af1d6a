"""Configs that are defined, and shown to clients, and change nothing yet; with the reason.

Setting one is warned about or refused by name. A test sees to it that every config is either read somewhere or here.
"""

NOT_YET = {
    "log.flush.start.offset.checkpoint.interval.ms": (
        "log start offsets are written down together with recovery points, at log.flush.offset.checkpoint.interval.ms"
    ),
    "transaction.abort.timed.out.transaction.cleanup.interval.ms": (
        "a transaction is aborted as soon as it has lasted longer than its timeout"
    ),
    "num.recovery.threads.per.data.dir": "logs are opened when they are first used, each by itself",
}
