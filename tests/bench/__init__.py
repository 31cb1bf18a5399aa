"""The bench: how long the main pages take beside two bare floors.

It works on a throw-away database of the sample's size.
"""
