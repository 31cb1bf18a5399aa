"""Files taken apart, in a limited process of its own: the standard library only, no Django, nothing written anywhere."""
