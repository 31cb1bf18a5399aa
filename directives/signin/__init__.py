"""Signing in: addresses, limits, passwords, second factors, sessions."""
