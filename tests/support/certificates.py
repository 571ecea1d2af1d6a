"""A certificate authority for one test run, made with the openssl program; nothing of it is good for anything else."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

PASSWORD = "opensesame"


def missing() -> str | None:
    """Why there can be no certificates here; None when there can."""
    return None if shutil.which("openssl") else "no openssl on the PATH"


@dataclass(frozen=True)
class Certificate:
    """Paths of PEM files."""

    chain: Path
    key: Path
    encrypted_key: Path
    """The same key, under PASSWORD."""

    @property
    def both(self) -> str:
        """Chain and key in one text, as Kafka's PEM key stores are. Not encrypted: Java 17 lacks the cipher's name."""
        return self.key.read_text() + self.chain.read_text()


class Authority:
    """Signs certificates; `certificate` is its own, for those who shall trust it."""

    def __init__(self, directory: Path, name: str = "test authority") -> None:
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        self._key, self.certificate = directory / "ca.key", directory / "ca.pem"
        _openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", str(self._key))
        usage = ["-addext", "keyUsage=critical,keyCertSign", "-addext", "basicConstraints=critical,CA:TRUE"]
        subject = ["-subj", f"/CN={name}", "-days", "2", *usage]
        _openssl("req", "-x509", "-new", "-key", str(self._key), *subject, "-out", str(self.certificate))

    def issue(self, name: str, *alternatives: str) -> Certificate:
        """A certificate for `name`; alternatives are such as DNS:localhost or IP:127.0.0.1."""
        files = [self.directory / f"{name}.{end}" for end in ("pem", "key", "encrypted.key", "csr", "ext")]
        chain, key, encrypted, request, extensions = files
        _openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", str(key))
        _openssl("req", "-new", "-key", str(key), "-subj", f"/CN={name}", "-out", str(request))
        names = f"subjectAltName={','.join(alternatives)}\n" if alternatives else ""
        extensions.write_text(f"{names}extendedKeyUsage=serverAuth,clientAuth\n")
        signer = ["-CA", str(self.certificate), "-CAkey", str(self._key), "-CAcreateserial", "-days", "2"]
        _openssl(
            "x509", "-req", "-in", str(request), *signer, "-extfile", str(extensions), "-out", str(chain)
        )
        cipher = ["-v2", "aes-256-cbc", "-passout", f"pass:{PASSWORD}"]
        _openssl("pkcs8", "-topk8", "-in", str(key), *cipher, "-out", str(encrypted))
        return Certificate(chain, key, encrypted)


def _openssl(*words: str) -> None:
    done = subprocess.run(["openssl", *words], capture_output=True, check=False, timeout=30)
    assert done.returncode == 0, (words, done.stderr.decode(errors="replace"))
