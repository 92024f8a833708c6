"""Purge: which photo of a group to keep, and which not to touch.

keep_best puts the photos of a group in order, by the rules that criteria states (flaws of pictures,
with turns; losses of files) and the words of reasons, on measures of each photo and bars that
framing proves; series finds what only looks like copies: finished panoramas; brackets and sweeps
within runs of time, by shifts. views compares thumbnails for all. All pure, over candidates.
"""
