"""Broker configs that Apache Kafka 4.2 knows and that change nothing in Ottla, with the reason why not.

Setting one is warned about by name, so that a server.properties made for Apache Kafka works and nobody
believes in a setting that is not there.
"""

_REASONS = (
    (
        "quotas are not enforced yet",
        """
        alter.log.dirs.replication.quota.window.num alter.log.dirs.replication.quota.window.size.seconds
        client.quota.callback.class controller.quota.window.num controller.quota.window.size.seconds
        quota.window.num quota.window.size.seconds replication.quota.window.num
        replication.quota.window.size.seconds
        """,
    ),
    (
        "a broker here is one process with its own metadata store; brokers do not form a cluster yet",
        """
        broker.heartbeat.interval.ms broker.session.timeout.ms initial.broker.registration.timeout.ms
        inter.broker.listener.name request.timeout.ms security.inter.broker.protocol
        socket.connection.setup.timeout.max.ms socket.connection.setup.timeout.ms
        """,
    ),
    (
        "metadata is not kept by a Raft quorum of controllers, but in the metadata store",
        """
        controller.quorum.append.linger.ms controller.quorum.auto.join.enable
        controller.quorum.bootstrap.servers controller.quorum.election.backoff.max.ms
        controller.quorum.election.timeout.ms controller.quorum.fetch.timeout.ms
        controller.quorum.request.timeout.ms controller.quorum.retry.backoff.ms controller.quorum.voters
        controller.socket.timeout.ms early.start.listeners metadata.log.dir
        metadata.log.max.record.bytes.between.snapshots metadata.log.max.snapshot.interval.ms
        metadata.log.segment.bytes metadata.log.segment.ms metadata.max.idle.interval.ms
        metadata.max.retention.bytes metadata.max.retention.ms process.roles
        """,
    ),
    (
        "connections are neither encrypted nor authenticated yet",
        """
        authorizer.class.name connection.failed.authentication.delay.ms connections.max.reauth.ms
        delegation.token.expiry.check.interval.ms delegation.token.expiry.time.ms
        delegation.token.max.lifetime.ms delegation.token.secret.key principal.builder.class
        sasl.client.callback.handler.class sasl.enabled.mechanisms sasl.jaas.config
        sasl.kerberos.kinit.cmd sasl.kerberos.min.time.before.relogin
        sasl.kerberos.principal.to.local.rules sasl.kerberos.service.name
        sasl.kerberos.ticket.renew.jitter sasl.kerberos.ticket.renew.window.factor
        sasl.login.callback.handler.class sasl.login.class sasl.login.connect.timeout.ms
        sasl.login.read.timeout.ms sasl.login.refresh.buffer.seconds
        sasl.login.refresh.min.period.seconds sasl.login.refresh.window.factor
        sasl.login.refresh.window.jitter sasl.login.retry.backoff.max.ms sasl.login.retry.backoff.ms
        sasl.mechanism.controller.protocol sasl.mechanism.inter.broker.protocol
        sasl.oauthbearer.assertion.algorithm sasl.oauthbearer.assertion.claim.aud
        sasl.oauthbearer.assertion.claim.exp.seconds sasl.oauthbearer.assertion.claim.iss
        sasl.oauthbearer.assertion.claim.jti.include sasl.oauthbearer.assertion.claim.nbf.seconds
        sasl.oauthbearer.assertion.claim.sub sasl.oauthbearer.assertion.file
        sasl.oauthbearer.assertion.private.key.file sasl.oauthbearer.assertion.private.key.passphrase
        sasl.oauthbearer.assertion.template.file sasl.oauthbearer.client.credentials.client.id
        sasl.oauthbearer.client.credentials.client.secret sasl.oauthbearer.clock.skew.seconds
        sasl.oauthbearer.expected.audience sasl.oauthbearer.expected.issuer
        sasl.oauthbearer.jwks.endpoint.refresh.ms sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms
        sasl.oauthbearer.jwks.endpoint.retry.backoff.ms sasl.oauthbearer.jwks.endpoint.url
        sasl.oauthbearer.jwt.retriever.class sasl.oauthbearer.jwt.validator.class sasl.oauthbearer.scope
        sasl.oauthbearer.scope.claim.name sasl.oauthbearer.sub.claim.name
        sasl.oauthbearer.token.endpoint.url sasl.server.callback.handler.class
        sasl.server.max.receive.size security.providers ssl.allow.dn.changes ssl.allow.san.changes
        ssl.cipher.suites ssl.client.auth ssl.enabled.protocols ssl.endpoint.identification.algorithm
        ssl.engine.factory.class ssl.key.password ssl.keymanager.algorithm
        ssl.keystore.certificate.chain ssl.keystore.key ssl.keystore.location ssl.keystore.password
        ssl.keystore.type ssl.principal.mapping.rules ssl.protocol ssl.provider
        ssl.secure.random.implementation ssl.trustmanager.algorithm ssl.truststore.certificates
        ssl.truststore.location ssl.truststore.password ssl.truststore.type
        """,
    ),
    (
        "there is no tiered storage",
        """
        remote.fetch.max.wait.ms remote.list.offsets.request.timeout.ms
        remote.log.index.file.cache.total.size.bytes remote.log.manager.copier.thread.pool.size
        remote.log.manager.copy.max.bytes.per.second remote.log.manager.copy.quota.window.num
        remote.log.manager.copy.quota.window.size.seconds remote.log.manager.expiration.thread.pool.size
        remote.log.manager.fetch.max.bytes.per.second remote.log.manager.fetch.quota.window.num
        remote.log.manager.fetch.quota.window.size.seconds remote.log.manager.follower.thread.pool.size
        remote.log.manager.task.interval.ms remote.log.manager.thread.pool.size
        remote.log.metadata.custom.metadata.max.bytes remote.log.metadata.manager.class.name
        remote.log.metadata.manager.class.path remote.log.metadata.manager.impl.prefix
        remote.log.metadata.manager.listener.name remote.log.reader.max.pending.tasks
        remote.log.reader.threads remote.log.storage.manager.class.name
        remote.log.storage.manager.class.path remote.log.storage.manager.impl.prefix
        remote.log.storage.system.enable
        """,
    ),
    (
        "there are no share groups yet",
        """
        group.share.assignors group.share.delivery.count.limit group.share.heartbeat.interval.ms
        group.share.max.heartbeat.interval.ms group.share.max.record.lock.duration.ms
        group.share.max.session.timeout.ms group.share.max.share.sessions group.share.max.size
        group.share.min.heartbeat.interval.ms group.share.min.record.lock.duration.ms
        group.share.min.session.timeout.ms group.share.partition.max.record.locks
        group.share.record.lock.duration.ms group.share.session.timeout.ms
        share.coordinator.append.linger.ms share.coordinator.load.buffer.size
        share.coordinator.snapshot.update.records.per.snapshot
        share.coordinator.state.topic.compression.codec share.coordinator.state.topic.min.isr
        share.coordinator.state.topic.num.partitions share.coordinator.state.topic.replication.factor
        share.coordinator.state.topic.segment.bytes share.coordinator.threads
        share.coordinator.write.timeout.ms share.fetch.purgatory.purge.interval.requests
        """,
    ),
    (
        "there are no streams groups yet",
        """
        group.streams.heartbeat.interval.ms group.streams.initial.rebalance.delay.ms
        group.streams.max.heartbeat.interval.ms group.streams.max.session.timeout.ms
        group.streams.max.size group.streams.max.standby.replicas
        group.streams.min.heartbeat.interval.ms group.streams.min.session.timeout.ms
        group.streams.num.standby.replicas group.streams.session.timeout.ms
        """,
    ),
    (
        "groups are coordinated on the broker's one event loop, and their records are written at once",
        """
        group.coordinator.append.linger.ms group.coordinator.rebalance.protocols group.coordinator.threads
        offsets.commit.timeout.ms offsets.load.buffer.size offsets.topic.compression.codec
        """,
    ),
    (
        "groups have no configs of their own yet, and these would be their bounds",
        """
        group.consumer.max.heartbeat.interval.ms group.consumer.max.session.timeout.ms
        group.consumer.min.heartbeat.interval.ms group.consumer.min.session.timeout.ms
        """,
    ),
    (
        "transactions are read back in chunks of one size, and two-phase commit (KIP-939) is not served yet",
        """
        transaction.state.log.load.buffer.size transaction.two.phase.commit.enable
        """,
    ),
    (
        "partitions are not replicated yet",
        """
        auto.leader.rebalance.enable controlled.shutdown.enable leader.imbalance.check.interval.seconds
        num.replica.alter.log.dirs.threads num.replica.fetchers replica.fetch.backoff.ms
        replica.fetch.max.bytes replica.fetch.min.bytes replica.fetch.response.max.bytes
        replica.fetch.wait.max.ms replica.high.watermark.checkpoint.interval.ms replica.lag.time.max.ms
        replica.selector.class replica.socket.receive.buffer.bytes replica.socket.timeout.ms
        """,
    ),
    (
        "classes of the Java virtual machine cannot be loaded; metrics are at metrics.listen",
        """
        alter.config.policy.class.name config.providers create.topic.policy.class.name
        kafka.metrics.polling.interval.secs kafka.metrics.reporters metric.reporters metrics.num.samples
        metrics.recording.level metrics.sample.window.ms telemetry.max.bytes
        """,
    ),
    (
        "a broker serves all connections on one event loop, which needs no such setting",
        """
        background.threads delete.records.purgatory.purge.interval.requests
        fetch.purgatory.purge.interval.requests num.io.threads num.network.threads
        producer.purgatory.purge.interval.requests queued.max.requests
        """,
    ),
    (
        "compaction chooses its own buffers and runs at one pace",
        """
        log.cleaner.dedupe.buffer.size log.cleaner.io.buffer.load.factor log.cleaner.io.buffer.size
        log.cleaner.io.max.bytes.per.second log.cleaner.threads
        """,
    ),
    (
        "a log directory that fails stops the broker",
        """
        log.dir.failure.timeout.ms
        """,
    ),
)

WITHOUT_EFFECT = {name: reason for reason, names in _REASONS for name in names.split()}
"""Name to reason."""

LISTENER_PREFIX = "listener.name."
"""Kafka's way to give one listener its own security settings: listener.name.NAME.CONFIG."""


def why_without_effect(name: str) -> str | None:
    """The reason, when Apache Kafka knows this config and Ottla does nothing with it; else None."""
    if name.startswith(LISTENER_PREFIX):
        return WITHOUT_EFFECT["sasl.enabled.mechanisms"]
    return WITHOUT_EFFECT.get(name)
