"""grafana.ini: what Grafana 13.1 would tell or ask other servers by default is off."""

import configparser

import pytest

from stack.paths import ROOT

# By the manual's page "Configure Grafana" and public configurations of 13.x. Grafana passes over a key that it does not
# know.
OFF = {
    ("analytics", "reporting_enabled"): "false",  # usage figures to stats.grafana.org, daily
    ("analytics", "check_for_updates"): "false",  # asks grafana.com for newer versions of itself …
    ("analytics", "check_for_plugin_updates"): "false",  # … and of plugins, every ten minutes
    ("analytics", "feedback_links_enabled"): "false",  # links to forms elsewhere
    ("news", "news_feed_enabled"): "false",  # the browser fetches a feed from grafana.com
    ("security", "disable_gravatar"): "true",  # sends a digest of each user's address to gravatar.com
    ("cloud_migration", "enabled"): "false",  # a page that copies everything to Grafana Cloud
    ("snapshots", "external_enabled"): "false",  # publishes a dashboard's data on another server
    ("public_dashboards", "enabled"): "false",  # … or on this one, without an account
    ("plugins", "preinstall_disabled"): "true",  # downloads apps at each start
    ("plugins", "preinstall_auto_update"): "false",  # … and newer versions of them
    ("plugins", "plugin_admin_enabled"): "false",  # the catalogue, read from grafana.com
    ("plugins", "public_key_retrieval_disabled"): "true",  # keys to check plugins with, from grafana.com
}


@pytest.fixture(scope="module")
def settings() -> configparser.ConfigParser:
    read = configparser.ConfigParser()
    read.read(ROOT / "grafana" / "grafana.ini")
    return read


@pytest.mark.parametrize(("section", "key"), OFF)
def test_speaks_to_nobody_outside(settings: configparser.ConfigParser, section: str, key: str) -> None:
    assert settings[section][key] == OFF[section, key]


def test_asks_for_an_account(settings: configparser.ConfigParser) -> None:
    assert settings["auth.anonymous"]["enabled"] == "false"
    assert settings["users"]["allow_sign_up"] == "false"
