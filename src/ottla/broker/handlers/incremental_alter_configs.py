"""IncrementalAlterConfigs (key 44), versions 0 to 1: set, delete, append to or subtract from single configs
(KIP-339).

APPEND and SUBTRACT are for lists only (INVALID_CONFIG otherwise) and begin at the config's default when the
resource has no value of its own. All changes of a resource are made or none.

Deviations: those of AlterConfigs; an unknown operation is an INVALID_REQUEST, not an UNKNOWN_SERVER_ERROR.
"""

from ottla.broker.call import Call
from ottla.broker.config.broker_config import BrokerConfig
from ottla.broker.config.resources import known_resource
from ottla.broker.config_changes import change_configs
from ottla.cluster.cluster import Cluster
from ottla.cluster.controller.configs import ConfigChange, ResourceChange
from ottla.cluster.controller.decision import Verdict
from ottla.wire.messages.incremental_alter_configs import (
    AlterConfigsResource,
    AlterConfigsResourceResponse,
    IncrementalAlterConfigsRequest,
    IncrementalAlterConfigsResponse,
)


async def incremental_alter_configs(
    cluster: Cluster, config: BrokerConfig, request: IncrementalAlterConfigsRequest, call: Call
) -> IncrementalAlterConfigsResponse:
    """One result for each resource."""
    verdicts = await change_configs(
        cluster, config, request.resources, _change, validate_only=request.validate_only
    )
    return IncrementalAlterConfigsResponse(
        responses=[_response(*pair) for pair in zip(request.resources, verdicts, strict=True)]
    )


def _change(config: BrokerConfig, resource: AlterConfigsResource) -> ResourceChange:
    known = known_resource(config, resource.resource_type, resource.resource_name)
    return ResourceChange(
        known, [ConfigChange(one.name, one.value, one.config_operation) for one in resource.configs]
    )


def _response(resource: AlterConfigsResource, verdict: Verdict) -> AlterConfigsResourceResponse:
    return AlterConfigsResourceResponse(
        error_code=verdict.code,
        error_message=verdict.message,
        resource_type=resource.resource_type,
        resource_name=resource.resource_name,
    )
