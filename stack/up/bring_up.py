"""`make up`: from whatever this machine has to a running stack, one line a step."""

from stack import settings
from stack.docker import compose, containers, environment_file, ports
from stack.terminal import Report
from stack.up import image_supply, services
from stack.up.configuration_check import check_configurations
from stack.up.consent import Consent
from stack.up.contact_point import ensure_contact_point
from stack.up.engine import ensure_engine


def bring_up(report: Report) -> bool:
    """Bring the stack up; every step is instant where there is nothing to do. Returns True when Grafana runs too.

    Raises:
        StepError: with what failed, why, and what to do; the next call goes on from there.

    """
    choices = settings.load()
    consent = Consent(choices.install, report)
    ensure_contact_point()
    ensure_engine(report, consent, perhaps=image_supply.perhaps_needed(choices.images))
    if environment_file.ensure_grafana_password():
        report("wrote .env with a generated Grafana password")
    with_grafana = image_supply.ensure_images(choices.images, compose.images_to_pull(), report, consent)
    ports.ensure_free(ports.published(compose.project()), held_by_us=containers.published_ports())
    check_configurations()
    report("configuration files are accepted by their components")
    services.start(report)
    return with_grafana
