"""Pipeline: the way of one photo, stage by stage, over a store.

scanning (paths → contents and vectors) → derived (vectors → index → graph) → grouping (graph →
clusters); querying answers questions. Each function reads, calls one room, and commits; what it
found comes back as a value of reports.
"""
