"""Grouping: from neighbors to the groups that a person sees: shots, scenes and themes.

One module per step: what surrounds a photo, whether two layouts agree, how strong a link is, which
links make shots, which shots make scenes. Pure: what is stored comes from above.
"""
