"""The product's commands.

Most have `requires_system_checks = ()`: `migrate` makes these checks, which take twice as long as
such a command takes to start.
"""
