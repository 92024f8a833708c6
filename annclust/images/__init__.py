"""Images: from a path to pixels.

discovery finds files, scan_plan decides (purely) which need work, decoding turns one file's bytes
into pixels, decode_workers runs decoding in processes that may die without harm. content reads
bytes; formats, color, deep_gray and orientation serve decoding; decode_lane, worker_process,
worker_protocol and decode_worker are what decode_workers consists of.
"""
