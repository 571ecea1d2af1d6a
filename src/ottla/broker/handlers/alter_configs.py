"""AlterConfigs (key 33), versions 0 to 2: a resource gets exactly these configs; all others go back to their
defaults.

Topics, this broker, and all brokers (empty name). Read-only broker configs are refused with
INVALID_REQUEST, bad topic configs with INVALID_CONFIG; what is accepted is durable and in effect when the
reply leaves.

Deviations: broker configs that have no effect here, and unknown ones, are refused with INVALID_CONFIG
instead of being stored. Broker loggers, client metrics and groups have no configs yet: INVALID_REQUEST.
"""

from ottla.broker.call import Call
from ottla.broker.config.broker_config import BrokerConfig
from ottla.broker.config.resources import known_resource
from ottla.broker.config_changes import change_configs
from ottla.cluster.cluster import Cluster
from ottla.cluster.controller.configs import ConfigChange, ResourceChange
from ottla.cluster.controller.decision import Verdict
from ottla.wire.messages.alter_configs import (
    AlterConfigsRequest,
    AlterConfigsResource,
    AlterConfigsResourceResponse,
    AlterConfigsResponse,
)


async def alter_configs(
    cluster: Cluster, config: BrokerConfig, request: AlterConfigsRequest, call: Call
) -> AlterConfigsResponse:
    """One result for each resource."""
    verdicts = await change_configs(
        cluster, config, request.resources, _change, validate_only=request.validate_only
    )
    return AlterConfigsResponse(
        responses=[_response(*pair) for pair in zip(request.resources, verdicts, strict=True)]
    )


def _change(config: BrokerConfig, resource: AlterConfigsResource) -> ResourceChange:
    known = known_resource(config, resource.resource_type, resource.resource_name)
    return ResourceChange(known, [ConfigChange(one.name, one.value) for one in resource.configs], True)


def _response(resource: AlterConfigsResource, verdict: Verdict) -> AlterConfigsResourceResponse:
    return AlterConfigsResourceResponse(
        error_code=verdict.code,
        error_message=verdict.message,
        resource_type=resource.resource_type,
        resource_name=resource.resource_name,
    )
