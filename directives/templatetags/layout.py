"""A tag that joins the lines of a template."""

import re

from django import template
from django.template.base import NodeList, Parser, TextNode, Token

register = template.Library()

# Chinese text has no blanks between words: a line break before a character would show as one.
# An ideographic space belongs to the text, not to the layout.
PIECES = re.compile(r"(<(?=[/a-z])|>|[ \t]*\n[ \t\n]*)")


class JoinedNode(template.Node):
    """The contents, whose line breaks were removed when the template was compiled."""

    def __init__(self, nodelist: NodeList) -> None:
        self.nodelist = nodelist
        in_tag = False
        for node in nodelist.get_nodes_by_type(TextNode):
            if isinstance(node, TextNode):
                node.s, in_tag = join_lines(node.s, in_tag)

    def render(self, context: template.Context) -> str:
        return self.nodelist.render(context)


def join_lines(text: str, in_tag: bool) -> tuple[str, bool]:
    """Remove line breaks with the blanks around them; within an HTML tag one blank replaces them.

    Returns the text, and whether it ends within a tag.
    """
    pieces = []
    for piece in PIECES.split(text):
        if piece == "<":
            in_tag = True
        elif piece == ">":
            in_tag = False
        elif "\n" in piece:
            piece = " " if in_tag else ""
        pieces.append(piece)
    return "".join(pieces), in_tag


@register.tag
def joined(parser: Parser, token: Token) -> JoinedNode:
    """Join the lines up to `endjoined` without a blank between them.

    For a sentence made of many pieces, each on its own line of the template. Blanks within a line
    stay.
    """
    nodelist = parser.parse(("endjoined",))
    parser.delete_first_token()
    return JoinedNode(nodelist)
