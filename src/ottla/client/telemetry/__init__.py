"""Spans of OpenTelemetry, where somebody wants them."""
