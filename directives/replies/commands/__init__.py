"""Asking bodies for inputs, writing instructions, replying, and settling replies."""

from directives.replies.commands.asking import TEXT_LIMIT, ask_inputs, instruct
from directives.replies.commands.replying import DECISIONS, decide, reply

__all__ = ["DECISIONS", "TEXT_LIMIT", "ask_inputs", "decide", "instruct", "reply"]
