"""The bench: how long the main pages take beside two bare floors, on a throw-away database of the sample's size."""
