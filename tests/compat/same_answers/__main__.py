"""Records what Apache Kafka answers: python -m tests.compat.same_answers"""

import tempfile
from pathlib import Path

from tests.compat.same_answers.telling import RECORD, record
from tests.support import apache

if __name__ == "__main__":
    missing = apache.missing()
    if missing is not None:
        raise SystemExit(missing)
    with tempfile.TemporaryDirectory() as directory, apache.ApacheBroker(Path(directory)) as broker:
        record(broker.port)
    print(RECORD)
