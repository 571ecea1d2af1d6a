"""An Apache Kafka with listeners of every kind: TLS, TLS with client certificates, SASL with and without TLS."""

import base64
import json
import time
from pathlib import Path

from tests.support.apache import CLUSTER_ID, ApacheBroker, run_tool
from tests.support.certificates import Authority
from tests.support.process import free_port

USER, SECRET = "alice", "s3cret-pony"
SCRAM = ("SCRAM-SHA-256", "SCRAM-SHA-512")
_LOGIN = "org.apache.kafka.common.security"
_PROTOCOLS = {
    "PLAINTEXT": "PLAINTEXT",
    "TLS": "SSL",
    "MUTUAL": "SSL",
    "ELSEWHERE": "SSL",
    "SASL": "SASL_SSL",
    "BARE": "SASL_PLAINTEXT",
}
REAUTHENTICATE_MS = 1_500


class SecuredBroker(ApacheBroker):
    """`ports` by the listener's name. MUTUAL wants a client certificate; ELSEWHERE shows another host's."""

    def __init__(self, directory: Path, authority: Authority) -> None:
        super().__init__(directory)
        self.authority = authority
        self.ports = {name: free_port() for name in _PROTOCOLS} | {"PLAINTEXT": self.port}
        controller = free_port()
        own = ",".join(f"{name}://127.0.0.1:{port}" for name, port in self.ports.items())
        protocols = ",".join(f"{name}:{protocol}" for name, protocol in _PROTOCOLS.items())
        self.settings = {
            "listeners": f"{own},CONTROLLER://127.0.0.1:{controller}",
            "advertised.listeners": own,
            "controller.quorum.voters": f"1@127.0.0.1:{controller}",
            "listener.security.protocol.map": f"CONTROLLER:PLAINTEXT,{protocols}",
            **self._tls(),
            **_sasl("sasl"),
            **_sasl("bare"),
            f"listener.name.sasl.{SCRAM[0].lower()}.connections.max.reauth.ms": str(REAUTHENTICATE_MS),
        }

    def server(self, listener: str) -> str:
        return f"127.0.0.1:{self.ports[listener]}"

    def format(self, cluster_id: str = CLUSTER_ID) -> None:
        users = [f"--add-scram={name}=[name={USER},password={SECRET}]" for name in SCRAM]
        run_tool("kafka.tools.StorageTool", "format", "-t", cluster_id, "-c", str(self.properties), *users)

    def _tls(self) -> dict[str, str]:
        here = self._store("broker", "DNS:localhost", "IP:127.0.0.1")
        elsewhere = self._store("elsewhere", "DNS:elsewhere.example")
        return {
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(here),
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": str(self.authority.certificate),
            "listener.name.mutual.ssl.client.auth": "required",
            "listener.name.elsewhere.ssl.keystore.type": "PEM",
            "listener.name.elsewhere.ssl.keystore.location": str(elsewhere),
        }

    def _store(self, name: str, *alternatives: str) -> Path:
        store = self.directory / f"{name}.store.pem"
        store.write_text(self.authority.issue(name, *alternatives).both)
        return store


def _sasl(listener: str) -> dict[str, str]:
    prefix = f"listener.name.{listener}"
    token = 'unsecuredLoginStringClaim_sub="broker"'
    return {
        f"{prefix}.sasl.enabled.mechanisms": ",".join(["PLAIN", *SCRAM, "OAUTHBEARER"]),
        f"{prefix}.plain.sasl.jaas.config": (
            f'{_LOGIN}.plain.PlainLoginModule required user_{USER}="{SECRET}";'
        ),
        **{
            f"{prefix}.{name.lower()}.sasl.jaas.config": f"{_LOGIN}.scram.ScramLoginModule required;"
            for name in SCRAM
        },
        f"{prefix}.oauthbearer.sasl.jaas.config": (
            f"{_LOGIN}.oauthbearer.OAuthBearerLoginModule required {token};"
        ),
    }


def unsecured_token(lifetime_s: float = 60.0) -> str:
    """A token that says of itself that nobody signed it, as Kafka takes for trying things out."""
    now = time.time()
    claims = {"sub": USER, "iat": now, "exp": now + lifetime_s}
    parts = [json.dumps(part).encode() for part in ({"alg": "none"}, claims)]
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts) + "."
