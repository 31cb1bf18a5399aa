"""A walk through the product by its forms.

What is written at random, at every address and with every kind of table.
"""
