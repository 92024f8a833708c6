"""Purge: which photo of a group to keep, and which not to touch.

keep_best puts the photos of a group in order, by the rules that criteria states and the words of
reasons; turns finds those that lie on their side; series finds what only looks like copies. All
pure, over candidates.
"""
