#!/usr/bin/env python3
"""Asks what stands in for Grafana, whatever the arguments are; ends with an error where nothing answers."""

import http.client

http.client.HTTPConnection("127.0.0.1", 3000, timeout=3).request("GET", "/")
