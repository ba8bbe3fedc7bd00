"""Who speaks: the OpenTelemetry resource that logs, traces and metrics of this process share."""

from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.semconv._incubating.attributes.deployment_attributes import DEPLOYMENT_ENVIRONMENT_NAME
from opentelemetry.semconv._incubating.attributes.service_attributes import SERVICE_NAMESPACE
from opentelemetry.semconv.attributes.service_attributes import SERVICE_NAME, SERVICE_VERSION

from app.core.service_names import NAMESPACE
from app.core.settings import Settings

VERSION = "0.1.0"
DEFAULT_ENVIRONMENT_NAME = "local"


def create_resource(settings: Settings) -> Resource:
    """Describe this process: name, namespace, version, instance and deployment environment.

    OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES win over the defaults given here. The SDK adds
    `service.instance.id`, a random one that stays the same for the life of the process.
    """
    defaults = {
        SERVICE_NAMESPACE: NAMESPACE,
        SERVICE_VERSION: VERSION,
        DEPLOYMENT_ENVIRONMENT_NAME: DEFAULT_ENVIRONMENT_NAME,
    }
    if settings.OTEL_SERVICE_NAME:
        defaults[SERVICE_NAME] = settings.OTEL_SERVICE_NAME
    # Resource.create() prefers what it is given to the environment; OpenTelemetry's specification asks for the
    # opposite, so the environment's attributes are part of what it is given.
    return Resource.create({**defaults, **OTELResourceDetector().detect().attributes})
