"""Storage: the directory NAME.annclust, as docs/format.md promises it.

layout names the files, durable writes them safely, schema and catalog hold all SQL, vector_file the
vectors, generations the derived files; store is the commit order, verify checks every invariant.
"""
