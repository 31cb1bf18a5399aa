"""The product's commands.

Most have `requires_system_checks = ()`: `migrate` runs these checks, which take twice as long as
the start of a command.
"""
