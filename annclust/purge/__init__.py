"""Purge: which photo of a group to keep, which not to touch, and how the others go and come back.

keep_best puts the photos of a group in order, by the rules that criteria states (flaws of pictures,
with turns; losses of files) and the words of reasons, on measures of each photo and bars that
framing proves; series finds what only looks like copies: finished panoramas; brackets and sweeps
within runs of time, by shifts. views compares thumbnails for all. These are pure, over candidates;
choosing says what becomes of each photo of a group.

planning makes a plan of that, and touches nothing. applying and undoing obey plan and journal:
settling finds out first where an interrupted run left each file, reach whether that can be told,
and file_moves moves. trash is where files go, and trash_bin deletes them.
"""
