"""Signing in: from where, how often, with which password and factor, for how long."""
